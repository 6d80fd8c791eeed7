/** The pool's later work, done by its one alarm. Each step may be repeated or cut short without harm. */
import { ALARM_CHUNK_ROWS, MAX_CLIENTS_PER_USER } from "../../config/limits.ts";
import type { RetentionSettings } from "../../config/settings.ts";
import { unixSeconds } from "../../shared/time.ts";
import { clientsWithExpired, nextExpiry } from "../tables/chunks.ts";
import { endReplays, forgetClaims, oldestClaimAt } from "../tables/claims.ts";
import { allClients, readClient, writeClient } from "../tables/clients.ts";
import { forgetEnded, nextForgotten } from "../tables/fingerprints.ts";
import { isForgettable, nextForgettable } from "../tables/forgettable.ts";
import { readPool } from "../tables/pool-row.ts";
import { dropExpired } from "./stock.ts";

export type Swept = {
  /** Whether the directory has something to hear: clients lost packages that expired, or are to be forgotten. */
  readonly hasNews: boolean;
  /** Whether there is more to do at once. */
  readonly unfinished: boolean;
};

/**
 * Drops packages that have expired, forgets uploads of which none could be used any more, lets go of old answers and
 * journal entries, and marks the clients of which nothing is left. Runs inside one transaction.
 */
export function sweep(sql: SqlStorage, retention: RetentionSettings, nowMs: number): Swept {
  const now = unixSeconds(nowMs);
  const expired = clientsWithExpired(sql, now, MAX_CLIENTS_PER_USER);
  for (const clientId of expired) {
    const { client } = dropExpired(sql, readClient(sql, clientId), now);
    writeClient(sql, { ...client, changes: client.changes + 1 });
  }
  const counts = [
    forgetEnded(sql, now, ALARM_CHUNK_ROWS),
    forgetClaims(sql, now - retention.journalSeconds, ALARM_CHUNK_ROWS),
  ];
  endAllReplays(sql, now);
  const forgotten = markForgettable(sql, now);
  return {
    hasNews: expired.length > 0 || forgotten > 0,
    unfinished: counts.some((count) => count >= ALARM_CHUNK_ROWS),
  };
}

/**
 * Marks the clients that may be forgotten: their rows in the directory are deleted first, and when they are, the outbox
 * deletes their records. Returns how many are newly marked.
 */
function markForgettable(sql: SqlStorage, now: number): number {
  const { projected } = readPool(sql);
  const gone = allClients(sql).filter(
    (client) => client.changes === projected[client.clientId] && isForgettable(sql, client, now),
  );
  for (const client of gone) writeClient(sql, { ...client, changes: client.changes + 1 });
  return gone.length;
}

/** Records are short and in the order of time: the alarm looks at all that have not been looked at. */
function endAllReplays(sql: SqlStorage, now: number): void {
  for (let after = -1, reached = 0; reached !== after; ) {
    after = reached;
    reached = endReplays(sql, after, now, ALARM_CHUNK_ROWS);
  }
}

/**
 * When there will be something to do, in unix milliseconds; undefined for a pool with nothing to wait for. What claims
 * leave behind is cleaned by later writes and by alarms that ring anyway: it has one of its own only when no other comes.
 */
export function nextDueMs(sql: SqlStorage, retention: RetentionSettings): number | undefined {
  const oldestAt = oldestClaimAt(sql);
  const times = [nextExpiry(sql), nextForgotten(sql), nextForgettable(sql)].flatMap((time) =>
    time === undefined ? [] : [time * 1000],
  );
  const { outboxDueMs } = readPool(sql);
  if (outboxDueMs !== undefined) times.push(outboxDueMs);
  if (times.length === 0 && oldestAt !== undefined) times.push((oldestAt + retention.journalSeconds + 1) * 1000);
  return times.length > 0 ? Math.min(...times) : undefined;
}
