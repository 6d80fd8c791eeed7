/** A client's stock as its owner sees it, and ending packages of it. */
import type { StockSettings } from "../../config/settings.ts";
import type { SuiteInventory } from "../../contract/pool-messages.ts";
import { type Leaving, stockOfQueues, takeOut } from "../tables/chunks.ts";
import { type ClientRecord, withLive } from "../tables/clients.ts";
import { markRemoved } from "../tables/fingerprints.ts";

/** What is left for each ciphersuite that the client has ever stocked. */
export function inventory(
  sql: SqlStorage,
  client: ClientRecord,
  settings: StockSettings,
  now: number,
): readonly SuiteInventory[] {
  const stock = stockOfQueues(sql, client.clientId, now);
  const suites = new Map<number, { available: number; lastResort: boolean; nextExpiry: number | undefined }>();
  for (const { queueId, ciphersuite, lastResort } of client.queues) {
    const { usable, nextExpiry } = stock.get(queueId) ?? { usable: 0, nextExpiry: undefined };
    const suite = suites.get(ciphersuite) ?? { available: 0, lastResort: false, nextExpiry: undefined };
    if (lastResort) suite.lastResort ||= usable > 0;
    else suite.available += usable;
    if (nextExpiry !== undefined) suite.nextExpiry = Math.min(suite.nextExpiry ?? nextExpiry, nextExpiry);
    suites.set(ciphersuite, suite);
  }
  return [...suites]
    .sort(([a], [b]) => a - b)
    .map(([ciphersuite, suite]) => ({
      ciphersuite,
      ...suite,
      target: settings.targetPackages,
      lowWatermark: settings.lowWatermarkPackages,
      needsUpload: suite.available < settings.lowWatermarkPackages,
    }));
}

/** Packages that left, and the client's record as it is now, which the caller writes. */
export type Ended = { readonly ended: number; readonly client: ClientRecord };

/** Removes packages for good, and remembers that they were removed and not claimed. */
export function removePackages(sql: SqlStorage, client: ClientRecord, leaves: Leaving): Ended {
  const left = takeOut(sql, client.clientId, leaves);
  markRemoved(
    sql,
    client.clientId,
    left.map(({ ref }) => ref),
  );
  return { ended: left.length, client: { ...client, queues: withoutLeft(client, left) } };
}

/** Drops packages that have expired: their time says that they cannot be used again, so nothing more is noted. */
export function dropExpired(sql: SqlStorage, client: ClientRecord, now: number): Ended {
  const left = takeOut(sql, client.clientId, ({ notAfter }) => notAfter <= now);
  return { ended: left.length, client: { ...client, queues: withoutLeft(client, left) } };
}

function withoutLeft(client: ClientRecord, left: readonly { readonly queueId: number }[]) {
  return left.reduce((queues, { queueId }) => withLive(queues, queueId, -1), client.queues);
}
