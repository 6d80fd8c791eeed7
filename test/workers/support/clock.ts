/**
 * The clock of the tests does not run: `Date.now()` moves only when a test moves it (`vi.setSystemTime`), and time-outs
 * do not fire unless a test fakes the timers. So no answer depends on how fast the machine is.
 */
import { vi } from "vitest";

/** Far enough ahead of every machine's clock that no alarm of a pool rings by itself. */
export const START_MS = Date.UTC(2040, 0, 1);

/** Sets the clock to the start and stops it there. */
export function stopClock(): void {
  vi.useRealTimers();
  vi.setSystemTime(START_MS);
}

/** What waits as long as this guards against something that never answers; what pauses waits less (src/config/limits.ts). */
const TIMEOUT_FROM_MS = 500;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Lets a busy machine take as long as it needs: time-outs of the code under test are put off by weeks. */
export function putOffTimeouts(): void {
  const set = globalThis.setTimeout;
  const patient = (callback: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
    set(callback, delayMs >= TIMEOUT_FROM_MS ? MAX_TIMER_MS : delayMs, ...args);
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
