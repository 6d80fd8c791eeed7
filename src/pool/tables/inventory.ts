/** A client's stock as its owner sees it, from its record and its chunks. */
import type { StockSettings } from "../../config/settings.ts";
import type { SuiteInventory } from "../../contract/pool-messages.ts";
import { nextExpiry, type QueueStock, stockOfQueues } from "./chunks.ts";
import { allClients, type ClientRecord, type Queue } from "./clients.ts";

/** What is left for each ciphersuite that the client has ever stocked. */
export function inventory(
  sql: SqlStorage,
  client: ClientRecord,
  settings: StockSettings,
  now: number,
): readonly SuiteInventory[] {
  const stock = recordedStock(client, now) ?? stockOfQueues(sql, client.clientId, now);
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

/** When the next package of the pool expires, in unix seconds. Reads chunks only where no record tells. */
export function nextExpiryOfPool(sql: SqlStorage): number | undefined {
  const stocked = allClients(sql).flatMap(({ queues }) => queues.filter(isStocked));
  const ends = stocked.flatMap((queue) => queue.nextExpiry ?? []);
  if (ends.length < stocked.length) return nextExpiry(sql);
  return ends.length > 0 ? Math.min(...ends) : undefined;
}

/** What the client's record tells of its stock, which costs the same however large it is; undefined if chunks must be read. */
function recordedStock({ queues }: ClientRecord, now: number): ReadonlyMap<number, QueueStock> | undefined {
  const stocked = queues.filter(isStocked);
  if (stocked.some((queue) => queue.nextExpiry === undefined || queue.nextExpiry <= now)) return undefined;
  return new Map(stocked.map(({ queueId, live, nextExpiry: next }) => [queueId, { usable: live, nextExpiry: next }]));
}

const isStocked = ({ live }: Queue): boolean => live > 0;
