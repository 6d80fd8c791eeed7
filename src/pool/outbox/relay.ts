/** Sends what the outbox holds to the directory, one batch at a time. */
import { DIRECTORY_WRITE_TIMEOUT_MS } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import { log } from "../../shared/log.ts";
import { unixSeconds } from "../../shared/time.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import type { AlarmScheduler } from "../runtime/alarm-scheduler.ts";
import { readPool } from "../tables/pool-row.ts";
import { markDelivered, markFailed, readBatch, sendBatch } from "./outbox.ts";

export type RelayDeps = {
  readonly directory: D1Database;
  readonly sql: SqlStorage;
  readonly stock: StockSettings;
  readonly alarm: AlarmScheduler;
  /** Runs its argument in a transaction. */
  readonly transaction: <T>(body: () => T) => T;
};

export class OutboxRelay {
  readonly #deps: RelayDeps;
  #underWay: Promise<void> | undefined;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  /** Sends changes at once, unless the last attempt failed: then the alarm sends them. Never throws. */
  async sendNow(): Promise<void> {
    // A batch under way may have been packed before the changes of this call; one packed after it contains them.
    await this.#underWay;
    if (readPool(this.#deps.sql).outboxFailures === 0) await this.send();
  }

  /** Never throws for the directory: the outbox keeps what was not delivered, and notes when to try again. */
  async send(): Promise<void> {
    this.#underWay ??= this.#sendBatch().finally(() => {
      this.#underWay = undefined;
    });
    await this.#underWay;
  }

  async #sendBatch(): Promise<void> {
    const { directory, sql, stock, transaction } = this.#deps;
    const batch = transaction(() => readBatch(sql, stock, Date.now()));
    if (!batch) return;
    try {
      const sending = sendBatch(directory, batch, unixSeconds(Date.now()));
      await withTimeout(DIRECTORY_WRITE_TIMEOUT_MS, sending, () => new Error("no answer in time"));
      this.#note(() => markDelivered(sql, batch, Date.now()));
    } catch (error) {
      log.warn("directory_write_failed", { reason: String(error) });
      this.#note(() => markFailed(sql, Date.now(), Math.random));
    }
  }

  /** Notes what became of a batch, and requests the alarm if there is more to send. */
  #note(outcome: () => void): void {
    const { sql, alarm, transaction } = this.#deps;
    transaction(() => {
      outcome();
      const { outboxDueMs } = readPool(sql);
      if (outboxDueMs !== undefined) alarm.request(outboxDueMs);
    });
  }
}
