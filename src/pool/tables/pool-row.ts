/** The one row that a pool keeps about itself: its user, the restore epoch, and what the directory has of it. */

import type { Budgets } from "./budgets-table.ts";

export type PoolRow = {
  readonly user: string;
  /** Unix seconds; one-time packages stored before it are void. */
  readonly restoreEpoch: number;
  /** The clock when the alarm last looked whether anything has ended, in unix seconds (looks.ts); 0 for never. */
  readonly lookedAt: number;
  readonly projectionVersion: number;
  /** How far each client had changed (`ClientRecord.changes`) when the directory last took its snapshot, by client id. */
  readonly projected: Readonly<Record<string, number>>;
  /** The database that has all of that: the name of its binding, or ANYWHERE; undefined before the first delivery. */
  readonly projectedTo: string | undefined;
  /** When the outbox is next to be sent, in unix milliseconds; undefined with nothing to send. */
  readonly outboxDueMs: number | undefined;
  /** When the oldest news that the directory lacks were first due, in unix milliseconds; undefined if it lacks none. */
  readonly outboxSinceMs: number | undefined;
  /** Attempts in a row that the directory did not take. */
  readonly outboxFailures: number;
  /** Buckets of the user as a whole. */
  readonly budgets: Budgets;
};

/** Rows of the user may be in any database, or in none. */
export const ANYWHERE = "*";

type Row = {
  schema_version: number;
  user: string;
  restore_epoch: number;
  looked_at: number;
  projection_version: number;
  projected: string;
  projected_to: string | null;
  outbox_due_ms: number | null;
  outbox_since_ms: number | null;
  outbox_failures: number;
  budgets: string;
};

export const readPool = (sql: SqlStorage): PoolRow => fromRow(readStored(sql));

/** The row with the version of the tables. Of a later version nothing but the version may be believed. */
export function readVersioned(sql: SqlStorage): readonly [version: number, pool: () => PoolRow] {
  const row = readStored(sql);
  return [row.schema_version, () => fromRow(row)];
}

const readStored = (sql: SqlStorage): Row => sql.exec<Row>("SELECT * FROM pool WHERE id = 1").one();

const fromRow = (row: Row): PoolRow => ({
  user: row.user,
  restoreEpoch: row.restore_epoch,
  lookedAt: row.looked_at,
  projectionVersion: row.projection_version,
  projected: JSON.parse(row.projected) as Record<string, number>,
  projectedTo: row.projected_to ?? undefined,
  outboxDueMs: row.outbox_due_ms ?? undefined,
  outboxSinceMs: row.outbox_since_ms ?? undefined,
  outboxFailures: row.outbox_failures,
  budgets: new Map(Object.entries(JSON.parse(row.budgets) as Record<string, number>)),
});

/** Changes some of it, one row. */
export function writePool(sql: SqlStorage, change: Partial<Omit<PoolRow, "user">>): void {
  const pool = { ...readPool(sql), ...change };
  sql.exec(
    `UPDATE pool SET restore_epoch = ?, looked_at = ?, projection_version = ?, projected = ?, projected_to = ?,
       outbox_due_ms = ?, outbox_since_ms = ?, outbox_failures = ?, budgets = ? WHERE id = 1`,
    pool.restoreEpoch,
    pool.lookedAt,
    pool.projectionVersion,
    JSON.stringify(pool.projected),
    pool.projectedTo ?? null,
    pool.outboxDueMs ?? null,
    pool.outboxSinceMs ?? null,
    pool.outboxFailures,
    JSON.stringify(Object.fromEntries(pool.budgets)),
  );
}
