// Thresholds make a test pass or fail: k6 exits with 99 if one is missed. Those with a
// tag in braces look at the requests with that tag only, here at each server by itself.
//
//   OLLAMA_HOST=127.0.0.1:11434 REMOTE_HOST=gpu-box:11434 k6 run examples/thresholds.js
import { Ollama } from 'k6/x/ollama';

const model = __ENV.MODEL || 'llama3.2:1b';
const local = new Ollama({ model, target: 'local' });
const remote = new Ollama({ model, target: 'remote', host: __ENV.REMOTE_HOST }); // if not set: OLLAMA_HOST

export const options = {
  iterations: 3,
  thresholds: {
    ollama_req_failed: ['rate==0'],
    'ollama_ttft{target:local}': ['p(95)<30000'],
    'ollama_ttft{target:remote}': ['p(95)<30000'],
    'ollama_req_duration{target:remote}': ['avg<60000', 'max<120000'],
    // An empty list sets no limit; it makes k6's summary show these requests by themselves.
    'ollama_tpot{target:local}': [],
    'ollama_tpot{target:remote}': [],
  },
};

export default async function () {
  for (const server of [local, remote]) {
    await server.generate({ prompt: 'Name three colours.', options: { num_predict: 32 } });
  }
}
