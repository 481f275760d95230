// What the declarations must accept and what they must refuse: a line below @ts-expect-error that compiles
// is itself an error, so a declaration that became too loose fails here.
import ollama, { Ollama, report } from 'k6/x/ollama';

const client = new Ollama({
  host: '127.0.0.1:11434',
  model: 'tiny',
  target: 'local',
  headers: { 'X-Team': 'perf' },
  apiKey: 'secret',
  timeout: { connect: '2s', firstToken: '30s', idle: 5000, total: '2m' },
  slo: { ttft: 800, tpot: 50, duration: 5000 },
  tags: { stage: 'ci' },
  throw: false,
});

export default async function (): Promise<void> {
  const answer = await client.generate({
    prompt: 'Why is the sky blue?',
    options: { num_predict: 16, temperature: 0 },
    onChunk: (chunk) => console.log(chunk.response),
  });
  const firstToken: number | undefined = answer.timings.ttft;
  const text: string = answer.text;
  console.log(firstToken, text, answer.ok, answer.status, answer.target, answer.timings.server?.queue);

  const reply = await ollama.chat({ model: 'tiny', messages: [{ role: 'user', content: 'Hi' }] });
  console.log(reply.message?.content);
  await Promise.all([client.list(), client.ps(), client.version(), client.show({ model: 'tiny' })]);

  // @ts-expect-error a missing token time is undefined, never 0
  const certain: number = answer.timings.ttft;
  // @ts-expect-error a successful answer has no error to read
  console.log(certain, answer.error.message);
  // @ts-expect-error no such method
  await client.generat({ prompt: 'x' });
  // @ts-expect-error a request is an object
  await client.generate('Why is the sky blue?');
  // @ts-expect-error a message has a role
  await client.chat({ messages: [{ content: 'Hi' }] });
  await client.list({}, { timeout: '5s' });
  // @ts-expect-error params come second
  await client.list({ timeout: '5s' });
  // @ts-expect-error a prompt is a text
  await client.generate({ prompt: 42 });
}

// @ts-expect-error no such option
new Ollama({ hots: '127.0.0.1' });
// @ts-expect-error no such timeout
new Ollama({ timeout: { firstTokn: '1s' } });
// @ts-expect-error objectives are in milliseconds
new Ollama({ slo: { ttft: '800ms' } });

export function handleSummary(data: object): Record<string, string | ArrayBuffer> {
  return report(data, { locale: 'ko' });
}

// @ts-expect-error no such language
report({}, { locale: 'tlh' });
