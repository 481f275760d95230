// Which Ollama server is faster: the local or the remote one?
//
//   k6 run -e REMOTE_ENDPOINT=http://203.0.113.10:11434 -e MODEL=llama3.2:1b scripts/benchmark.js
//   k6 run -e SIMULATE=true scripts/benchmark.js
//
// The settings are those of `k6 x ollama bench --help`, as environment variables.
import exec from 'k6/execution';
import { Ollama, benchmark, report } from 'k6/x/ollama';
import { planFor, scenariosFor, thresholdsFor } from './lib/plan.js';
import { promptFor } from './lib/prompt.js';

const bench = benchmark(__ENV, open);

export const options = {
  scenarios: scenariosFor(bench),
  thresholds: thresholdsFor(bench),
  setupTimeout: '5m',
};

// For questions that a server answers at once.
const soon = { timeout: '10s' };

const clients = {};
for (const { name, host } of bench.targets) {
  clients[name] = new Ollama({ host, target: name, timeout: bench.timeout });
}

// Asks each server what it is. A server that does not answer is no reason to stop: its
// requests will fail, be counted, and be explained in the summary.
export async function setup() {
  const inquiries = [];
  for (const client of Object.values(clients)) {
    inquiries.push(client.version({}, soon), client.list({}, soon));
    inquiries.push(...bench.models.map((model) => client.show({ model }, soon)));
  }
  await Promise.all(inquiries);
}

// One request of one target.
export async function ask() {
  const target = __ENV.TARGET;
  const { model, phase, number } = planFor(bench, exec.scenario.iterationInTest);
  const pass = await bench.turn(target);
  if (number === 1) {
    console.log(bench.begin(target, model));
  }
  const result = await clients[target].generate(
    {
      model,
      prompt: promptFor(bench, model, number),
      stream: bench.stream,
      options: { seed: 42, temperature: 0, num_predict: bench.numPredict },
    },
    { phase },
  );
  if (phase === 'measure') {
    console.log(bench.line(result, number));
  }
  if (number === bench.numRequests) {
    await clients[target].ps({}, soon); // how the model was loaded
  }
  pass(); // had it not come this far, the next turn() or the end of the VU would pass
}

// Asks once more what is loaded, now that nothing is running: two targets that tell the
// same are one server.
export async function teardown() {
  await Promise.all(Object.values(clients).map((client) => client.ps({}, soon)));
  bench.finish();
}

export function handleSummary(data) {
  return report(data, { out: bench.out, locale: bench.locale });
}
