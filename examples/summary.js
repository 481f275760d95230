// A summary of one's own. report() compares the targets and returns k6's { path: content }
// map: the text for the terminal and, with `out`, the files that docs/results.md describes
// in that directory. More entries can join it.
//
//   OUT=results k6 run examples/summary.js
import { Ollama, report } from 'k6/x/ollama';

const model = __ENV.MODEL || 'llama3.2:1b';
const out = __ENV.OUT || 'results';
const local = new Ollama({ model, target: 'local' });
const remote = new Ollama({ model, target: 'remote', host: __ENV.REMOTE_HOST }); // if not set: OLLAMA_HOST

export const options = { iterations: 4 };

export default async function () {
  for (const server of [local, remote]) {
    await server.generate({ prompt: 'Name a river.', options: { num_predict: 16 } });
  }
}

export function handleSummary(data) {
  const files = report(data, { out, locale: 'en' });
  const ttft = data.metrics.ollama_ttft; // not there if no request got a token
  if (ttft) {
    files[`${out}/ttft.csv`] = `med,p95\n${ttft.values.med},${ttft.values['p(95)']}\n`;
  }
  return files;
}
