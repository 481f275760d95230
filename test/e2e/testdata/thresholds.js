// The bundled benchmark with thresholds, and k6's own metrics beside the results.
import * as benchmark from '../../../scripts/benchmark.js';

export { setup, ask, teardown } from '../../../scripts/benchmark.js';

export const options = Object.assign({}, benchmark.options, { thresholds: JSON.parse(__ENV.THRESHOLDS) });

export function handleSummary(data) {
  const content = benchmark.handleSummary(data);
  content[`${__ENV.OUT}/k6.json`] = JSON.stringify(data.metrics);
  return content;
}
