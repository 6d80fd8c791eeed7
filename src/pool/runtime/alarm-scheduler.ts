/** The pool's one alarm: set for the earliest time at which there is something to do. */
import { ALARM_LOST_MS, ALARM_RETRY_MAX_MS, MAX_ALARM_AHEAD_MS, MIN_ALARM_AHEAD_MS } from "../../config/limits.ts";
import { log } from "../../shared/log.ts";

export class AlarmScheduler {
  readonly #ctx: DurableObjectState;
  readonly #nextDueMs: () => number | undefined;
  /** When this instance has set the alarm for, in unix milliseconds; undefined while it has set none. */
  #scheduledMs: number | undefined;
  #requestedMs: number | undefined;
  /** After an alarm that failed: none is set nearer than that. */
  #heldUntilMs = 0;

  /** `nextDueMs` tells, from storage alone, when there is something to do: what an earlier instance had asked for. */
  constructor(ctx: DurableObjectState, nextDueMs: () => number | undefined) {
    this.#ctx = ctx;
    this.#nextDueMs = nextDueMs;
  }

  /** Requests that the alarm ring at `timeMs` at the latest. An early alarm is harmless: the handler checks what is due. */
  request(timeMs: number): void {
    this.#requestedMs = Math.min(timeMs, this.#requestedMs ?? timeMs);
  }

  /** Drops what was requested since the last flush: the transaction that did is rolled back. */
  discard(): void {
    this.#requestedMs = undefined;
  }

  /** Keeps the alarm from ringing before `timeMs`, whatever is due, and has it ring then; 0 lets it ring again. */
  hold(timeMs: number): void {
    this.#heldUntilMs = timeMs;
    if (timeMs > 0) this.request(timeMs);
  }

  /** The alarm has rung, and is no longer set. */
  fired(): void {
    this.#scheduledMs = undefined;
  }

  /**
   * Sets the alarm if anything was requested. After a transaction and never in it: a rollback would take the alarm with
   * it. The platform writes it with the transaction, as nothing is awaited between the two.
   */
  flush(): void {
    if (this.#requestedMs === undefined) return;
    const nowMs = Date.now();
    const requestedMs = this.#requestedMs;
    this.#requestedMs = undefined;
    const nearestMs = this.#nearestMs(nowMs);
    if (this.#isSetFor(requestedMs, nearestMs, nowMs)) return;
    // An instance that has just woken does not know what is set, and does not ask: reading would make it wait.
    const earliestMs = Math.min(requestedMs, this.#nextDueMs() ?? requestedMs);
    // A package may outlive the calendar of the platform, whose alarms end in 2189.
    const atMs = Math.min(Math.max(earliestMs, nearestMs), nowMs + MAX_ALARM_AHEAD_MS);
    this.#scheduledMs = atMs;
    const setting = this.#ctx.storage.setAlarm(atMs).catch((error: unknown) => {
      // Not set after all: the next request sets it.
      this.#scheduledMs = undefined;
      log.error("alarm_not_set", { reason: String(error) });
    });
    this.#ctx.waitUntil(setting);
  }

  /** Whether the alarm will ring by then. One that should have rung long ago is lost, and never trusted. */
  #isSetFor(timeMs: number, nearestMs: number, nowMs: number): boolean {
    const setMs = this.#scheduledMs;
    if (setMs === undefined || setMs < nowMs - ALARM_LOST_MS) return false;
    return setMs <= Math.max(timeMs, nearestMs);
  }

  /** A hold that is further away than any was made by a clock that was ahead. */
  #nearestMs(nowMs: number): number {
    const isHeld = this.#heldUntilMs <= nowMs + ALARM_RETRY_MAX_MS;
    return Math.max(isHeld ? this.#heldUntilMs : 0, nowMs + MIN_ALARM_AHEAD_MS);
  }
}
