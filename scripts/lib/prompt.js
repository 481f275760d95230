import { md5 } from 'k6/crypto';

// The prompt of one pair of requests: the same for every target, so that they do the
// same work.
//
// With CACHE=cold it is unique from its first word on. A server keeps the processed
// beginning of recent prompts; a prompt that begins like an earlier one would measure
// that cache instead of the model.
export function promptFor(bench, run, model, number) {
  if (bench.cache !== 'cold') {
    return bench.prompt;
  }
  return `${md5(`${run} ${model} ${number}`, 'hex').slice(0, 8)} ${bench.prompt}`;
}

// A name for this run that no other run has, so that a later run finds no prompt of this
// one in a server's cache.
export function newRun() {
  return `${Date.now()}-${Math.random()}`;
}
