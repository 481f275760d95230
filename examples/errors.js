// A request that fails is a result with `ok: false`, so that a test goes on and counts
// it. With `throw: true` it rejects instead. A wrong argument always throws.
//
//   k6 run examples/errors.js
import { Ollama } from 'k6/x/ollama';

const ollama = new Ollama({ model: __ENV.MODEL || 'llama3.2:1b' });
const nobody = new Ollama({ host: '127.0.0.1:1', model: 'any' });

export default async function () {
  const missing = await ollama.generate({ model: 'no-such-model', prompt: 'Hello' });
  if (!missing.ok) {
    console.log(`${missing.error?.type}, status ${missing.error?.status}: ${missing.error?.message}`);
  }

  const slow = await ollama.generate({ prompt: 'Hello' }, { timeout: { firstToken: '1ms' } });
  console.log(`${slow.error?.type}: ${slow.error?.message}`);

  try {
    await nobody.generate({ prompt: 'Hello' }, { throw: true });
  } catch (error) {
    console.log(`thrown: ${error.type}, status ${error.status}`);
  }

  try {
    // @ts-expect-error: TypeScript finds it, too
    await ollama.generate({ prompt: 'Hello' }, { timout: '5s' });
  } catch (error) {
    console.log(`${error.name}: ${error.message}`);
  }
}
