/** The pool's later work, done by its one alarm. Each step may be repeated or cut short without harm. */
import { ALARM_CHUNK_ROWS, DIRECTORY_REFRESH_SECONDS } from "../../config/limits.ts";
import type { RetentionSettings } from "../../config/settings.ts";
import { unixSeconds } from "../../shared/time.ts";
import { clearBudgets, lastArrivalMs, sweepBudgets } from "../tables/budgets.ts";
import { oldestEntryAt, sweepJournal } from "../tables/journal.ts";
import { endExpired, firstExpiry, sweepTombstones } from "../tables/packages.ts";
import { readPool } from "../tables/pool-row.ts";
import { clearQueues, sweepQueues } from "../tables/queues.ts";
import { hasRegisteredClient, sweepRevokedClients } from "../tables/registrations.ts";
import { firstReplayExpiry, sweepReplays } from "../tables/replays.ts";

export type Swept = {
  /** Ids of the clients of which a live package has expired. */
  readonly expiredOf: readonly number[];
  /** Whether rows are left that should go too. */
  readonly unfinished: boolean;
};

/**
 * Ends packages that have expired, forgets tombstones whose package could not be used any more, and removes old replay
 * records, journal entries, budgets, queues and clients. Runs inside one transaction.
 */
export function sweep(sql: SqlStorage, retention: RetentionSettings, nowMs: number): Swept {
  const now = unixSeconds(nowMs);
  const expiredOf = endExpired(sql, now, ALARM_CHUNK_ROWS);
  const removed = [
    sweepTombstones(sql, now, ALARM_CHUNK_ROWS),
    sweepReplays(sql, now, ALARM_CHUNK_ROWS),
    sweepJournal(sql, now - retention.journalSeconds, ALARM_CHUNK_ROWS),
  ];
  sweepBudgets(sql, nowMs);
  sweepQueues(sql);
  for (const clientId of sweepRevokedClients(sql)) {
    clearQueues(sql, clientId);
    clearBudgets(sql, clientId);
  }
  return { expiredOf, unfinished: removed.some((count) => count >= ALARM_CHUNK_ROWS) };
}

/** When there will be something to do, in unix milliseconds; undefined for a pool with nothing to wait for. */
export function nextDueMs(sql: SqlStorage, retention: RetentionSettings): number | undefined {
  const pool = readPool(sql);
  const oldestAt = oldestEntryAt(sql);
  const seconds = [
    hasRegisteredClient(sql) ? pool.projectedAt + DIRECTORY_REFRESH_SECONDS : undefined,
    firstExpiry(sql),
    firstReplayExpiry(sql),
    oldestAt === undefined ? undefined : oldestAt + retention.journalSeconds + 1,
  ];
  const due = [
    pool.outboxDueMs,
    lastArrivalMs(sql),
    ...seconds.map((time) => (time === undefined ? undefined : time * 1000)),
  ].filter((time) => time !== undefined);
  return due.length > 0 ? Math.min(...due) : undefined;
}
