#!/usr/bin/env bash
# The programs that the files of a report are for read them: benchstat, an XSD validator with the
# schemas of Ant and Jenkins, a second JSON Schema validator, and a CSV reader. They read the files
# of runs of two simulated servers and of one that nobody serves, and the golden files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export K6_NO_USAGE_REPORT=true K6_AUTO_EXTENSION_RESOLUTION=false

npm ci --ignore-scripts --no-progress
go build -C ../.. -o "$work/k6" ./cmd/k6
bench() { # bench OUT FLAGS…
  "$work/k6" x ollama bench --num-predict 8 --out "$work/$1" "${@:2}" >"$work/$1.log" 2>&1
}
bench base --simulate -n 12
bench new --simulate -n 12
# Nobody listens at port 1, so that every request fails, and k6 marks the test as failed.
status=0
bench failed --only-local --local-endpoint http://127.0.0.1:1 -n 3 || status=$?
[ $status = 110 ] || { cat "$work/failed.log"; echo "run.sh: bench of no server ended with $status" >&2; exit 1; }
"$work/k6" x ollama compare "$work/base" "$work/new" --format json --junit "$work/gates.xml" \
  --fail-if 'success_rate<99%' --fail-if 'duration.med>+1000%' --fail-if 'ttft.med>+1000%' \
  --fail-if 'tokens_per_second.med<-90%' >"$work/changes.json"

WORK=$work BENCHSTAT=../../build/tools/benchstat npm test
