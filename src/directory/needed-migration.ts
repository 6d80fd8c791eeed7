/** Whether the databases of the directory answer, and have the tables that this code reads and writes. */
import type { Shard } from "./shards.ts";

/** The newest migration that this code relies on. A database may be ahead: each migration leaves older code working. */
export const NEEDED_MIGRATION = "0002_routes.sql";

/**
 * Whether the needed migration was applied to a database, by wrangler's own record of it: one row of one small table.
 * Rejects if the database does not answer. One without the record was never migrated.
 */
export async function isMigrated({ db }: Pick<Shard, "db">): Promise<boolean> {
  const tables = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'd1_migrations'");
  if ((await tables.first()) === null) return false;
  return (await db.prepare("SELECT 1 FROM d1_migrations WHERE name = ?").bind(NEEDED_MIGRATION).first()) !== null;
}
