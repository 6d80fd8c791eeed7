/**
 * The restore epoch. A storage that was set back to an older copy holds packages again that were handed out since.
 * Which they are cannot be told, so every one-time package stored before the epoch is void; last resorts may be given
 * twice by nature and stay.
 */
import { allClients, writeClient } from "../tables/clients.ts";
import { readPool, writePool } from "../tables/pool-row.ts";
import { removePackages } from "./stock.ts";

/**
 * Adopts a newer epoch (unix seconds) and voids what it ends, in the same transaction as the call that brought it.
 * Returns whether any client lost packages.
 */
export function applyRestoreEpoch(sql: SqlStorage, epoch: number): boolean {
  if (epoch <= readPool(sql).restoreEpoch) return false;
  writePool(sql, { restoreEpoch: epoch });
  let hasVoided = false;
  for (const client of allClients(sql)) {
    const lastResorts = new Set(client.queues.flatMap((queue) => (queue.lastResort ? [queue.queueId] : [])));
    const voided = removePackages(
      sql,
      client,
      (_, { queueId, storedAt }) => storedAt < epoch && !lastResorts.has(queueId),
    );
    if (voided.ended === 0) continue;
    writeClient(sql, { ...voided.client, changes: client.changes + 1 });
    hasVoided = true;
  }
  return hasVoided;
}
