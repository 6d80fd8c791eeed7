/** The one row that a pool keeps about itself. */

export type PoolRow = {
  readonly user: string;
  /** Unix seconds; one-time packages stored before it are void. */
  readonly restoreEpoch: number;
  readonly projectionVersion: number;
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
