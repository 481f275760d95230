// Several requests in flight in one VU. How many a server really works on at once is up
// to its OLLAMA_NUM_PARALLEL; the others wait, which `timings.server.queue` shows.
//
//   k6 run examples/concurrent.js
import { check } from 'k6';
import { Ollama } from 'k6/x/ollama';

const ollama = new Ollama({ model: __ENV.MODEL || 'llama3.2:1b' });

export default async function () {
  const topics = ['the sea', 'the wind', 'a stone', 'the moon'];

  const started = Date.now();
  const answers = await Promise.all(
    topics.map((topic) => ollama.generate({ prompt: `One line about ${topic}.`, options: { num_predict: 32 } })),
  );
  const took = Date.now() - started;

  for (const [i, res] of answers.entries()) {
    check(res, { answered: (r) => r.ok });
    console.log(`${topics[i]}: ${res.timings.duration} ms, of which ${res.timings.server.queue} ms waiting`);
  }
  console.log(`all ${answers.length} together: ${took} ms`);
}
