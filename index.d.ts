/**
 * **k6/x/ollama**: ask Ollama servers, and measure how fast they answer.
 *
 * Shaped like the `ollama` package of npm. Fields of requests and answers are Ollama's
 * own, in its snake_case; what this module adds is in camelCase. All times are in
 * milliseconds.
 *
 * ```js
 * import ollama from 'k6/x/ollama';
 *
 * export default async function () {
 *   const res = await ollama.generate({ model: 'llama3.2:1b', prompt: 'Why is the sky blue?' });
 *   console.log(res.text, res.timings.ttft);
 * }
 * ```
 */

/** A duration: `'1m30s'`, or a number of milliseconds. */
export type Duration = string | number;

/** Bounds for the parts of a request; a part that is left out keeps its default. */
export interface Timeouts {
  /** Until there is a connection: DNS, TCP, TLS, proxy. Default 10 s. */
  connect?: Duration;
  /** From the start of the clock to the first token of a stream. Default: none. */
  firstToken?: Duration;
  /** Between two arrivals of data. Default: none. */
  idle?: Duration;
  /** The whole request. Default 10 min. */
  total?: Duration;
}

/** Service level objectives in ms; `ollama_goodput` is the share of requests that met them all. */
export interface SLO {
  /** Time to first token. */
  ttft?: number;
  /** Time per output token after the first. */
  tpot?: number;
  /** The whole request (E2E). */
  duration?: number;
}

/** How a request failed; the values of the `error_type` tag. */
export type ErrorType =
  | 'invalid_request'
  | 'model_not_found'
  | 'unauthorized'
  | 'overloaded'
  | 'http_4xx'
  | 'http_5xx'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'reset'
  | 'timeout_connect'
  | 'timeout_first_token'
  | 'timeout_idle'
  | 'timeout_total'
  | 'server_error'
  | 'truncated'
  | 'decode'
  | 'canceled';

/** Options that a client and each of its calls have. */
export interface SharedOptions {
  /** HTTP headers. Those of a call are added to those of the client. */
  headers?: { [name: string]: string | number | boolean };
  /** A bound for the whole request, or one for each part. */
  timeout?: Duration | Timeouts;
  /** Objectives that `ollama_goodput` counts against. */
  slo?: SLO;
  /** Tags of all samples. Those of a call are added to those of the client. */
  tags?: { [name: string]: string | number | boolean };
  /** Reject the promise of a failed request with an `OllamaError` (default: `false`, a failure is a result). */
  throw?: boolean;
}

/** Options of `new Ollama(options)`. */
export interface Options extends SharedOptions {
  /**
   * The server: `host`, `host:port`, a URL with or without a path prefix, or a full endpoint such as
   * `http://127.0.0.1:11434/api/generate`. Default: `OLLAMA_HOST`, else `http://127.0.0.1:11434`.
   */
  host?: string;
  /** The model of requests that name none. */
  model?: string;
  /** The name under which the server is reported. Default: `host:port`. */
  target?: string;
  /** Sent as `Authorization: Bearer …`. Default: `OLLAMA_API_KEY`, unless the host is this machine. */
  apiKey?: string;
}

/** The second argument of a call. */
export interface Params<Chunk = never> extends SharedOptions {
  /** `warmup` keeps the request out of every figure of the report. Default: `measure`. */
  phase?: 'warmup' | 'measure';
  /** When the request was meant to start, as Unix time in ms; gives `timings.scheduleDelay`. */
  scheduledAt?: number;
  /** Sees each line of the answer when it has come, as Ollama sent it. */
  onChunk?: (chunk: Chunk) => void;
}

/** Times in ms; one that is not known, because the server did not report it or the request did not get there, is `undefined`. */
export interface Timings {
  /** Unix time in ms, with its fraction, at which the clock started: when the request began to go out on its connection. */
  startedAt: number;
  /** Waiting for a connection, DNS, TCP and TLS; before the clock starts. 0 when a connection was reused. */
  connect?: number;
  /** E2E: the clock's start to the last byte. */
  duration?: number;
  /** To the headers of the answer. */
  headers?: number;
  /** To the first token of any kind: thinking, answer or tool call. */
  ttft?: number;
  /** To the first token of the answer, after thinking. */
  ttfo?: number;
  /** To the last token. */
  lastToken?: number;
  /** (lastToken − ttft) / (output tokens − 1). */
  tpot?: number;
  /** duration − server.total: what the network added. */
  network?: number;
  /** startedAt − the param `scheduledAt`. */
  scheduleDelay?: number;
  /** What the server says of its own time. */
  server: ServerTimings;
}

/** The server's own times, in ms. */
export interface ServerTimings {
  total?: number;
  load?: number;
  promptEval?: number;
  eval?: number;
  /** total − load − promptEval − eval: waiting for a slot, and overhead. */
  queue?: number;
}

