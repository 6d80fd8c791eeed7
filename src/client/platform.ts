/** What the library takes from the machine it runs on. Tests, and platforms that lack one of these, bring their own. */
import { DirectoryError } from "./directory-error.ts";

export type Platform = {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Unix milliseconds, by the clock of the device, which may be wrong. */
  readonly now: () => number;
  /** From 0 to below 1, for the jitter of retries. Never for keys. */
  readonly jitter: () => number;
  /** Bytes from a cryptographically secure source, for idempotency keys. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Rejects as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Lets the page draw and handle input between two slices of work. */
  readonly breathe: () => Promise<void>;
  /** Calls `onLate` after this time, unless the function that it returns is called before. */
  readonly deadline: (ms: number, onLate: () => void) => () => void;
};

/** The platform's own: any browser, Node, Deno, Bun, Workers, React Native with `crypto.getRandomValues`. */
export const defaultPlatform: Platform = {
  fetch: (url, init) => globalThis.fetch(url, init),
  now: () => Date.now(),
  jitter: () => Math.random(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        ignore();
        resolve();
      }, ms);
      const ignore = onAbort(signal, () => {
        clearTimeout(timer);
        reject(aborted(signal));
      });
    }),
  breathe: () => new Promise((resolve) => setTimeout(resolve, 0)),
  deadline: (ms, onLate) => {
    const timer = setTimeout(onLate, ms);
    return () => clearTimeout(timer);
  },
};

/** Calls `act` when the signal is aborted, now if it is, unless the function that it returns is called before. */
export function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal?.aborted) act();
  signal?.addEventListener("abort", act, { once: true });
  return () => signal?.removeEventListener("abort", act);
}

export const aborted = (signal: AbortSignal | undefined): DirectoryError =>
  new DirectoryError({ code: "aborted", detail: "the caller's signal was aborted", cause: signal?.reason });

/** Throws if the caller does not want the result any more. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}
