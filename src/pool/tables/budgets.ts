/**
 * Budgets of a pool, as leaky buckets in the form of the generic cell rate algorithm: one number a bucket, the
 * theoretical arrival time, tells how full it is, and a row that lies in the past is an empty bucket.
 */

/** `burst` events at once, then one each `intervalMs`. */
export type Rate = { readonly burst: number; readonly intervalMs: number };

export type BucketKind = "pair" | "target" | "missed" | "refusals";

export type Bucket = {
  readonly kind: BucketKind;
  readonly clientId: number;
  /** Who spends; empty for a bucket that all claimers share. */
  readonly claimer: string;
  readonly rate: Rate;
};

/** Milliseconds until one more event fits: 0 when it fits now. Pure. */
export function waitMs(rate: Rate, arrivalMs: number, nowMs: number): number {
  return Math.max(0, arrivalMs - nowMs - (rate.burst - 1) * rate.intervalMs);
}

/** The arrival time after `count` events at `nowMs`. Pure. */
export function arrivalAfter(rate: Rate, arrivalMs: number, nowMs: number, count = 1): number {
  return Math.max(arrivalMs, nowMs) + Math.round(count * rate.intervalMs);
}

/** Milliseconds until the bucket takes one more event. Reads only. */
export function bucketWaitMs(sql: SqlStorage, bucket: Bucket, nowMs: number): number {
  return waitMs(bucket.rate, readArrival(sql, bucket), nowMs);
}

/** Spends `count` events. The claimer has looked at the wait in the same transaction. */
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
 * Forgets what was claimed from a client: one that registers anew does not pay for its predecessor. Its refused uploads
 * stay on its account, or registering anew would buy an abuser as many signature checks as it likes.
 */
export function clearClaimBudgets(sql: SqlStorage, clientId: number): void {
  sql.exec("DELETE FROM budgets WHERE client_id = ? AND kind <> 'refusals'", clientId);
}

/** Forgets all of a client that is no more. */
export function clearBudgets(sql: SqlStorage, clientId: number): void {
  sql.exec("DELETE FROM budgets WHERE client_id = ?", clientId);
}

/** Removes buckets that have run empty. */
export function sweepBudgets(sql: SqlStorage, nowMs: number): void {
  sql.exec("DELETE FROM budgets WHERE arrival_ms <= ?", nowMs);
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
