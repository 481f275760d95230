// Asks the same as a plain client does, one after the other. The test behind CONTROL is that client; it says when
// there are enough pairs.
import http from 'k6/http';
import { Ollama } from 'k6/x/ollama';

export const options = {
  scenarios: { pairs: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '5m' } },
};

const client = new Ollama({ host: __ENV.HOST, target: 'server' });
const request = JSON.parse(__ENV.REQUEST);

function plain() {
  http.get(`${__ENV.CONTROL}/plain`, { timeout: '2m' });
}

export default async function () {
  for (let i = 0; ; i++) {
    if (i % 2) {
      plain();
    }
    const { ok, error, timings } = await client.generate(request);
    if (!ok) {
      throw new Error(`${error.type}: ${error.message}`);
    }
    if (i % 2 === 0) {
      plain();
    }
    const { duration, ttft, server } = timings;
    const reply = http.post(`${__ENV.CONTROL}/module`, JSON.stringify({ duration, ttft, server: server.total }));
    if (reply.body !== 'more') {
      return;
    }
  }
}
