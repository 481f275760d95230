// This extension, streaming.
import { Ollama, report } from 'k6/x/ollama';

const { URL, STREAMS, ONE_VU, ROUNDS, TOKENS, LOG, OUT } = __ENV;
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

const client = new Ollama({ host: URL, model: 'llama3.2:1b' });
const request = { prompt: 'Why is the sky blue?', options: { num_predict: Number(TOKENS) } };

async function ask() {
  const res = await client.generate(request);
  if (!res.ok) {
    throw new Error(JSON.stringify(res.error));
  }
  if (LOG === 'true') {
    const { startedAt, ttft, duration } = res.timings;
    console.log(JSON.stringify({ id: res.context[0], startedAt, ttft, e2e: duration }));
  }
}

export default async function () {
  if (ROUNDS !== '0') {
    await Promise.all(Array.from({ length: inOneVU ? Number(STREAMS) : 1 }, ask));
  }
}

// The report's files have the time of every token. Without one k6 prints its own summary.
export const handleSummary = OUT ? (data) => report(data, { out: OUT }) : undefined;
