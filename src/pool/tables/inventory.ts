/** A client's stock as its owner sees it, from its record and its chunks. */
import type { StockSettings } from "../../config/settings.ts";
import type { SuiteInventory } from "../../contract/pool-messages.ts";
import { stockOfQueues } from "./chunks.ts";
import type { ClientRecord } from "./clients.ts";

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
