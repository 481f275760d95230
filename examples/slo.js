// Goodput: the share of requests that met every objective. A request that is fast to
// begin and slow to go on is no good, and neither is one that failed.
//
//   k6 run examples/slo.js
import { Ollama } from 'k6/x/ollama';

const ollama = new Ollama({
  model: __ENV.MODEL || 'llama3.2:1b',
  slo: { ttft: 30000, tpot: 500, duration: 60000 }, // ms
});

export const options = {
  vus: 2,
  iterations: 6,
  thresholds: {
    ollama_goodput: ['rate>=0.95'],
  },
};

export default async function () {
  await ollama.generate({ prompt: 'Tell me something about rivers.', options: { num_predict: 32 } });
}
