/** A client's stock as its owner sees it, from its record and its chunks. */
import { LAST_RESORT_ROTATION_SECONDS } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import type { LastResortView, SuiteInventory } from "../../contract/pool-messages.ts";
import { nextExpiry, type QueueStock, stockOfQueues } from "./chunks.ts";
import { allClients, type ClientRecord, type LastResortUse, type Queue } from "./clients.ts";

/** What is left for each ciphersuite that the client has ever stocked. */
export function inventory(
  sql: SqlStorage,
  client: ClientRecord,
  settings: StockSettings,
  now: number,
): readonly SuiteInventory[] {
  const stock = recordedStock(client, now) ?? stockOfQueues(sql, client.clientId, now);
  const suites = new Map<number, Stocked>();
  for (const { queueId, ciphersuite, lastResort, use } of client.queues) {
    const { usable, nextExpiry } = stock.get(queueId) ?? { usable: 0, nextExpiry: undefined };
    const suite = suites.get(ciphersuite) ?? { available: 0, lastResort: undefined, nextExpiry: undefined };
    if (!lastResort) suite.available += usable;
    else if (usable > 0 && use) suite.lastResort = { ...use, needsRotation: needsRotation(use, now) };
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
      needsUpload: suite.available < settings.lowWatermarkPackages || suite.lastResort === undefined,
    }));
}

type Stocked = { available: number; lastResort: LastResortView | undefined; nextExpiry: number | undefined };

const needsRotation = ({ storedAt, uses }: LastResortUse, now: number): boolean =>
  uses > 0 || now - storedAt >= LAST_RESORT_ROTATION_SECONDS;

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
