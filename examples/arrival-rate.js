// An open load: requests start when their time has come, whether or not earlier ones are
// through, as those of many independent users do. `scheduledAt` says when a request was
// meant to start; `ollama_schedule_delay` shows how much later it went out, which the other
// times do not: it waited for a connection, for the option `rps`, or for a busy machine.
//
// A request for which k6 has no free VU is not late but dropped. The figures would be those
// of a lesser load, so the test fails.
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
      preAllocatedVUs: 20, // the most requests in flight
    },
  },
  thresholds: {
    dropped_iterations: ['count==0'],
  },
};

export default async function () {
  const { startTime, iterationInTest } = exec.scenario;
  const interval = 1000 / rate;
  // The nearest time on the schedule: k6 drops a request rather than start it late.
  // iterationInTest would not tell, since dropped iterations have no number.
  const scheduledAt = startTime + Math.round((Date.now() - startTime) / interval) * interval;

  const res = await ollama.generate({ prompt: 'Say hello.', options: { num_predict: 8 } }, { scheduledAt });

  console.log(`request ${iterationInTest} started ${res.timings.scheduleDelay} ms late`);
}
