/** A storage in SQLite, for React Native: the calls are those of expo-sqlite's database. */
// Outside of this repository: "mls-key-directory/client".
import type { Storage } from "../../../src/client/index.ts";

export type Database = {
  readonly execAsync: (sql: string) => Promise<void>;
  readonly getAllAsync: <Row>(sql: string, parameters: readonly string[]) => Promise<readonly Row[]>;
  readonly runAsync: (sql: string, parameters: readonly string[]) => Promise<unknown>;
};

type Row = { readonly key: string; readonly value: string };

/** Values are JSON in the table: bindings differ in what they do with a zero byte in a text. */
const readValue = ({ value }: Row): string => JSON.parse(value);

/** `synchronous = FULL`: what was written is on the disk when the write resolves, as the Replenisher expects. */
export async function sqliteStorage(database: Database): Promise<Storage> {
  await database.execAsync(
    "PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS kpd (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
  );
  /** The writes so far: a transaction of one connection must not meet another. */
  let written: Promise<unknown> = Promise.resolve();

  async function inTransaction(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    await database.execAsync("BEGIN IMMEDIATE");
    try {
      for (const [key, value] of changes) {
        if (value === undefined) await database.runAsync("DELETE FROM kpd WHERE key = ?", [key]);
        else
          await database.runAsync("INSERT OR REPLACE INTO kpd (key, value) VALUES (?, ?)", [
            key,
            JSON.stringify(value),
          ]);
      }
      await database.execAsync("COMMIT");
    } catch (failure) {
      await database.execAsync("ROLLBACK");
      throw failure;
    }
  }

  return {
    get: async (key) => {
      await written;
      const [row] = await database.getAllAsync<Row>("SELECT key, value FROM kpd WHERE key = ?", [key]);
      return row && readValue(row);
    },
    list: async (prefix) => {
      await written;
      const rows = await database.getAllAsync<Row>("SELECT key, value FROM kpd WHERE substr(key, 1, length(?1)) = ?1", [
        prefix,
      ]);
      return new Map(rows.map((row) => [row.key, readValue(row)]));
    },
    write: async (changes) => {
      const own = written.then(() => inTransaction(changes));
      written = own.catch(() => undefined);
      await own;
    },
  };
}
