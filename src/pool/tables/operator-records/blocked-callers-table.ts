/** Users whose tokens open nothing but operators' routes, by the id of their pool's object: one row each. */
import type { BlockedCaller } from "../../../contract/record-messages.ts";

type Row = { pool: string; since: number; until: number | null; why: string };

export function makeBlockedCallers(sql: SqlStorage): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS blocked_callers (
      pool TEXT PRIMARY KEY,
      since INTEGER NOT NULL,
      until INTEGER,
      why TEXT NOT NULL
    ) STRICT, WITHOUT ROWID`,
  );
}

export function writeBlock(sql: SqlStorage, { pool, since, until, why }: BlockedCaller): void {
  sql.exec(
    `INSERT INTO blocked_callers (pool, since, until, why) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (pool) DO UPDATE SET since = ?2, until = ?3, why = ?4`,
    pool,
    since,
    until ?? null,
    why,
  );
}

/** Whether there was one. */
export function deleteBlock(sql: SqlStorage, pool: string): boolean {
  return sql.exec("DELETE FROM blocked_callers WHERE pool = ? RETURNING pool", pool).toArray().length > 0;
}

/** Takes out those that are over at `now` (unix seconds). */
export function deleteEndedBlocks(sql: SqlStorage, now: number): void {
  sql.exec("DELETE FROM blocked_callers WHERE until <= ?", now);
}

/** How many there are beside the one of this user. */
export const countOtherBlocks = (sql: SqlStorage, pool: string): number =>
  sql.exec<{ count: number }>("SELECT COUNT(*) AS count FROM blocked_callers WHERE pool <> ?", pool).one().count;

export function readBlocks(sql: SqlStorage): readonly BlockedCaller[] {
  return sql
    .exec<Row>("SELECT pool, since, until, why FROM blocked_callers ORDER BY since DESC, pool")
    .toArray()
    .map(({ pool, since, until, why }) => ({ pool, since, until: until ?? undefined, why }));
}
