/** A client's stock as its owner sees it, from its record and its chunks. */
import { LAST_RESORT_ROTATION_SECONDS } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import type { LastResortView, SuiteInventory } from "../../contract/inventory-messages.ts";
import { clientsWithExpired, type QueueStock, stockOfQueues } from "./chunks-table.ts";
import { allClients, type ClientRecord, type Queue, type QueueUse } from "./clients-table.ts";

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

const needsRotation = ({ storedAt, uses }: QueueUse, now: number): boolean =>
  uses > 0 || now - storedAt >= LAST_RESORT_ROTATION_SECONDS;

/** When the first package of the pool expires of those that expire later than `after`, in unix seconds. */
export function nextExpiryOfPool(sql: SqlStorage, after: number): number | undefined {
  return earliest(allClients(sql).map((client) => nextExpiryAfter(sql, client, after)));
}

/** The same of one client. Reads chunks only where its record does not tell. */
export function nextExpiryAfter(sql: SqlStorage, client: ClientRecord, after: number): number | undefined {
  const stock = recordedStock(client, after) ?? stockOfQueues(sql, client.clientId, after);
  return earliest([...stock.values()].map(({ nextExpiry }) => nextExpiry));
}

/** Whether any of these clients has packages that had expired at `time`. Reads chunks only where records do not tell. */
export function hasExpired(sql: SqlStorage, clients: readonly ClientRecord[], time: number): boolean {
  return (
    clients.some((client) => recordedStock(client, time) === undefined) && clientsWithExpired(sql, time).length > 0
  );
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

/** What the client's record tells of its stock, which costs the same however large it is; undefined if chunks must be read. */
function recordedStock({ queues }: ClientRecord, now: number): ReadonlyMap<number, QueueStock> | undefined {
  const stocked = queues.filter(isStocked);
  if (stocked.some((queue) => queue.nextExpiry === undefined || queue.nextExpiry <= now)) return undefined;
  return new Map(stocked.map(({ queueId, live, nextExpiry: next }) => [queueId, { usable: live, nextExpiry: next }]));
}

const isStocked = ({ live }: Queue): boolean => live > 0;
