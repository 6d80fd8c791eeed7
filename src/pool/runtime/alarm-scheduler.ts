/** The pool's one alarm: kept at the earliest time that anything asked for. */
import { MAX_ALARM_AHEAD_MS } from "../../config/limits.ts";

export class AlarmScheduler {
  readonly #ctx: DurableObjectState;
  /** When the alarm is set for, in unix milliseconds; undefined for not at all. */
  #scheduledMs: number | undefined;
  #requestedMs: number | undefined;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** Reads when the storage says that the alarm is set. */
  async load(): Promise<void> {
    this.#scheduledMs = (await this.#ctx.storage.getAlarm()) ?? undefined;
  }

  /** Asks that the alarm ring at `timeMs` at the latest. Too early does no harm: the alarm looks what is due. */
  request(timeMs: number): void {
    this.#requestedMs = Math.min(timeMs, this.#requestedMs ?? timeMs);
  }

  /** Forgets what was asked since: the transaction that asked is rolled back. */
  discard(): void {
    this.#requestedMs = undefined;
  }

  /** The alarm has rung, and is not set any more. */
  fired(): void {
    this.#scheduledMs = undefined;
  }

  /**
   * Sets the alarm as asked. After a transaction and never in it: one that is rolled back would take the alarm with
   * it. The platform writes it with the transaction, as nothing is awaited between the two.
   */
  flush(): void {
    if (this.#requestedMs === undefined) return;
    // A package may outlive the calendar of the platform, whose alarms end in 2189.
    const atMs = Math.min(this.#requestedMs, Date.now() + MAX_ALARM_AHEAD_MS);
    this.#requestedMs = undefined;
    if (this.#scheduledMs !== undefined && this.#scheduledMs <= atMs) return;
    this.#scheduledMs = atMs;
    const setting = this.#ctx.storage.setAlarm(atMs).catch((error: unknown) => {
      // Not set after all: whoever asks next sets it.
      this.#scheduledMs = undefined;
      console.error(JSON.stringify({ event: "alarm_not_set", reason: String(error) }));
    });
    this.#ctx.waitUntil(setting);
  }
}
