/** Carries what the outbox holds to the directory, one batch at a time. */
import { DIRECTORY_WRITE_TIMEOUT_MS, OUTBOX_RETRY_MAX_MS } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import { removeOlder, removeUser, writeNews } from "../../directory/projection.ts";
import { moveRoutes } from "../../directory/routes.ts";
import { allShards, type Directory, type Shard } from "../../directory/shards.ts";
import { writePoint } from "../../shared/data-points.ts";
import { log } from "../../shared/log.ts";
import type { Look } from "../looks.ts";
import type { AlarmScheduler } from "../runtime/alarm-scheduler.ts";
import { readPool } from "../tables/pool-row.ts";
import { clientsWithNews, lagMs, markDelivered, type OutboxBatch, readBatch } from "./outbox.ts";

export type RelayDeps = {
  readonly directory: Directory;
  readonly sql: SqlStorage;
  readonly stock: StockSettings;
  readonly alarm: AlarmScheduler;
  readonly metrics: AnalyticsEngineDataset | undefined;
  /** Called after each attempt with how late the oldest of its news were, in milliseconds. Must not throw. */
  readonly noteLag: (lagMs: number, nowMs: number) => void;
  /** Runs its argument in a transaction. */
  readonly transaction: <T>(body: () => T) => T;
};

export class OutboxRelay {
  readonly #of: RelayDeps;
  #underWay: Promise<void> | undefined;
  /** After a database has not answered in time: until then only the alarm asks it, so that callers do not wait for it. */
  #silentUntilMs = 0;

  constructor(of: RelayDeps) {
    this.#of = of;
  }

  /** Whether the directory lacks anything. */
  hasNews(): boolean {
    const pool = readPool(this.#of.sql);
    const home = this.#of.directory.homeOf(pool.user).name;
    return clientsWithNews(this.#of.sql, pool, home).length > 0;
  }

  /** Sends what is new now rather than later, unless the directory is silent: then the alarm will. Never throws. */
  async sendNow(): Promise<void> {
    // A batch that is under way may have been packed before the news of this call; one packed from here on has them.
    await this.#underWay;
    // A time further away than any pause was set by a clock that was ahead.
    const silentForMs = this.#silentUntilMs - Date.now();
    if (silentForMs <= 0 || silentForMs > OUTBOX_RETRY_MAX_MS) await this.send();
  }

  /** Never throws: the outbox keeps what was not delivered, and says when to try again. A batch takes `look` along. */
  async send(look?: Look): Promise<void> {
    // What is under way was packed before this call, and may lack what it wants to be sent.
    await this.#underWay;
    this.#underWay ??= this.#sendBatch(look).finally(() => {
      this.#underWay = undefined;
    });
    await this.#underWay;
  }

  /** Resolves at a moment at which nothing is under way. */
  async idle(): Promise<void> {
    for (let batch = this.#underWay; batch !== undefined; batch = this.#underWay) await batch;
  }

  /** Deletes every row of the user in every database. Whether all of them did; never throws. */
  async eraseUser(user: string): Promise<boolean> {
    const removed = await Promise.allSettled(
      allShards(this.#of.directory).map(({ db }) => removeUser(db, user, DIRECTORY_WRITE_TIMEOUT_MS)),
    );
    const failed = removed.find((outcome) => outcome.status === "rejected");
    if (failed) log.warn("directory_write_failed", { reason: String(failed.reason) });
    return failed === undefined;
  }

  async #sendBatch(look: Look | undefined): Promise<void> {
    const { directory, sql, stock, alarm, metrics, noteLag, transaction } = this.#of;
    const home = directory.homeOf(readPool(sql).user);
    const batch = transaction(() => readBatch(sql, stock, home.name, Date.now(), look));
    if (!batch) return;
    const waiting = readPool(sql);
    const startedMs = Date.now();
    const { delivered, error, isSilent } = await writeNews(home.db, batch.news, DIRECTORY_WRITE_TIMEOUT_MS);
    if (error !== undefined) log.warn("directory_write_failed", { reason: String(error) });
    const endedMs = Date.now();
    const lag = lagMs(waiting, endedMs);
    noteLag(lag, endedMs);
    writePoint(metrics, "delivery", {
      outcome: isSilent ? "silent" : error === undefined ? "delivered" : "refused",
      count: 1,
      ms: endedMs - startedMs,
      earlier_failures: waiting.outboxFailures,
      lag_ms: lag,
    });
    const isComplete = error === undefined && (await this.#removeLeftovers(batch, home));
    transaction(() => {
      markDelivered(sql, batch, { delivered, isComplete }, home.name, Date.now(), Math.random);
      const { outboxDueMs } = readPool(sql);
      if (outboxDueMs !== undefined) alarm.request(outboxDueMs);
      this.#silentUntilMs = isSilent ? (outboxDueMs ?? 0) : 0;
    });
  }

  /**
   * After a move and after a resync every client has been sent: whatever is older than that, in whichever database, is
   * of a client that the pool does not have or in the wrong place. Routes, which no pool could send again, are moved to
   * the user's database. Returns whether nothing is left in the others.
   */
  async #removeLeftovers({ projectedTo, news }: OutboxBatch, home: Shard): Promise<boolean> {
    if (projectedTo === undefined || projectedTo === home.name) return true;
    const { user, version, updatedAt: now } = news;
    const timeoutMs = DIRECTORY_WRITE_TIMEOUT_MS;
    const removed = await Promise.allSettled(
      allShards(this.#of.directory).map(async ({ name, db }) => {
        await removeOlder(db, user, version, timeoutMs);
        return name === home.name || moveRoutes({ from: db, to: home.db }, user, { now, timeoutMs });
      }),
    );
    const failed = removed.find((outcome) => outcome.status === "rejected");
    if (failed) log.warn("directory_write_failed", { reason: String(failed.reason) });
    return removed.every((outcome) => outcome.status === "fulfilled" && outcome.value);
  }
}
