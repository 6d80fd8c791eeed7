/**
 * The restore epoch. A storage that was set back to an older copy has packages again that were handed out, replaced or
 * revoked since, and has forgotten what came and was claimed since. Which they are cannot be told. So every package that
 * was stored before the epoch is void, last resorts too: of a revoked device they would be the worst to hand out, and
 * the owner of a replaced one may have deleted its key. And no package is taken that was made before the epoch.
 */
import type { Settings } from "../../config/settings.ts";
import { type Leaving, livePackages } from "../tables/chunks-table.ts";
import { deleteCapabilitiesBefore } from "../tables/claim-capabilities-table.ts";
import { allClients, type ClientRecord, writeClient } from "../tables/clients-table.ts";
import { writePool } from "../tables/pool-row.ts";
import { removePackages } from "./stock.ts";

/**
 * The earliest `not_before` of packages made after the epoch, in unix seconds, for clients that date it back by
 * `backdatingSeconds`. 0 without an epoch.
 */
export const earliestNotBefore = (epoch: number, backdatingSeconds: number): number =>
  Math.max(0, epoch - backdatingSeconds);

/**
 * The latest that a package may expire which was uploaded before the epoch, in unix seconds: it was accepted up to the
 * clock skew ahead of its start, and with the longest lifetime. Infinity where lifetimes have no bound, 0 without an
 * epoch.
 */
export const lastExpiryOfOlder = (
  epoch: number,
  { maxTotalLifetimeSeconds = Infinity, uploadClockSkewSeconds }: LifetimeSettings,
): number => (epoch > 0 ? epoch + uploadClockSkewSeconds + maxTotalLifetimeSeconds : 0);

type LifetimeSettings = Pick<Settings, "maxTotalLifetimeSeconds" | "uploadClockSkewSeconds">;

/**
 * Adopts an epoch (unix seconds) that is newer than the pool's, and voids what it ends, in the same transaction as the
 * call that brought it. Returns the clients that lost packages, as they were before.
 */
export function applyRestoreEpoch(sql: SqlStorage, epoch: number, backdatingSeconds: number): readonly ClientRecord[] {
  writePool(sql, { restoreEpoch: epoch });
  deleteCapabilitiesBefore(sql, epoch);
  const voids = isVoid(epoch, backdatingSeconds);
  const emptied: ClientRecord[] = [];
  for (const client of allClients(sql)) {
    const voided = removePackages(sql, client, voids);
    if (voided.ended === 0) continue;
    writeClient(sql, { ...voided.client, changes: client.changes + 1 });
    emptied.push(client);
  }
  return emptied;
}

/** Whether the epoch voids a package. What was made before may have been uploaded after it, while the pool did not know. */
function isVoid(epoch: number, backdatingSeconds: number): Leaving {
  const earliest = earliestNotBefore(epoch, backdatingSeconds);
  return ({ notBefore }, { storedAt }) => storedAt < epoch || notBefore < earliest;
}

/** How many packages of the user's clients an epoch would void, by the kinds of their queues. Changes nothing. */
export function countVoid(
  sql: SqlStorage,
  epoch: number,
  backdatingSeconds: number,
): { readonly oneTime: number; readonly lastResorts: number } {
  const voids = isVoid(epoch, backdatingSeconds);
  const voided = allClients(sql).flatMap(({ clientId, queues }) => {
    const lastResorts = new Set(queues.filter(({ lastResort }) => lastResort).map(({ queueId }) => queueId));
    return livePackages(sql, clientId)
      .filter(({ entry, ...place }) => voids(entry, place))
      .map(({ queueId }) => lastResorts.has(queueId));
  });
  const lastResorts = voided.filter((isLastResort) => isLastResort).length;
  return { oneTime: voided.length - lastResorts, lastResorts };
}
