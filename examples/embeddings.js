// Vectors of several texts in one request, and how alike two of them are.
//
//   MODEL=nomic-embed-text k6 run examples/embeddings.js
import { check } from 'k6';
import { Ollama } from 'k6/x/ollama';

const ollama = new Ollama({ model: __ENV.MODEL || 'nomic-embed-text' });

export default async function () {
  const res = await ollama.embed({ input: ['The cat sat on the mat.', 'A cat was sitting on a rug.'] });

  if (!check(res, { embedded: (r) => r.ok })) {
    return;
  }
  const [a, b] = res.embeddings;
  console.log(`${res.embeddings.length} vectors of ${a.length} numbers in ${res.timings.duration} ms`);
  console.log(`cosine similarity: ${cosine(a, b)}`);
}

function cosine(a, b) {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
