// Makes calls with the npm package `ollama` and prints the shape of what comes back.
// Arguments: `calls URL`, or `faults NAME=URL…`.
import { Ollama } from 'ollama';

const user = { model: 'tiny', messages: [{ role: 'user', content: 'the calm sea' }] };
const prompt = { model: 'tiny', prompt: 'the calm sea' };
const few = { options: { temperature: 0, num_predict: 5 } };

function outcome(error) {
  if (!error) return 'no error';
  if (error.status_code) return `${error.name} ${error.status_code}: ${error.error}`;
  if (error.cause?.code) return 'the connection broke'; // under one of two codes, as it happens
  return `${error.name}: ${error.message.slice(0, 40)}`;
}

// The names of the fields that are there, in order; text only by whether it is empty.
function shape(chunk) {
  return Object.entries(chunk)
    .map(([name, value]) => {
      if (name === 'message') return `message(${shape(value)})`;
      if (name === 'model' || name.startsWith('done')) return `${name}=${value}`;
      if (value === '') return `${name}=""`;
      return name;
    })
    .join(' ');
}

function print(name, lines, error) {
  console.log(`${name}: ${lines.length} lines, ${outcome(error)}`);
  for (let i = 0; i < lines.length; ) {
    let n = 1;
    while (lines[i + n] === lines[i]) n++;
    console.log(`  ${n} × ${lines[i]}`);
    i += n;
  }
}

async function run(name, call) {
  const lines = [];
  try {
    const answer = await call();
    if (answer[Symbol.asyncIterator]) for await (const chunk of answer) lines.push(shape(chunk));
    else lines.push(shape(answer));
  } catch (error) {
    print(name, lines, error);
    return;
  }
  print(name, lines);
}

async function calls(host) {
  const client = new Ollama({ host });
  const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }];
  await run('generate, unload', () => client.generate({ model: 'tiny', keep_alive: 0 }));
  await run('generate, preload', () => client.generate({ model: 'tiny' }));
  await run('generate, stream', () => client.generate({ ...prompt, ...few, stream: true }));
  await run('generate, no stream', () => client.generate({ ...prompt, ...few }));
  await run('generate, raw', () => client.generate({ ...prompt, ...few, raw: true, stream: true }));
  await run('generate, one token', () => client.generate({ ...prompt, options: { temperature: 0, num_predict: 1 } }));
  await run('generate, unknown model', () => client.generate({ ...prompt, model: 'nope', stream: true }));
  await run('generate, no model', () => client.generate({ prompt: 'x' }));
  await run('generate, bad option', () => client.generate({ ...prompt, options: { num_predict: 'x' } }));
  await run('generate, bad format', () => client.generate({ ...prompt, format: 'xml', stream: true }));
  await run('generate, no thinking', () => client.generate({ ...prompt, think: true }));
  await run('chat, stream', () => client.chat({ ...user, ...few, stream: true }));
  await run('chat, no stream', () => client.chat({ ...user, ...few }));
  await run('chat, unknown model', () => client.chat({ ...user, model: 'nope' }));
  await run('chat, no tools', () => client.chat({ ...user, tools }));
  await run('embed', () => client.embed({ model: 'tiny', input: ['the sea', 'the hill'] }));
  await run('embed, unknown model', () => client.embed({ model: 'nope', input: 'x' }));
  await run('embeddings', () => client.embeddings({ model: 'tiny', prompt: 'the sea' }));
  await run('show', async () => {
    const { modelfile, template, details, model_info: info, capabilities, modified_at: at } = await client.show({ model: 'tiny' });
    return { modelfile, template, details, info, capabilities, at };
  });
  await run('show, unknown model', () => client.show({ model: 'nope' }));
  await run('list', async () => (await client.list()).models.find((m) => m.name === 'tiny:latest'));
  await run('ps', async () => (await client.ps()).models[0]);
  await run('version', () => client.version());
  await run('leave', async () => {
    const stream = await client.generate({ ...prompt, options: { temperature: 0, num_predict: 200 }, stream: true });
    setImmediate(() => stream.abort());
    return { [Symbol.asyncIterator]: async function* () { for await (const _ of stream); } };
  });
  await run('after leaving', () => client.generate({ ...prompt, options: { temperature: 0, num_predict: 2 } }));
}

async function faults(servers) {
  for (const server of servers) {
    const [name, host] = server.split('=');
    if (name === 'works' || name === 'ready') continue;
    const client = new Ollama({ host });
    await run(`${name}, generate`, () => client.generate({ ...prompt, ...few, stream: true }));
    await run(`${name}, no stream`, () => client.generate({ ...prompt, ...few }));
  }
}

const [mode, ...rest] = process.argv.slice(2);
await (mode === 'calls' ? calls(rest[0]) : faults(rest));