/** Why a request failed. */
export interface Failure {
  type: ErrorType;
  message: string;
  /** HTTP status, 0 if no answer came. */
  status: number;
}

/** What every result has, on top of Ollama's own fields. */
export interface Result {
  /** Whether the request went well. */
  ok: boolean;
  /** HTTP status, 0 if no answer came. */
  status: number;
  /** Why it failed; `undefined` if it did not. */
  error?: Failure;
  /** The target of the client. */
  target: string;
  /**
   * The text of the answer; of a stream that failed, what came of it. `''` for calls that have none, and with k6's
   * option `discardResponseBodies`.
   */
  text: string;
  /** Whether the server loaded the model for this request: its `load_duration` is 100 ms or more. */
  cold?: boolean;
  timings: Timings;
  /** Fields of servers newer than these declarations. */
  [field: string]: any;
}

/** What a failed request is rejected with when `throw` is set. */
export interface OllamaError extends Error {
  type: ErrorType;
  status: number;
  /** The result, with everything that was measured until the failure. */
  result: Result;
}

/** An image: base64, or binary as `open(file, 'b')` gives it. */
export type Image = string | ArrayBuffer | Uint8Array;

/** Fields that go through to the server as they are. */
export interface ModelRequest {
  /** Default: the model of the client. */
  model?: string;
  /** How long the model stays loaded: `'5m'`, seconds, 0 to unload at once, negative for ever. */
  keep_alive?: string | number;
  /** Options of the model: `seed`, `temperature`, `num_predict`, `num_ctx`, … */
  options?: { [name: string]: any };
  /** Any other field of Ollama's API. */
  [field: string]: any;
}

export interface GenerateRequest extends ModelRequest {
  prompt?: string;
  suffix?: string;
  system?: string;
  template?: string;
  raw?: boolean;
  images?: Image[];
  format?: string | object;
  /** Default: `true`. `false` gives up the token timings. */
  stream?: boolean;
  think?: boolean | 'high' | 'medium' | 'low';
  onChunk?: (chunk: GenerateChunk) => void;
}

/** What the server reports at the end of an answer; durations in nanoseconds. */
export interface Usage {
  total_duration?: number;
  load_duration?: number;
  prompt_eval_count?: number;
  prompt_eval_duration?: number;
  eval_count?: number;
  eval_duration?: number;
}

export interface GenerateChunk extends Usage {
  model: string;
  created_at: string;
  response: string;
  thinking?: string;
  done: boolean;
  done_reason?: string;
  context?: number[];
  [field: string]: any;
}

export interface GenerateResult extends Result, Usage {
  model: string;
  created_at: string;
  /** The whole answer, also of a stream. */
  response: string;
  thinking?: string;
  done: boolean;
  done_reason?: string;
  context?: number[];
}

export interface Message {
  role: string;
  content: string;
  thinking?: string;
  images?: Image[];
  tool_calls?: ToolCall[];
  tool_name?: string;
  [field: string]: any;
}

export interface ToolCall {
  function: { name: string; arguments: { [name: string]: any } };
  [field: string]: any;
}

export interface ChatRequest extends ModelRequest {
  messages?: Message[];
  tools?: object[];
  format?: string | object;
  /** Default: `true`. `false` gives up the token timings. */
  stream?: boolean;
  think?: boolean | 'high' | 'medium' | 'low';
  onChunk?: (chunk: ChatChunk) => void;
}

export interface ChatChunk extends Usage {
  model: string;
  created_at: string;
  message: Message;
  done: boolean;
  done_reason?: string;
  [field: string]: any;
}

export interface ChatResult extends Result, Usage {
  model: string;
  created_at: string;
  /** The whole message, also of a stream. */
  message: Message;
  done: boolean;
  done_reason?: string;
}

export interface EmbedRequest extends ModelRequest {
  input: string | string[];
  truncate?: boolean;
  dimensions?: number;
}

export interface EmbedResult extends Result {
  model: string;
  embeddings: number[][];
  total_duration?: number;
  load_duration?: number;
  prompt_eval_count?: number;
}

export interface ModelDetails {
  parent_model: string;
  format: string;
  family: string;
  families: string[] | null;
  parameter_size: string;
  quantization_level: string;
}

export interface ListResult extends Result {
  models: {
    name: string;
    model: string;
    modified_at: string;
    /** Bytes. */
    size: number;
    digest: string;
    details: ModelDetails;
  }[];
}

export interface RunningResult extends Result {
  models: {
    name: string;
    model: string;
    /** Bytes. */
    size: number;
    /** Bytes of it that are on a GPU. */
    size_vram: number;
    digest: string;
    details: ModelDetails;
    expires_at: string;
    context_length?: number;
  }[];
}

export interface ShowRequest {
  model?: string;
  verbose?: boolean;
  [field: string]: any;
}

