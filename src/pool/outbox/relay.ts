/** Carries what the outbox holds to the directory, one batch at a time. */
import { DIRECTORY_WRITE_TIMEOUT_MS } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import { projectionStatements } from "../../directory/projection.ts";
import { log } from "../../shared/log.ts";
import { unixSeconds } from "../../shared/time.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import type { AlarmScheduler } from "../runtime/alarm-scheduler.ts";
import { readPool } from "../tables/pool-row.ts";
import { markDelivered, markFailed, readBatch } from "./outbox.ts";

export type RelayDeps = {
  readonly directory: D1Database;
  readonly sql: SqlStorage;
  readonly stock: StockSettings;
  readonly alarm: AlarmScheduler;
  /** Runs its argument in a transaction. */
  readonly transaction: <T>(body: () => T) => T;
};

export class OutboxRelay {
  readonly #of: RelayDeps;
  #underWay: Promise<void> | undefined;

  constructor(of: RelayDeps) {
    this.#of = of;
  }

  /** Sends what is new now rather than later, unless the directory is in trouble: then the alarm will. Never throws. */
  async sendNow(): Promise<void> {
    // A batch that is under way may have been packed before the news of this call; one packed from here on has them.
    await this.#underWay;
    if (readPool(this.#of.sql).outboxFailures === 0) await this.send();
  }

  /** Never throws: the outbox keeps what was not delivered, and says when to try again. */
  async send(): Promise<void> {
    this.#underWay ??= this.#sendBatch().finally(() => {
      this.#underWay = undefined;
    });
    await this.#underWay;
  }

  async #sendBatch(): Promise<void> {
    const { directory, sql, stock, transaction } = this.#of;
    const batch = transaction(() => readBatch(sql, stock, Date.now()));
    if (!batch) return;
    try {
      const sending = directory.batch(
        projectionStatements(directory, batch.user, batch.version, unixSeconds(Date.now()), batch.snapshots),
      );
      await withTimeout(DIRECTORY_WRITE_TIMEOUT_MS, sending, () => new Error("no answer in time"));
      this.#note(() => markDelivered(sql, batch, Date.now()));
    } catch (error) {
      log.warn("directory_write_failed", { reason: String(error) });
      this.#note(() => markFailed(sql, Date.now(), Math.random));
    }
  }

  /** Writes down what became of a batch, and asks for the alarm if there is more to send. */
  #note(outcome: () => void): void {
    const { sql, alarm, transaction } = this.#of;
    transaction(() => {
      outcome();
      const { outboxDueMs } = readPool(sql);
      if (outboxDueMs !== undefined) alarm.request(outboxDueMs);
    });
  }
}
