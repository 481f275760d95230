// An open load: requests start when their time has come, whether or not earlier ones are
// through, as those of many independent users do. `scheduledAt` says when a request was
// meant to start; if k6 had no free VU in time, `ollama_schedule_delay` shows by how much
// it was late, which the other times do not.
//
//   RATE=2 k6 run examples/arrival-rate.js
import exec from 'k6/execution';
import { Ollama } from 'k6/x/ollama';

const ollama = new Ollama({ model: __ENV.MODEL || 'llama3.2:1b' });
const rate = Number(__ENV.RATE || 2);

export const options = {
  scenarios: {
    users: {
      executor: 'constant-arrival-rate',
      rate, // requests per second
      duration: __ENV.DURATION || '5s',
      preAllocatedVUs: 4,
      maxVUs: 20,
    },
  },
};

export default async function () {
  const { startTime, iterationInTest } = exec.scenario;
  const scheduledAt = startTime + (iterationInTest * 1000) / rate;

  const res = await ollama.generate({ prompt: 'Say hello.', options: { num_predict: 8 } }, { scheduledAt });

  console.log(`request ${iterationInTest} started ${res.timings.scheduleDelay} ms late`);
}
