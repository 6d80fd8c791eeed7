/** From what was measured of each operation to what one of it uses over its whole life. Pure. */
import { BULK_USERS, HABITS, type UsageOfOne } from "./month.ts";
import type { OperationFigures, OperationsFigures } from "./operations.ts";
import { GB, OBJECT_GB } from "./prices.ts";
import type { Counted } from "./row-meter.ts";
import type { Footprint, Measured } from "./row-scenarios.ts";
import { sum, times, type Usage } from "./usage.ts";

/** Rows in the units that are billed. */
const billed = ({ poolRows, alarms, directoryRows, rowsRead }: Counted): Usage => ({
  objectRowsWritten: poolRows + alarms,
  directoryRowsWritten: directoryRows,
  // Which of the two databases was read makes no difference: a row read costs the same in both.
  objectRowsRead: rowsRead,
});

/** A request to the Worker. A pool runs no longer than from request to answer, so its time is an upper bound. */
const requested = ({ poolCalls, alarmsRung, cpuMs, latencyMs }: OperationFigures): Usage => ({
  workerRequests: 1,
  workerCpuMs: cpuMs,
  logLines: 1,
  objectRequests: poolCalls + alarmsRung,
  objectGbSeconds: poolCalls > 0 ? (OBJECT_GB * latencyMs) / 1000 : 0,
});

const difference = (a: Counted, b: Counted): Usage => sum(billed(a), times(billed(b), -1));

/** What a claim leaves behind: its answer ends after a day if it came with a key, and its record after thirty. */
const claimLater = (rows: Measured, withKey: boolean): Usage =>
  sum(
    times(billed(withKey ? rows.cleanup_100_claimed_with_keys : rows.cleanup_100_claimed), 1 / 100),
    withKey ? difference(rows.claim_with_key_a_day_later, rows.claim_with_key) : {},
  );

export function usageOfOne(rows: Measured, bytes: Footprint, figures: OperationsFigures): UsageOfOne {
  const ofTwo = billed(rows.claim_of_two_clients);
  const withKey = sum(ofTwo, claimLater(rows, true));
  return {
    publish: sum(billed(rows.publish_100), requested(figures.publish_100)),
    cleanup: sum(billed(rows.cleanup_100), { objectRequests: 1 }),
    claimWithKey: sum(withKey, requested(figures.claim_with_key)),
    claimWithoutKey: sum(
      ofTwo,
      difference(rows.claim_without_key, rows.claim_with_key),
      claimLater(rows, false),
      requested(figures.claim_without_key),
    ),
    bulkClaim: sum(times(withKey, BULK_USERS), requested(figures.bulk_claim_10)),
    replay: sum(billed(rows.replay), requested(figures.replay)),
    inventory: requested(figures.inventory),
    // It tells what it has counted, and reads whom operators blocked.
    isolateMinute: sum(billed(rows.isolate_minute), { objectRequests: 2 }),
    crossing: sum(difference(rows.claim_below_watermark, rows.claim_with_key), { objectRequests: 1 }),
    storedDevice: {
      // The devices of a user share their pool's tables.
      objectGbMonths: (bytes.poolRegistered / HABITS.devicesPerUser + bytes.poolWith100 - bytes.poolRegistered) / GB,
      directoryGbMonths: bytes.directoryPerClient / GB,
    },
  };
}

/** What a million of each use, on a user of one device. */
export function usagePerMillion(
  one: UsageOfOne,
  rows: Measured,
  figures: OperationsFigures,
): Readonly<Record<string, Usage>> {
  const million = (...usages: readonly Usage[]) => times(sum(...usages), 1e6);
  const keyed = sum(billed(rows.claim_with_key), claimLater(rows, true));
  return {
    publish_100: million(one.publish),
    publish_100_and_cleanup: million(one.publish, one.cleanup),
    replace_100: million(billed(rows.replace_100), requested(figures.publish_100)),
    claim_with_key: million(keyed, requested(figures.claim_with_key)),
    claim_without_key: million(
      billed(rows.claim_without_key),
      claimLater(rows, false),
      requested(figures.claim_without_key),
    ),
    claim_last_resort: million(
      billed(rows.claim_last_resort),
      claimLater(rows, true),
      requested(figures.claim_last_resort),
    ),
    replay: million(one.replay),
    bulk_claim_10: million(times(keyed, BULK_USERS), requested(figures.bulk_claim_10)),
    inventory: million(one.inventory),
    isolate_minute: million(one.isolateMinute),
    idle_user_month: million(billed(rows.idle_user_30_days), times(one.storedDevice, HABITS.devicesPerUser)),
  };
}
