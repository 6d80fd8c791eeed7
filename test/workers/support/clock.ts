/**
 * The clock of the tests does not run: `Date.now()` moves only when a test moves it (`vi.setSystemTime`), and time-outs
 * do not fire unless a test fakes the timers. So no answer depends on how fast the machine is.
 */
import { vi } from "vitest";
import {
  DIRECTORY_WRITE_TIMEOUT_MS,
  EVENT_TIMEOUT_MS,
  JWKS_FETCH_TIMEOUT_MS,
  JWKS_SHARED_TIMEOUT_MS,
  POOL_CALL_TIMEOUT_MS,
  READINESS_TIMEOUT_MS,
  RESTORE_EPOCH_READ_TIMEOUT_MS,
} from "../../../src/config/limits.ts";

/** Far enough ahead of every machine's clock that no alarm of a pool rings by itself. */
export const START_MS = Date.UTC(2040, 0, 1);

/** Sets the clock to the start and stops it there. */
export function stopClock(): void {
  vi.useRealTimers();
  vi.setSystemTime(START_MS);
}

/**
 * How long the code under test waits for the directory, a pool, an issuer's keys and a receiver of events. The other one, for a body, is out of reach: the
 * bodies of the tests are there at once.
 */
const TIMEOUTS_MS: ReadonlySet<number> = new Set([
  DIRECTORY_WRITE_TIMEOUT_MS,
  RESTORE_EPOCH_READ_TIMEOUT_MS,
  POOL_CALL_TIMEOUT_MS,
  JWKS_FETCH_TIMEOUT_MS,
  JWKS_SHARED_TIMEOUT_MS,
  READINESS_TIMEOUT_MS,
  EVENT_TIMEOUT_MS,
]);
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Lets a busy machine take as long as it needs: these time-outs are put off by weeks, and no other timer is touched. */
export function putOffTimeouts(): void {
  const set = globalThis.setTimeout;
  const patient = (callback: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
    set(callback, TIMEOUTS_MS.has(delayMs) ? MAX_TIMER_MS : delayMs, ...args);
  globalThis.setTimeout = patient as typeof setTimeout;
}

/** Fakes the timers and waits, in real time, until one of exactly `delayMs` is set. */
export function fakeTimersUntilSet(delayMs: number): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  return new Promise((resolve) => {
    const set = globalThis.setTimeout;
    const watched = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      if (ms === delayMs) resolve();
      return set(callback, ms, ...args);
    };
    globalThis.setTimeout = watched as typeof setTimeout;
  });
}
