/** The one row that a pool keeps about itself. */

export type PoolRow = {
  readonly user: string;
  /** Unix seconds; one-time packages stored before it are void. 0 for none. */
  readonly restoreEpoch: number;
  /** The version of the last batch that was packed for the directory. */
  readonly projectionVersion: number;
  /** When the directory last took a batch, in unix seconds. */
  readonly projectedAt: number;
  /** When the outbox is next to be sent, in unix milliseconds; undefined with nothing to send. */
  readonly outboxDueMs: number | undefined;
  /** Attempts in a row that the directory did not take. */
  readonly outboxFailures: number;
};

export function readPool(sql: SqlStorage): PoolRow {
  const row = sql
    .exec<{
      user: string;
      restore_epoch: number;
      projection_version: number;
      projected_at: number;
      outbox_due_ms: number | null;
      outbox_failures: number;
    }>(
      `SELECT user, restore_epoch, projection_version, projected_at, outbox_due_ms, outbox_failures
       FROM pool WHERE id = 1`,
    )
    .one();
  return {
    user: row.user,
    restoreEpoch: row.restore_epoch,
    projectionVersion: row.projection_version,
    projectedAt: row.projected_at,
    outboxDueMs: row.outbox_due_ms ?? undefined,
    outboxFailures: row.outbox_failures,
  };
}

export function setRestoreEpoch(sql: SqlStorage, epoch: number): void {
  sql.exec("UPDATE pool SET restore_epoch = ? WHERE id = 1", epoch);
}

export function setProjectionVersion(sql: SqlStorage, version: number): void {
  sql.exec("UPDATE pool SET projection_version = ? WHERE id = 1", version);
}

/** Brings the time at which the outbox is sent forward to `dueMs`; an earlier time stays. */
export function bringOutboxForward(sql: SqlStorage, dueMs: number): void {
  sql.exec("UPDATE pool SET outbox_due_ms = ?1 WHERE id = 1 AND (outbox_due_ms IS NULL OR outbox_due_ms > ?1)", dueMs);
}

/** When the outbox is next sent, and how many attempts in a row have failed by now. */
export function setOutbox(sql: SqlStorage, dueMs: number | undefined, failures: number): void {
  sql.exec("UPDATE pool SET outbox_due_ms = ?, outbox_failures = ? WHERE id = 1", dueMs ?? null, failures);
}

/** Notes when the directory last took a batch, in unix seconds. */
export function setProjectedAt(sql: SqlStorage, projectedAt: number): void {
  sql.exec("UPDATE pool SET projected_at = ? WHERE id = 1", projectedAt);
}
