/** Budgets of a pool: the arrival time of each leaky bucket that is not empty. */
import { arrivalAfter, type Rate, waitMs } from "../leaky-bucket.ts";

export type BucketKind = "pair" | "target" | "missed" | "refusals";

export type Bucket = {
  readonly kind: BucketKind;
  readonly clientId: number;
  /** Who spends; empty for a bucket that all claimers share. */
  readonly claimer: string;
  readonly rate: Rate;
};

/** Milliseconds until the bucket takes one more event. Reads only. */
export function bucketWaitMs(sql: SqlStorage, bucket: Bucket, nowMs: number): number {
  return waitMs(bucket.rate, readArrival(sql, bucket), nowMs);
}

/** Spends `count` events, whether they fit or not: the caller decides on the wait. */
export function spend(sql: SqlStorage, bucket: Bucket, nowMs: number, count = 1): void {
  const arrivalMs = arrivalAfter(bucket.rate, readArrival(sql, bucket), nowMs, count);
  sql.exec(
    `INSERT INTO budgets (kind, client_id, claimer, arrival_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (client_id, kind, claimer) DO UPDATE SET arrival_ms = excluded.arrival_ms`,
    bucket.kind,
    bucket.clientId,
    bucket.claimer,
    arrivalMs,
  );
}

/**
 * Forgets what was claimed from a client: one that registers again does not pay for its predecessor. Its refused
 * uploads stay on its account, or an abuser could register again for as many signature checks as it likes.
 */
export function clearClaimBudgets(sql: SqlStorage, clientId: number): void {
  sql.exec("DELETE FROM budgets WHERE client_id = ? AND kind <> 'refusals'", clientId);
}

/** Forgets every bucket of a client whose row is deleted. */
export function clearBudgets(sql: SqlStorage, clientId: number): void {
  sql.exec("DELETE FROM budgets WHERE client_id = ?", clientId);
}

/** Removes buckets that have run empty. */
export function sweepBudgets(sql: SqlStorage, nowMs: number): void {
  sql.exec("DELETE FROM budgets WHERE arrival_ms <= ?", nowMs);
}

/** When the last bucket will have run empty, in unix milliseconds; undefined without buckets. */
export function lastArrivalMs(sql: SqlStorage): number | undefined {
  const { arrival } = sql.exec<{ arrival: number | null }>("SELECT MAX(arrival_ms) AS arrival FROM budgets").one();
  return arrival ?? undefined;
}

function readArrival(sql: SqlStorage, bucket: Bucket): number {
  const row = sql
    .exec<{ arrival_ms: number }>(
      "SELECT arrival_ms FROM budgets WHERE client_id = ? AND kind = ? AND claimer = ?",
      bucket.clientId,
      bucket.kind,
      bucket.claimer,
    )
    .toArray()[0];
  return row?.arrival_ms ?? 0;
}
