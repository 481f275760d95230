import { md5 } from 'k6/crypto';

// The prompt of one pair of requests: the same for every target, so that they do the
// same work.
//
// With CACHE=cold it is unique from its first word on. A server keeps the processed
// beginning of recent prompts; a prompt that begins like an earlier one would measure
// that cache instead of the model. The name of the run is part of it, so that a later run
// finds nothing of this one.
export function promptFor(bench, model, number) {
  if (bench.cache !== 'cold') {
    return bench.prompt;
  }
  return `${md5(`${bench.run} ${model} ${number}`, 'hex').slice(0, 8)} ${bench.prompt}`;
}
