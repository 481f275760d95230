#!/usr/bin/env bash
# Benchmarks real Ollama servers and checks every figure. README.md says what is proved, and what can be set.
#   run.sh [GO TEST FLAGS…]   such as -run TestOrder
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec </dev/null

e2e=$PWD/test/e2e
ollama_version=0.17.4
cache=${XDG_CACHE_HOME:-$HOME/.cache}/xk6-ollama/e2e
work=$(mktemp -d)
groups=() # process groups to end, each by the pid of its leader

cleanup() {
  local group
  for group in ${groups[@]+"${groups[@]}"}; do
    kill -KILL -- "-$group" || true
  done
  wait || true
  rm -rf "$work"
} 2>/dev/null
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '%s\n' "$*"; }

# in_group COMMAND… starts a command in the background, in a process group of its own.
in_group() {
  set -m
  "$@" &
  set +m
  groups+=($!)
}

# Two headers that Ollama's C++ includes and its Go module does not bring.
install_headers() {
  local header
  for header in nlohmann/json.hpp stb/stb_image.h; do
    echo "#include <$header>" | g++ -E -x c++ - >/dev/null 2>&1 && continue
    say "installing nlohmann-json3-dev and libstb-dev for $header"
    local sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    ${sudo[@]+"${sudo[@]}"} apt-get update -qq
    ${sudo[@]+"${sudo[@]}"} env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends nlohmann-json3-dev libstb-dev >/dev/null
    return
  done
}

# build_ollama FILE builds Ollama from the Go module proxy. It can do without a GPU, and without audio input,
# whose header the module leaves out (ollama-headers).
build_ollama() {
  say "building Ollama $ollama_version into $cache: 3 to 5 minutes on 2 cores, once"
  install_headers
  mkdir -p "$work/build"
  heartbeat() { while sleep 20; do say "  … $SECONDS s"; done; }
  in_group heartbeat
  GOBIN="$work/build" GOFLAGS=-mod=mod \
    CGO_ENABLED=1 CGO_CPPFLAGS="-I$e2e/ollama-headers" CGO_CFLAGS=-O2 CGO_CXXFLAGS=-O2 \
    go install -ldflags "-s -w -X=github.com/ollama/ollama/version.Version=$ollama_version" \
    "github.com/ollama/ollama@v$ollama_version"
  kill -KILL -- "-${groups[-1]}"
  wait "${groups[-1]}" 2>/dev/null || true # without bash's word on it
  mkdir -p "$(dirname "$1")"
  mv "$work/build/ollama" "$1"
  say "built Ollama in $SECONDS s"
}

find_ollama() {
  ollama=${OLLAMA_BIN:-$(command -v ollama || true)}
  [ -n "$ollama" ] && return
  ollama=$cache/ollama-$ollama_version/ollama
  [ -x "$ollama" ] || build_ollama "$ollama"
}

# serve NAME starts a server in $work/NAME, with the models in $work/NAME/models if there are any, and waits until
# it listens. Its address is then in $address. It gets its port from the kernel and says which in its log.
serve() {
  local home=$work/$1
  mkdir -p "$home"
  in_group env -i PATH="$PATH" HOME="$home" TMPDIR="$work" OLLAMA_HOST=127.0.0.1:0 OLLAMA_MODELS="$home/models" \
    OLLAMA_NO_CLOUD=1 OLLAMA_NUM_PARALLEL=1 "$ollama" serve >"$home/log" 2>&1
  local deadline=$((SECONDS + 60))
  until address=$(grep -oE 'Listening on 127\.0\.0\.1:[0-9]+' "$home/log" | grep -oE '[0-9.]+:[0-9]+'); do
    if [ $SECONDS -ge $deadline ] || ! kill -0 "${groups[-1]}" 2>/dev/null; then
      say "the server $1 does not listen; the end of its log:" >&2
      tail -n 20 "$home/log" >&2
      exit 1
    fi
    sleep 0.05
  done
  address=http://$address
}

