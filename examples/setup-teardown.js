// setup() looks at the server and loads the model, so that no request of the test has to
// wait for that; teardown() gives the memory back.
//
//   k6 run examples/setup-teardown.js
import exec from 'k6/execution';
import { Ollama } from 'k6/x/ollama';

const model = __ENV.MODEL || 'llama3.2:1b';
const ollama = new Ollama({ model });

export const options = { iterations: 3 };

export async function setup() {
  const { version } = await ollama.version();
  const { models } = await ollama.list();
  console.log(`Ollama ${version} has ${models.map((m) => m.name).join(', ') || 'no models'}`);

  const loaded = await ollama.load({ keep_alive: '10m' });
  if (!loaded.ok) {
    exec.test.abort(`can't load ${model}: ${loaded.error?.message}`);
  }
  console.log(`loaded ${model} in ${loaded.timings.duration} ms`);
}

export default async function () {
  const res = await ollama.generate({ prompt: 'Why is the sky blue?', options: { num_predict: 32 } });
  console.log(`${res.timings.duration} ms, loaded for this request: ${res.cold}`);
}

export async function teardown() {
  const { models } = await ollama.ps();
  for (const { name, size, size_vram } of models) {
    console.log(`in memory: ${name}, ${size} bytes, ${size_vram} of them on a GPU`);
  }
  const unloaded = await ollama.unload();
  console.log(`unloaded ${model}: ${unloaded.ok}`);
}
