// onChunk sees each piece of the answer when it comes, as Ollama sent it.
//
// What the script does in it takes time from the script only: tokens are timed before
// it is called.
//
//   k6 run examples/on-chunk.js
import { check } from 'k6';
import { Ollama } from 'k6/x/ollama';

const ollama = new Ollama({ model: __ENV.MODEL || 'llama3.2:1b' });

export default async function () {
  const pieces = [];

  const res = await ollama.generate({
    prompt: 'Count from 1 to 10.',
    options: { num_predict: 32 },
    onChunk: (chunk) => {
      if (chunk.done) {
        console.log(`done: ${chunk.done_reason}`);
      } else {
        pieces.push(chunk.response);
      }
    },
  });

  check(res, { 'the pieces are the answer': (r) => r.ok && pieces.join('') === r.text });
  console.log(`${pieces.length} pieces: ${pieces.join('|')}`);
}