# create_models QUICK SLOW makes models of these names, with random weights, on the server at $address.
#   num_thread 1: with a thread for each of two cores, decoding models this small takes 20 times as long, as the
#     threads wait for each other.
#   frequency_penalty 1: at temperature 0 a model without sense ends up repeating one token, and after 31 of the
#     same Ollama cuts the stream off (tokenRepeat in its llm/server.go).
create_models() {
  go build -o "$work/mkgguf" ./test/e2e/mkgguf
  "$work/mkgguf" -o "$work/tiny.gguf"
  "$work/mkgguf" -o "$work/small.gguf" -name small -dim 512 -layers 6 -heads 8 -ffn 1408 -ctx 4096 -q8
  create "$1" tiny
  create "$2" small
}

# create NAME FILE makes a model of $work/FILE.gguf on the server at $address.
create() {
  cat >"$work/Modelfile.$2" <<END
FROM ./$2.gguf
TEMPLATE """{{ range .Messages }}{{ .Role }}: {{ .Content }}
{{ end }}assistant:"""
PARAMETER num_thread 1
PARAMETER frequency_penalty 1
END
  HOME="$work" OLLAMA_HOST=$address "$ollama" create "$1" -f "$work/Modelfile.$2" >"$work/create.log" 2>&1 || {
    cat "$work/create.log" >&2
    exit 1
  }
}

# copy_models FROM TO gives a server that is to be started the models of another, as pulling them would. Creating
# them twice would not: their manifests name the file they were made from, so that their digests differ.
copy_models() {
  mkdir -p "$work/$2"
  cp -R "$work/$1/models" "$work/$2/models"
}

check() {
  go test -tags e2e -count=1 -timeout 15m -v ./test/e2e "$@" | grep --line-buffered -v '^=== '
}

find_ollama
say "ollama: $ollama ($("$ollama" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9][^ ]*' | head -n 1))"

E2E_K6=${K6_BIN:-}
if [ -z "$E2E_K6" ]; then
  E2E_K6=$work/k6
  go build -o "$E2E_K6" ./cmd/k6
fi

own=${LOCAL_ENDPOINT:-}${REMOTE_ENDPOINT:-}
if [ -n "$own" ]; then
  E2E_LOCAL=${LOCAL_ENDPOINT:?give the addresses of both servers}
  E2E_REMOTE=${REMOTE_ENDPOINT:?give the addresses of both servers}
  E2E_MODELS=${MODEL:?name two models that both servers have: MODEL=quick,slow}
else
  E2E_MODELS=tiny,small
fi
serve doomed # the one that a test kills
create_models "${E2E_MODELS%%,*}" "${E2E_MODELS#*,}"
E2E_DOOMED=$address
E2E_DOOMED_GROUP=${groups[-1]}
serve unlike # its quick model is another one: the weights have 16 bits instead of 32
"$work/mkgguf" -o "$work/half.gguf" -f16
create "${E2E_MODELS%%,*}" half
E2E_UNLIKE=$address
if [ -z "$own" ]; then
  copy_models doomed local
  serve local
  E2E_LOCAL=$address
  copy_models doomed remote
  serve remote
  E2E_REMOTE=$address
fi
say "local: $E2E_LOCAL, remote: $E2E_REMOTE, with another model: $E2E_UNLIKE, to be killed: $E2E_DOOMED," \
  "ready after $SECONDS s"

unset LOCAL_ENDPOINT REMOTE_ENDPOINT MODEL
export E2E_K6 E2E_LOCAL E2E_REMOTE E2E_MODELS E2E_UNLIKE E2E_DOOMED E2E_DOOMED_GROUP TMPDIR=$work
in_group check "$@"
status=0
wait "${groups[-1]}" 2>/dev/null || status=$? # likewise, on the server that a test killed
say "e2e: $([ $status = 0 ] && echo passed || echo failed) after $SECONDS s"
exit $status
