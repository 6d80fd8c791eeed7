/** The pool's later work, done by its one alarm. Each step may be repeated or cut short without harm. */
import { ALARM_CHUNK_ROWS } from "../../config/limits.ts";
import type { RetentionSettings } from "../../config/settings.ts";
import { unixSeconds } from "../../shared/time.ts";
import { clientsWithExpired } from "../tables/chunks.ts";
import { endReplays, forgetClaims, NO_REPLAYS_ENDED, oldestClaimAt } from "../tables/claims.ts";
import { allClients, readClient, writeClient } from "../tables/clients.ts";
import { forgetEnded, nextForgotten } from "../tables/fingerprints.ts";
import { isForgettable, nextForgettable } from "../tables/forgettable.ts";
import { nextExpiryOfPool } from "../tables/inventory.ts";
import { readPool } from "../tables/pool-row.ts";
import { dropExpired } from "./stock.ts";

/**
 * Drops packages that have expired, forgets uploads of which none could be used any more, lets go of old answers and
 * journal entries, and marks the clients of which nothing is left. Runs inside one transaction; returns whether there is
 * more to do at once.
 */
export function sweep(sql: SqlStorage, retention: RetentionSettings, nowMs: number): boolean {
  const now = unixSeconds(nowMs);
  for (const clientId of clientsWithExpired(sql, now)) {
    const { client } = dropExpired(sql, readClient(sql, clientId), now);
    writeClient(sql, { ...client, changes: client.changes + 1 });
  }
  dropOldQueues(sql);
  const counts = [
    forgetEnded(sql, now, ALARM_CHUNK_ROWS),
    forgetClaims(sql, now - retention.journalSeconds, ALARM_CHUNK_ROWS),
  ];
  endAllReplays(sql, retention.replaySeconds, now);
  markForgettable(sql, now);
  return counts.some((count) => count >= ALARM_CHUNK_ROWS);
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
  const { projected } = readPool(sql);
  const gone = allClients(sql).filter(
    (client) => client.changes === projected[client.clientId] && isForgettable(sql, client, now),
  );
  for (const client of gone) writeClient(sql, { ...client, changes: client.changes + 1 });
}

/** Records are short and in the order of time: the alarm looks at all that have not been looked at. */
function endAllReplays(sql: SqlStorage, replaySeconds: number, now: number): void {
  let ended = NO_REPLAYS_ENDED;
  while (ended.nextAt <= now) ended = endReplays(sql, ended, { now, replaySeconds, limit: ALARM_CHUNK_ROWS });
}

/**
 * When there will be something to do, in unix milliseconds; undefined for a pool with nothing to wait for. What claims
 * leave behind is cleaned by later writes and by alarms that ring anyway: it has one of its own only when no other comes.
 */
export function nextDueMs(sql: SqlStorage, retention: RetentionSettings): number | undefined {
  const oldestAt = oldestClaimAt(sql);
  const times = [nextExpiryOfPool(sql), nextForgotten(sql), nextForgettable(sql)].flatMap((time) =>
    time === undefined ? [] : [time * 1000],
  );
  const { outboxDueMs } = readPool(sql);
  if (outboxDueMs !== undefined) times.push(outboxDueMs);
  if (times.length === 0 && oldestAt !== undefined) times.push((oldestAt + retention.journalSeconds + 1) * 1000);
  return times.length > 0 ? Math.min(...times) : undefined;
}
