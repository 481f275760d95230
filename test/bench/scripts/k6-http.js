// k6's own k6/http: it reads an answer to its end, and its `waiting` is the nearest thing to a TTFT.
import http from 'k6/http';

const { URL, STREAMS, ONE_VU, ROUNDS, TOKENS, LOG } = __ENV;
const inOneVU = ONE_VU === 'true';

export const options = {
  scenarios: {
    bench: {
      executor: 'per-vu-iterations',
      vus: inOneVU ? 1 : Number(STREAMS),
      iterations: Math.max(Number(ROUNDS), 1),
      maxDuration: '10m',
    },
  },
  batchPerHost: Number(STREAMS), // how many connections a VU keeps
  batch: Number(STREAMS),
};

const body = JSON.stringify({
  model: 'llama3.2:1b',
  prompt: 'Why is the sky blue?',
  options: { num_predict: Number(TOKENS) },
});
const params = { headers: { 'Content-Type': 'application/json' }, timeout: '10m' };

async function ask() {
  const res = await http.asyncRequest('POST', `${URL}/api/generate`, body, params);
  if (res.status !== 200) {
    throw new Error(`status ${res.status}: ${res.error}`);
  }
  if (LOG === 'true') {
    const [id] = JSON.parse(res.body.slice(res.body.lastIndexOf('\n', res.body.length - 2))).context;
    console.log(JSON.stringify({ id, ttft: res.timings.waiting, e2e: res.timings.duration }));
  }
}

export default async function () {
  if (ROUNDS !== '0') {
    await Promise.all(Array.from({ length: inOneVU ? Number(STREAMS) : 1 }, ask));
  }
}
