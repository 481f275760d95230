// What the nth iteration of a target's scenario does: its model, and whether it is one of
// the warm-up requests or which of the measured ones it is.
export function planFor(bench, iteration) {
  const perModel = bench.warmup + bench.numRequests;
  const index = iteration % perModel;
  return {
    model: bench.models[Math.floor(iteration / perModel)],
    phase: index < bench.warmup ? 'warmup' : 'measure',
    number: index - bench.warmup + 1, // 1 to numRequests; warm-ups count down to 0
  };
}

// Thresholds that fail the run if every request of a target for a model failed.
export function thresholdsFor(bench) {
  const thresholds = {};
  for (const { name } of bench.targets) {
    for (const model of bench.models) {
      thresholds[`ollama_req_failed{target:${name},model:${model},phase:measure}`] = ['rate<1'];
    }
  }
  return thresholds;
}

// A scenario for each target. One VU keeps one request in flight; who goes when is for
// bench.turn() to say.
export function scenariosFor(bench) {
  const iterations = bench.models.length * (bench.warmup + bench.numRequests);
  const scenarios = {};
  for (const { name } of bench.targets) {
    scenarios[name] = {
      executor: 'per-vu-iterations',
      vus: 1,
      iterations,
      maxDuration: bench.maxDuration,
      gracefulStop: '0s',
      exec: 'ask',
      env: { TARGET: name },
    };
  }
  return scenarios;
}
