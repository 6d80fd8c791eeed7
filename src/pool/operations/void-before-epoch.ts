/**
 * The restore epoch. A storage that was set back to an older copy holds packages again that were handed out since. No
 * record says which, so every one-time package stored before the epoch is void; last resorts are meant to be given more
 * than once and stay.
 */
import { voidStoredBefore } from "../tables/packages.ts";
import { readPool, setRestoreEpoch } from "../tables/pool-row.ts";
import { allClients } from "../tables/registrations.ts";

/**
 * Takes over a newer epoch (unix seconds) and voids what it ends, in the same transaction as the call that brought it.
 * Returns the ids of the clients that lost packages.
 */
export function applyRestoreEpoch(sql: SqlStorage, epoch: number, now: number): readonly number[] {
  if (epoch <= readPool(sql).restoreEpoch) return [];
  setRestoreEpoch(sql, epoch);
  return allClients(sql)
    .map((client) => client.clientId)
    .filter((clientId) => voidStoredBefore(sql, clientId, epoch, now) > 0);
}
