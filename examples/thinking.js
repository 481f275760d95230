// A model that thinks before it answers has two first tokens: the first of its thoughts
// (ttft) and the first of its answer (ttfo). People wait for the second.
//
//   MODEL=qwen3:0.6b k6 run examples/thinking.js
import { check } from 'k6';
import { Ollama } from 'k6/x/ollama';

const ollama = new Ollama({ model: __ENV.MODEL || 'deepseek-r1:1.5b' });

export default async function () {
  const res = await ollama.generate({
    prompt: 'What is 17 times 3?',
    think: true, // a model that can't think answers with an error
    options: { num_predict: 256 },
  });

  check(res, { answered: (r) => r.ok });
  console.log(`thought: ${res.thinking}`);
  console.log(`answer: ${res.text}`);
  console.log(`began to think after ${res.timings.ttft} ms, to answer after ${res.timings.ttfo} ms`);
}
