#!/usr/bin/env bash
# Other clients against the simulator: Ollama's own Go client, the npm package `ollama`, curl.
# expected/*.calls.txt is what they see from a real Ollama 0.17.4, and expected/*.faults.txt what
# they make of servers that fail. Exits 1 on any difference.
#
#   run.sh               simulator; with OLLAMA_HOST_REAL=URL also a real server (models: tiny)
#   run.sh --update      writes expected/*.calls.txt from OLLAMA_HOST_REAL, *.faults.txt from the simulator
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
update=${1-}
failed=0

go build -C ../.. -o "$work/serve" ./test/clients/serve
go build -C go -o "$work/goclient" .
[ -d node/node_modules/ollama ] || npm ci --prefix node --silent --no-audit --no-fund

mkfifo "$work/input"
"$work/serve" <"$work/input" >"$work/servers" &
server=$!
exec 3>"$work/input"
trap 'exec 3>&-; wait $server 2>/dev/null; rm -rf "$work"' EXIT
until grep -q '^ready=' "$work/servers"; do
  kill -0 $server 2>/dev/null || { echo "run.sh: the simulated servers did not start" >&2; exit 1; }
done
mapfile -t servers <"$work/servers"
simulated=${servers[0]#works=}

client() { # client NAME ARGUMENTS…
  case $1 in
  go) "$work/goclient" "${@:2}" ;;
  node) node node/calls.js "${@:2}" ;;
  curl) ./curl.sh "${@:2}" ;;
  esac
}

check() { # check WHAT EXPECTED CLIENT ARGUMENTS…
  client "${@:3}" >"$work/seen" 2>"$work/stderr" ||
    { echo "FAIL $1: the client ended with $?: $(tail -1 "$work/stderr")"; failed=1; }
  if diff -u "$2" "$work/seen"; then
    echo "ok   $1: $(wc -l <"$2") lines"
  else
    echo "FAIL $1"
    failed=1
  fi
}

for name in go node curl; do
  if [ "$update" = --update ]; then
    client $name calls "${OLLAMA_HOST_REAL:?the address of a real Ollama}" >expected/$name.calls.txt
    client $name faults "${servers[@]}" >expected/$name.faults.txt
  fi
  check "$name, simulator" expected/$name.calls.txt $name calls "$simulated"
  check "$name, servers that fail" expected/$name.faults.txt $name faults "${servers[@]}"
  if [ -n "${OLLAMA_HOST_REAL-}" ]; then
    check "$name, real server" expected/$name.calls.txt $name calls "$OLLAMA_HOST_REAL"
  fi
done
exit $failed
