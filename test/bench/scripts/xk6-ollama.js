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

async function ask(_, number) {
  const stream = LOG === 'true' ? `${__VU}-${__ITER}-${number}` : undefined; // by which its samples are found
  const res = await client.generate(request, stream ? { tags: { stream } } : undefined);
  if (!res.ok) {
    throw new Error(JSON.stringify(res.error));
  }
  if (LOG === 'true') {
    console.log(JSON.stringify({ id: res.context[0], stream, ttft: res.timings.ttft, e2e: res.timings.duration }));
  }
}

export default async function () {
  if (ROUNDS !== '0') {
    await Promise.all(Array.from({ length: inOneVU ? Number(STREAMS) : 1 }, ask));
  }
}

export function handleSummary(data) {
  return OUT ? report(data, { out: OUT }) : {};
}
