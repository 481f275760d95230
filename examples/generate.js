// One prompt, one answer, and how long it took.
//
//   k6 run examples/generate.js
//   OLLAMA_HOST=gpu-box:11434 MODEL=qwen3:0.6b k6 run examples/generate.js
//
// A client that is given no host uses OLLAMA_HOST, else http://127.0.0.1:11434.
import { check } from 'k6';
import { Ollama } from 'k6/x/ollama';

const ollama = new Ollama({ model: __ENV.MODEL || 'llama3.2:1b' });

export default async function () {
  const res = await ollama.generate({
    prompt: 'Why is the sky blue? Answer in one sentence.',
    options: { num_predict: 64, temperature: 0, seed: 42 },
  });

  if (!check(res, { answered: (r) => r.ok })) {
    console.error(`${res.error?.type}: ${res.error?.message}`);
    return;
  }
  console.log(`answer: ${res.text}`);
  console.log(`first token after ${res.timings.ttft} ms, ${res.eval_count} tokens in ${res.timings.duration} ms`);
}
