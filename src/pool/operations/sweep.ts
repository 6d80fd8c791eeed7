/**
 * The pool's later work, done by its one alarm. Each step may be repeated or cut short without harm. What has ended is
 * deleted only when a second look at the clock confirms it (looks.ts).
 */
import { ALARM_CHUNK_ROWS, FINGERPRINT_MARGIN_SECONDS } from "../../config/limits.ts";
import type { RetentionSettings } from "../../config/settings.ts";
import { unixSeconds } from "../../shared/time.ts";
import { canLook, confirmedTime, type Look, nextLookAt } from "../looks.ts";
import { clientsWithExpired } from "../tables/chunks-table.ts";
import { endReplays, forgetClaims, NO_REPLAYS_ENDED, oldestClaimAt } from "../tables/claims-table.ts";
import { nextExpiryAfter, nextExpiryOfPool } from "../tables/client-stock.ts";
import { allClients, readClient, writeClient } from "../tables/clients-table.ts";
import { forgetEnded, nextEnd } from "../tables/fingerprints-table.ts";
import { forgettableClients, forgettableTimes } from "../tables/forgettable.ts";
import { readPool } from "../tables/pool-row.ts";
import { dropExpired } from "./stock.ts";

export type Swept = {
  /** Whether there is more to do at once. */
  readonly unfinished: boolean;
  /** Undefined if the last one is yet to be confirmed, or not all of what it ended is deleted. */
  readonly look: Look | undefined;
};

/**
 * Drops packages that have expired, forgets uploads of which none could be used any more, lets go of old answers and
 * journal entries, and marks the clients of which nothing is left: all that had ended by the last look, if it is
 * confirmed. Runs inside one transaction.
 */
export function sweep(sql: SqlStorage, retention: RetentionSettings, nowMs: number): Swept {
  const now = unixSeconds(nowMs);
  const { lookedAt } = readPool(sql);
  const confirmed = confirmedTime(lookedAt, now);
  // The directory was told when they were looked at.
  for (const clientId of clientsWithExpired(sql, confirmed)) {
    writeClient(sql, dropExpired(sql, readClient(sql, clientId), confirmed).client);
  }
  dropOldQueues(sql);
  const counts = [
    forgetEnded(sql, Math.min(confirmed, now - FINGERPRINT_MARGIN_SECONDS), ALARM_CHUNK_ROWS),
    forgetClaims(sql, confirmed - retention.journalSeconds, ALARM_CHUNK_ROWS),
  ];
  endAllReplays(sql, retention.replaySeconds, confirmed);
  markForgettable(sql, confirmed);
  const unfinished = counts.some((count) => count >= ALARM_CHUNK_ROWS);
  return {
    unfinished,
    look: canLook(lookedAt, now) && !unfinished ? { at: now, expired: newlyExpired(sql, lookedAt, now) } : undefined,
  };
}

/** Clients of which packages have expired since the last look. */
function newlyExpired(sql: SqlStorage, lookedAt: number, now: number): ReadonlySet<number> {
  const isNew = (clientId: number) => (nextExpiryAfter(sql, readClient(sql, clientId), lookedAt) ?? Infinity) <= now;
  return new Set(clientsWithExpired(sql, now).filter(isNew));
}

/** An empty queue tells what its client once offered: the newest of its ciphersuite is enough for that. */
function dropOldQueues(sql: SqlStorage): void {
  for (const client of allClients(sql)) {
    const queues = client.queues.filter(
      (queue, index) =>
        queue.live > 0 ||
        !client.queues
          .slice(index + 1)
          .some((newer) => newer.ciphersuite === queue.ciphersuite && newer.lastResort === queue.lastResort),
    );
    if (queues.length < client.queues.length) writeClient(sql, { ...client, queues });
  }
}

/**
 * Marks the clients that may be forgotten: their rows in the directory are deleted first, and when they are, the outbox
 * deletes their records.
 */
function markForgettable(sql: SqlStorage, now: number): void {
  for (const client of forgettableClients(sql, now)) writeClient(sql, { ...client, changes: client.changes + 1 });
}

/** Records are short and in the order of time: the alarm looks at all that have not been looked at. */
function endAllReplays(sql: SqlStorage, replaySeconds: number, now: number): void {
  let ended = NO_REPLAYS_ENDED;
  while (ended.nextAt <= now) ended = endReplays(sql, ended, { now, replaySeconds, limit: ALARM_CHUNK_ROWS });
}

/**
 * When there will be something to do, in unix milliseconds; undefined for a pool with nothing to wait for. The directory
 * is to hear of what expires, and of clients that are forgotten. All other deletions are done by alarms that ring anyway:
 * they have one of their own only when no other comes.
 */
export function nextDueMs(sql: SqlStorage, retention: RetentionSettings): number | undefined {
  const { lookedAt, outboxDueMs } = readPool(sql);
  const lookTimes = (ends: readonly (number | undefined)[]) =>
    ends.flatMap((end) => (end === undefined ? [] : [nextLookAt(lookedAt, end) * 1000]));
  const times = lookTimes([nextExpiryOfPool(sql, lookedAt), ...forgettableTimes(sql)]);
  if (outboxDueMs !== undefined) times.push(outboxDueMs);
  if (times.length === 0) {
    const oldestAt = oldestClaimAt(sql);
    const firstEnd = nextEnd(sql);
    if (firstEnd !== undefined) {
      times.push(Math.max(nextLookAt(lookedAt, firstEnd), firstEnd + FINGERPRINT_MARGIN_SECONDS) * 1000);
    }
    times.push(
      ...lookTimes([
        nextExpiryOfPool(sql, -1),
        oldestAt === undefined ? undefined : oldestAt + retention.journalSeconds + 1,
      ]),
    );
  }
  return times.length > 0 ? Math.min(...times) : undefined;
}
