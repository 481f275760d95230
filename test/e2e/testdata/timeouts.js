// One request for each kind of time-out, each to the path where the server of the test stalls in that way.
import { Ollama, report } from 'k6/x/ollama';

export const options = {
  scenarios: { timeouts: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '1m' } },
};

const timeouts = JSON.parse(__ENV.TIMEOUTS);
const clients = Object.keys(timeouts).map(
  (target) => new Ollama({ host: `${__ENV.HOST}/${target}`, target, timeout: timeouts[target] }),
);

export default async function () {
  const request = { model: __ENV.MODEL, prompt: 'Hello', options: { temperature: 0, num_predict: 64 } };
  await Promise.all(clients.map((client) => client.generate(request)));
}

export function handleSummary(data) {
  return report(data, { out: __ENV.OUT, locale: 'en' });
}
