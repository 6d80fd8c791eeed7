/** The pool's later work, done by its one alarm. Each step may be repeated or cut short without harm. */
import { ALARM_CHUNK_ROWS, DIRECTORY_REFRESH_SECONDS } from "../../config/limits.ts";
import type { RetentionSettings } from "../../config/settings.ts";
import { sweepBudgets } from "../tables/budgets.ts";
import { sweepJournal } from "../tables/journal.ts";
import { readPool } from "../tables/pool-row.ts";
import { State } from "../tables/pool-schema.ts";
import { sweepRevokedClients } from "../tables/registrations.ts";
import { sweepReplays } from "../tables/replays.ts";

export type Swept = { readonly expiredOf: readonly number[]; readonly unfinished: boolean };

/**
 * Ends packages that have expired, forgets tombstones whose package could not be used any more, and lets go of old
 * replay records, journal entries, budgets, queues and clients. Runs inside one transaction; `unfinished` asks for more.
 */
export function sweep(sql: SqlStorage, retention: RetentionSettings, nowMs: number): Swept {
  const now = Math.floor(nowMs / 1000);
  const expired = expireLive(sql, now);
  const tombstones = sql
    .exec(
      `DELETE FROM key_packages WHERE sequence IN
         (SELECT sequence FROM key_packages WHERE not_after <= ? AND state <> 0 ORDER BY not_after LIMIT ?)
       RETURNING sequence`,
      now,
      ALARM_CHUNK_ROWS,
    )
    .toArray().length;
  const replays = sweepReplays(sql, now, ALARM_CHUNK_ROWS);
  const entries = sweepJournal(sql, now - retention.journalSeconds, ALARM_CHUNK_ROWS);
  sweepBudgets(sql, nowMs);
  // A queue that is empty tells what a client once offered; the newest of its kind is enough for that.
  sql.exec(
    `DELETE FROM queues WHERE live = 0 AND EXISTS (SELECT 1 FROM queues AS newer
       WHERE newer.client_id = queues.client_id AND newer.ciphersuite = queues.ciphersuite
         AND newer.last_resort = queues.last_resort AND newer.queue_id > queues.queue_id)`,
  );
  sweepRevokedClients(sql);
  return {
    expiredOf: expired,
    unfinished: [tombstones, replays, entries].some((count) => count >= ALARM_CHUNK_ROWS),
  };
}

/** The clients whose live packages have run out of time; their rows go with the tombstones of the same age. */
function expireLive(sql: SqlStorage, now: number): readonly number[] {
  const rows = sql
    .exec<{ sequence: number; client_id: number; queue_id: number }>(
      "SELECT sequence, client_id, queue_id FROM key_packages WHERE not_after <= ? AND state = 0 LIMIT ?",
      now,
      ALARM_CHUNK_ROWS,
    )
    .toArray();
  for (const row of rows) {
    sql.exec(
      "UPDATE key_packages SET state = ?, ended_at = ?, key_package = NULL WHERE sequence = ?",
      State.expired,
      now,
      row.sequence,
    );
    sql.exec("UPDATE queues SET live = live - 1 WHERE queue_id = ?", row.queue_id);
  }
  return [...new Set(rows.map((row) => row.client_id))];
}

/** When there will be something to do, in unix milliseconds; undefined for a pool with nothing to wait for. */
export function nextDueMs(sql: SqlStorage, retention: RetentionSettings): number | undefined {
  const pool = readPool(sql);
  const earliest = sql
    .exec<{
      clients: number;
      expiry: number | null;
      replay: number | null;
      entry: number | null;
      budget: number | null;
    }>(
      `SELECT EXISTS (SELECT 1 FROM clients WHERE revoked_at IS NULL) AS clients,
              (SELECT MIN(not_after) FROM key_packages) AS expiry,
              (SELECT MIN(expires_at) FROM claims) AS replay,
              (SELECT at FROM journal ORDER BY sequence LIMIT 1) AS entry,
              (SELECT MAX(arrival_ms) FROM budgets) AS budget`,
    )
    .one();
  const due = [
    pool.outboxDueMs,
    earliest.clients === 1 ? (pool.projectedAt + DIRECTORY_REFRESH_SECONDS) * 1000 : undefined,
    earliest.expiry !== null ? earliest.expiry * 1000 : undefined,
    earliest.replay !== null ? earliest.replay * 1000 : undefined,
    earliest.entry !== null ? (earliest.entry + retention.journalSeconds + 1) * 1000 : undefined,
    earliest.budget ?? undefined,
  ].filter((time) => time !== undefined);
  return due.length > 0 ? Math.min(...due) : undefined;
}
