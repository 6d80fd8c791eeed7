/**
 * The restore epoch. A storage that was set back to an older copy holds packages again that were handed out since.
 * Nobody can tell which, so every one-time package stored before the epoch is void; last resorts may be given twice
 * by nature and stay.
 */

import { queuesOf } from "../tables/packages.ts";
import { readPool } from "../tables/pool-row.ts";
import { State } from "../tables/pool-schema.ts";
import { allClients } from "../tables/registrations.ts";

/**
 * Takes over a newer epoch (unix seconds) and voids what it ends, in the same transaction as the call that brought it.
 * Returns the ids of the clients that lost packages.
 */
export function applyRestoreEpoch(sql: SqlStorage, epoch: number, now: number): readonly number[] {
  if (epoch <= readPool(sql).restoreEpoch) return [];
  sql.exec("UPDATE pool SET restore_epoch = ? WHERE id = 1", epoch);
  const touched = new Set<number>();
  for (const { clientId } of allClients(sql)) {
    for (const queue of queuesOf(sql, clientId)) {
      if (queue.lastResort || queue.live === 0) continue;
      const voided = sql
        .exec(
          `UPDATE key_packages SET state = ?, ended_at = ?, key_package = NULL
           WHERE queue_id = ? AND state = 0 AND stored_at < ? RETURNING sequence`,
          State.voided,
          now,
          queue.queueId,
          epoch,
        )
        .toArray().length;
      if (voided === 0) continue;
      sql.exec("UPDATE queues SET live = live - ? WHERE queue_id = ?", voided, queue.queueId);
      touched.add(clientId);
    }
  }
  return [...touched];
}
