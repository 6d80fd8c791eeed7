/** What is left in a client's queues, by ciphersuite. */
import type { StockSettings } from "../../config/settings.ts";
import type { SuiteInventory } from "../../contract/pool-messages.ts";

type QueueStock = { ciphersuite: number; last_resort: number; usable: number; next_expiry: number | null };

/**
 * The stock of each ciphersuite of which the client has queues. Reads one row per queue and the rows that have expired
 * since the last sweep: the same work however large the stock is.
 */
export function inventory(
  sql: SqlStorage,
  clientId: number,
  settings: StockSettings,
  now: number,
): readonly SuiteInventory[] {
  const queues = sql
    .exec<QueueStock>(
      `SELECT ciphersuite, last_resort,
         live - (SELECT COUNT(*) FROM key_packages AS k WHERE k.queue_id = q.queue_id AND k.state = 0 AND k.not_after <= ?2)
           AS usable,
         (SELECT MIN(not_after) FROM key_packages AS k WHERE k.queue_id = q.queue_id AND k.state = 0 AND k.not_after > ?2)
           AS next_expiry
       FROM queues AS q WHERE client_id = ?1 ORDER BY ciphersuite`,
      clientId,
      now,
    )
    .toArray();
  const suites = new Map<number, { available: number; lastResort: boolean; nextExpiry: number | undefined }>();
  for (const queue of queues) {
    const suite = suites.get(queue.ciphersuite) ?? { available: 0, lastResort: false, nextExpiry: undefined };
    if (queue.last_resort === 1) suite.lastResort ||= queue.usable > 0;
    else suite.available += queue.usable;
    if (queue.next_expiry !== null)
      suite.nextExpiry = Math.min(suite.nextExpiry ?? queue.next_expiry, queue.next_expiry);
    suites.set(queue.ciphersuite, suite);
  }
  return [...suites].map(([ciphersuite, suite]) => ({
    ciphersuite,
    ...suite,
    target: settings.targetPackages,
    lowWatermark: settings.lowWatermarkPackages,
    needsUpload: suite.available < settings.lowWatermarkPackages,
  }));
}
