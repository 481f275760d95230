// The model may call a function: it answers with tool_calls, the script runs them and
// sends back what they returned.
//
//   k6 run examples/tools.js
import { check } from 'k6';
import { Ollama } from 'k6/x/ollama';

const ollama = new Ollama({ model: __ENV.MODEL || 'llama3.2:1b' });

const tools = [
  {
    type: 'function',
    function: {
      name: 'temperature',
      description: 'The temperature in a city, in °C.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

export default async function () {
  /** @type {import('k6/x/ollama').Message[]} */
  const messages = [{ role: 'user', content: 'How warm is it in Seoul?' }];
  const options = { num_predict: 64 };

  const question = await ollama.chat({ messages, tools, options });
  check(question, { answered: (r) => r.ok });
  const calls = question.message?.tool_calls ?? [];
  if (calls.length === 0) {
    console.log(`no call, but an answer: ${question.text}`);
    return;
  }

  messages.push(question.message);
  for (const { function: call } of calls) {
    console.log(`calls ${call.name}(${JSON.stringify(call.arguments)}) after ${question.timings.ttft} ms`);
    messages.push({ role: 'tool', tool_name: call.name, content: '21 °C' });
  }
  const answer = await ollama.chat({ messages, tools, options });
  check(answer, { answered: (r) => r.ok });
  console.log(`answer: ${answer.text}`);
}
