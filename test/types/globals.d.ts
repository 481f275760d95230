// The globals that k6 v2 has and @types/k6 leaves to lib.dom, whose window and fetch k6 has not.
export {};

declare global {
  const console: Record<'log' | 'debug' | 'info' | 'warn' | 'error', (...values: unknown[]) => void>;
  function setTimeout(callback: () => void, milliseconds?: number): number;
  function clearTimeout(timer?: number): void;
  function setInterval(callback: () => void, milliseconds?: number): number;
  function clearInterval(timer?: number): void;
}
