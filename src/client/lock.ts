/** One at a time under a name, over all that share the lock: two tabs, or two parts of one app. */
import { aborted, throwIfAborted } from "./platform.ts";

export type Lock = <T>(name: string, work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** The part of the Web Locks API that is used here. */
export type WebLocks = {
  request<T>(name: string, options: { signal: AbortSignal | undefined }, work: () => Promise<T>): Promise<T>;
};

const tails = new Map<string, Promise<unknown>>();

/** Within one realm: a page, a worker, a process. */
export const memoryLock: Lock = async (name, work, signal) => {
  const before = tails.get(name) ?? Promise.resolve();
  const turn = before.then(() => {
    throwIfAborted(signal);
    return work();
  });
  const tail = turn.catch(() => undefined);
  tails.set(name, tail);
  try {
    return await turn;
  } finally {
    if (tails.get(name) === tail) tails.delete(name);
  }
};

/** Over all tabs and workers of an origin. */
export const webLock =
  (locks: WebLocks): Lock =>
  async (name, work, signal) => {
    let started = false;
    try {
      return await locks.request(`mls-key-directory/${name}`, { signal }, () => {
        started = true;
        return work();
      });
    } catch (cause) {
      if (!started && signal?.aborted) throw aborted(signal);
      throw cause;
    }
  };

/** Web Locks where the platform has them, else within the realm. */
export function defaultLock(): Lock {
  const { navigator } = globalThis as { navigator?: { locks?: WebLocks } };
  return navigator?.locks ? webLock(navigator.locks) : memoryLock;
}
