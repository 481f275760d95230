// A conversation of two turns: the second question needs the first answer.
//
//   k6 run examples/chat.js
import { check } from 'k6';
import { Ollama } from 'k6/x/ollama';

const ollama = new Ollama({ model: __ENV.MODEL || 'llama3.2:1b' });

export default async function () {
  const messages = [
    { role: 'system', content: 'You answer in one short sentence.' },
    { role: 'user', content: 'Name a planet.' },
  ];
  const options = { num_predict: 64 };

  const first = await ollama.chat({ messages, options });
  messages.push(first.message, { role: 'user', content: 'How far is it from the sun?' });
  const second = await ollama.chat({ messages, options });

  check(second, { 'answered twice': (r) => first.ok && r.ok });
  console.log(`first answer: ${first.text}`);
  console.log(`second answer: ${second.text}`);
}
