// Downloads a model before the test; onChunk sees the progress. A model that is there is
// only checked.
//
//   MODEL=all-minilm k6 run examples/pull.js
import exec from 'k6/execution';
import { Ollama } from 'k6/x/ollama';

const model = __ENV.MODEL || 'llama3.2:1b';
const ollama = new Ollama({ model });

export const options = { setupTimeout: '30m' };

export async function setup() {
  let shown = '';
  const pulled = await ollama.pull(
    {
      onChunk: ({ status, completed, total }) => {
        const percent = completed && total ? ` ${Math.floor((10 * completed) / total) * 10} %` : '';
        if (status + percent !== shown) {
          shown = status + percent;
          console.log(shown);
        }
      },
    },
    { timeout: '30m' },
  );
  if (!pulled.ok) {
    exec.test.abort(`can't pull ${model}: ${pulled.error?.message}`);
  }
}

export default async function () {
  const res = await ollama.generate({ prompt: 'Hello', options: { num_predict: 16 } });
  console.log(`answer: ${res.text}`);
}
