/** The pool's one alarm, kept at the earliest time that was requested. */
import { MAX_ALARM_AHEAD_MS } from "../../config/limits.ts";
import { log } from "../../shared/log.ts";

export class AlarmScheduler {
  readonly #ctx: DurableObjectState;
  /** The time for which the alarm is set, in unix milliseconds; undefined if it is not set. */
  #scheduledMs: number | undefined;
  /** The earliest request since the last flush. */
  #requestedMs: number | undefined;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** Reads when the storage says that the alarm is set. */
  async load(): Promise<void> {
    this.#scheduledMs = (await this.#ctx.storage.getAlarm()) ?? undefined;
  }

  /**
   * Requests that the alarm fire at `timeMs` at the latest; `flush` sets it. An early alarm is harmless: the handler
   * checks what is due.
   */
  request(timeMs: number): void {
    this.#requestedMs = Math.min(timeMs, this.#requestedMs ?? timeMs);
  }

  /** Drops the requests that were not flushed: the transaction that made them was rolled back. */
  discard(): void {
    this.#requestedMs = undefined;
  }

  /** Notes that the alarm fired. The platform clears an alarm that fires. */
  fired(): void {
    this.#scheduledMs = undefined;
  }

  /**
   * Sets the alarm if anything was requested and it is not set for an earlier time. Call it after a transaction, never
   * in one: a rollback would take the alarm with it. Nothing is awaited between the transaction and this call, so the
   * platform writes both together.
   */
  flush(): void {
    if (this.#requestedMs === undefined) return;
    // A package may outlive the calendar of the platform, whose alarms end in 2189.
    const atMs = Math.min(this.#requestedMs, Date.now() + MAX_ALARM_AHEAD_MS);
    this.#requestedMs = undefined;
    if (this.#scheduledMs !== undefined && this.#scheduledMs <= atMs) return;
    this.#scheduledMs = atMs;
    const setting = this.#ctx.storage.setAlarm(atMs).catch((error: unknown) => {
      // Not set after all: the next flush with a request sets it.
      this.#scheduledMs = undefined;
      log.error("alarm_not_set", { reason: String(error) });
    });
    this.#ctx.waitUntil(setting);
  }
}
