#!/usr/bin/env bash
# Makes calls with curl and prints status, headers and bodies; what differs from answer to
# answer (moments, durations, texts, ids) is replaced. Arguments: `calls URL`, or `faults NAME=URL…`.
set -euo pipefail

normalize() {
  sed -E -e 's/\r$//' -e '/^Date: /d' -e 's/^Content-Length: [0-9]+$/Content-Length: N/' \
    -e 's/^(data: )?\{[^}]*$/\1{…/' \
    -e 's/"(created_at|modified_at|expires_at)":"[^"]*"/"\1":"T"/g' \
    -e 's/"([a-z_]+_duration|prompt_eval_count|created|prompt_tokens|total_tokens|size|context_length)":[0-9]+/"\1":0/g' \
    -e 's/"(response|content|text|digest|parameter_size|quantization_level)":"[^"]+"/"\1":"X"/g' \
    -e 's/"id":"(chatcmpl|cmpl)-[0-9]+"/"id":"\1-0"/g' \
    -e 's/"context":\[[0-9,]+\]/"context":[0]/g' -e 's/\[-?[0-9][-0-9.e,]*\]/[0.5]/g'
}

# call NAME METHOD URL [BODY [OPTIONS…]]
call() {
  local name=$1 method=$2 url=$3 body=${4-}
  shift $(($# < 4 ? $# : 4))
  echo "== $name"
  local data=()
  [ -z "$body" ] || data=(-d "$body")
  [ "$method" = HEAD ] && data=(--head) || data+=(-X "$method")
  local code=0
  curl -sS -i -N -m 60 "${data[@]}" "$@" "$url" 2>/dev/null | normalize || code=${PIPESTATUS[0]}
  echo
  [ "$code" = 0 ] || echo "curl: exit $code"
}

calls() {
  local u=$1 p='"model":"tiny","prompt":"the calm sea"'
  local m='"model":"tiny","messages":[{"role":"user","content":"the calm sea"}]' n='"options":{"temperature":0,"num_predict":3}'
  call root GET "$u/"
  call "root, head" HEAD "$u/"
  call version GET "$u/api/version"
  call unload POST "$u/api/generate" '{"model":"tiny","keep_alive":0}'
  call "unload a chat" POST "$u/api/chat" '{"model":"tiny","keep_alive":0}'
  call "nothing runs" GET "$u/api/ps"
  call preload POST "$u/api/generate" '{"model":"tiny"}'
  call "one runs" GET "$u/api/ps"
  call "generate, stream" POST "$u/api/generate" "{$p,$n}"
  call "generate, no stream" POST "$u/api/generate" "{$p,$n,\"stream\":false}"
  call "generate, raw" POST "$u/api/generate" "{$p,$n,\"raw\":true}"
  call "generate, HTTP/1.0" POST "$u/api/generate" "{$p,$n}" --http1.0
  call "generate, chunked upload" POST "$u/api/generate" "{$p,$n}" -H 'Transfer-Encoding: chunked'
  call "generate, other case" POST "$u/api/generate" '{"MODEL":"tiny","Prompt":"x","OPTIONS":{"temperature":0,"num_predict":2}} garbage'
  call "chat, stream" POST "$u/api/chat" "{$m,$n}"
  call "chat, no stream" POST "$u/api/chat" "{$m,$n,\"stream\":false}"
  call "embed" POST "$u/api/embed" '{"model":"tiny","input":"the sea"}'
  call "embed, nothing" POST "$u/api/embed" '{"model":"tiny"}'
  call "embed, no model" POST "$u/api/embed" '{"input":"x"}'
  call "embed, bad input" POST "$u/api/embed" '{"model":"tiny","input":[1]}'
  call "embeddings, nothing" POST "$u/api/embeddings" '{"model":"tiny","prompt":""}'
  call "embeddings, unknown model" POST "$u/api/embeddings" '{"model":"nope","prompt":"x"}'
  call "v1 chat" POST "$u/v1/chat/completions" "{$m,\"temperature\":0,\"max_tokens\":3}"
  call "v1 chat, stream" POST "$u/v1/chat/completions" "{$m,\"temperature\":0,\"max_tokens\":3,\"stream\":true}"
  call "v1 chat, usage" POST "$u/v1/chat/completions" "{$m,\"temperature\":0,\"max_tokens\":3,\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
  call "v1 completions" POST "$u/v1/completions" "{$p,\"temperature\":0,\"max_tokens\":3}"
  call "v1 completions, stream" POST "$u/v1/completions" "{$p,\"temperature\":0,\"max_tokens\":3,\"stream\":true}"
  call "v1 model" GET "$u/v1/models/tiny"
  call "v1 unknown model" GET "$u/v1/models/nope"
  call "v1 chat, unknown model" POST "$u/v1/chat/completions" '{"model":"nope","messages":[{"role":"user","content":"x"}]}'
  call "v1 chat, no messages" POST "$u/v1/chat/completions" '{"model":"tiny"}'
  call "v1 chat, empty body" POST "$u/v1/chat/completions"
  call "v1 chat, bad content" POST "$u/v1/chat/completions" '{"model":"tiny","messages":[{"role":"user","content":5}]}'
  call "v1 completions, no model" POST "$u/v1/completions" '{"prompt":"x"}'
  call "v1 completions, bad stop" POST "$u/v1/completions" "{$p,\"stop\":[1]}"
  call "v1 embeddings" POST "$u/v1/embeddings" '{"model":"tiny","input":"the sea"}'
  call "v1 embeddings, nothing" POST "$u/v1/embeddings" '{"model":"tiny"}'
  call "v1 embeddings, bad encoding" POST "$u/v1/embeddings" '{"model":"tiny","input":"x","encoding_format":"hex"}'
  call "unknown path" GET "$u/api/nope"
  call "unknown method" PUT "$u/api/tags"
  call "slash" POST "$u/api/generate/" '{}'
  call "slash, get" GET "$u/api/tags/"
  call "no body" POST "$u/api/generate"
  call "malformed" POST "$u/api/chat" '{"model":'
  call "wrong type" POST "$u/api/generate" '{"model":5}'
  call "wrong type in a message" POST "$u/api/chat" '{"model":"tiny","messages":[{"role":"user","content":5}]}'
  call "array" POST "$u/api/generate" '[1]'
  call "bad keep_alive" POST "$u/api/generate" '{"model":"tiny","keep_alive":"soon"}'
  call "bad keep_alive type" POST "$u/api/generate" '{"model":"tiny","keep_alive":true}'
  call "bad think" POST "$u/api/generate" '{"model":"tiny","prompt":"x","think":"loud"}'
  call "think level" POST "$u/api/generate" '{"model":"tiny","prompt":"x","think":"high"}'
  call "bad stop" POST "$u/api/generate" '{"model":"tiny","prompt":"x","options":{"stop":"x"}}'
  call "bad format" POST "$u/api/generate" "{$p,\"format\":\"xml\"}"
  call "impossible name" POST "$u/api/generate" '{"model":"///","prompt":"x"}'
  call "show, impossible name" POST "$u/api/show" '{"model":"///"}'
  call "show, no name" POST "$u/api/show" '{}'
  call "pull, no name" POST "$u/api/pull" '{"model":""}'
  call "pull, no body" POST "$u/api/pull"
  call "other host" GET "$u/" "" -H 'Host: evil.example'
}

faults() {
  local server
  for server in "$@"; do
    case ${server%%=*} in works | ready | floods) continue ;; esac
    call "${server%%=*}" POST "${server#*=}/api/generate" '{"model":"tiny","prompt":"x","options":{"temperature":0,"num_predict":4}}'
    call "${server%%=*}, v1" POST "${server#*=}/v1/chat/completions" \
      '{"model":"tiny","messages":[{"role":"user","content":"x"}],"max_tokens":4,"stream":true}'
  done
}

mode=$1
shift
"$mode" "$@"