export interface ShowResult extends Result {
  modelfile: string;
  parameters?: string;
  template: string;
  details: ModelDetails;
  model_info: { [name: string]: any };
  capabilities?: string[];
}

export interface VersionResult extends Result {
  version: string;
}

export interface PullRequest {
  model?: string;
  insecure?: boolean;
  stream?: boolean;
  onChunk?: (progress: PullProgress) => void;
  [field: string]: any;
}

export interface PullProgress {
  status: string;
  digest?: string;
  /** Bytes. */
  total?: number;
  /** Bytes. */
  completed?: number;
}

export interface LoadRequest {
  model?: string;
  keep_alive?: string | number;
  options?: { [name: string]: any };
  [field: string]: any;
}

/** The request of a call that has nothing to tell the server. */
export type NoFields = { [field: string]: never };

/** The calls of Ollama's API. A failed request is a result with `ok: false`; a wrong argument throws a `TypeError`. */
export interface Client {
  /** Completes a prompt. */
  generate(request: GenerateRequest, params?: Params<GenerateChunk>): Promise<GenerateResult>;
  /** Answers a conversation. */
  chat(request: ChatRequest, params?: Params<ChatChunk>): Promise<ChatResult>;
  /** Makes vectors of texts. */
  embed(request: EmbedRequest, params?: Params): Promise<EmbedResult>;
  /** The models that the server has. */
  list(request?: NoFields | null, params?: Params): Promise<ListResult>;
  /** What the server knows of a model. */
  show(request?: ShowRequest, params?: Params): Promise<ShowResult>;
  /** The models that are loaded. */
  ps(request?: NoFields | null, params?: Params): Promise<RunningResult>;
  /** The version of the server. */
  version(request?: NoFields | null, params?: Params): Promise<VersionResult>;
  /** Downloads a model; `onChunk` sees the progress. The `status` of the result is HTTP's. */
  pull(request?: PullRequest, params?: Params<PullProgress>): Promise<Result>;
  /** Loads a model, so that the next request does not have to wait for it. */
  load(request?: LoadRequest, params?: Params): Promise<Result>;
  /** Unloads a model. */
  unload(request?: LoadRequest, params?: Params): Promise<Result>;
}

/** A server, and how to talk to it. Can be made in the init context; calls belong in `setup`, iterations and `teardown`. */
export class Ollama {
  constructor(options?: Options);
}
export interface Ollama extends Client {}

/** Options of `report(data, options)`. */
export interface ReportOptions {
  /** The directory for the files that docs/results.md describes; made when missing. Default: no files. */
  out?: string;
  /** The language. Default: what `LC_ALL`, `LC_MESSAGES` or `LANG` asks for. */
  locale?: 'en' | 'ko';
}

/**
 * Reports every `generate`, `chat` and `embed` request of the test that was no warm-up: each target by
 * itself, and against each other. To be returned from `handleSummary(data)`.
 */
export function report(data: any, options?: ReportOptions): { [path: string]: string };

/** A comparison of servers, as the bundled `benchmark.js` runs it; its settings are documented there. */
export interface Benchmark {
  /** Measured requests for each target and model. */
  readonly numRequests: number;
  readonly models: string[];
  readonly targets: { name: string; host: string }[];
  readonly order: 'interleaved' | 'sequential' | 'parallel';
  /** Warm-up requests for each target and model. */
  readonly warmup: number;
  readonly prompt: string;
  readonly numPredict: number;
  readonly cache: 'cold' | 'warm';
  readonly stream: boolean;
  /** Of a whole request. */
  readonly timeout: string;
  /** How long the scenarios can take at most. */
  readonly maxDuration: string;
  readonly locale: 'en' | 'ko';
  readonly out: string;
  /** A name for this run that no other run has. */
  readonly run: string;
  /** Waits until it is the target's turn; resolves with the function that passes it on. Nobody waits for a VU that has ended. */
  turn(target: string): Promise<() => void>;
  /** The line of the log before the first measured request of a target. */
  begin(target: string, model: string): string;
  /** The line of the log for a finished request. */
  line(result: Result, number: number): string;
  /**
   * To be called from `teardown`: marks the test as failed if every request of a target failed, and reports
   * here if k6 was told not to call `handleSummary` (`--summary-mode=disabled`).
   */
  finish(): void;
}

/**
 * Reads the settings of a benchmark from environment variables (`NUM_REQUESTS`, `MODEL`, …). Belongs in the
 * init context: a wrong setting stops the test there, before any request. `open` is k6's own, for `PROMPT=@file`.
 */
export function benchmark(env: { [name: string]: string }, open?: (path: string) => string): Benchmark;

declare const ollama: Client & {
  Ollama: typeof Ollama;
  report: typeof report;
  benchmark: typeof benchmark;
};
export default ollama;
