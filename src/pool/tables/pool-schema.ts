/**
 * The tables of one pool. docs/storage-schema.md shows each record at each stage of its life.
 *
 * What is billed, and what takes time, is the number of rows that an operation writes, not their size: so a client is
 * one row with everything small about it, an upload is a few rows of many packages, and a claim is one record.
 * Times are unix seconds unless the name ends in `_ms`. Order is that of sequence numbers, given by the server: never
 * that of a reference, an identifier or a client's clock.
 */
import { type PoolRow, readPool, readVersioned } from "./pool-row.ts";

/** Statements by version; a version that has shipped is never edited, a change is a new one at the end. */
const VERSIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE pool (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      schema_version INTEGER NOT NULL,
      user TEXT NOT NULL,
      restore_epoch INTEGER NOT NULL DEFAULT 0,
      looked_at INTEGER NOT NULL DEFAULT 0,
      projection_version INTEGER NOT NULL DEFAULT 0,
      projected TEXT NOT NULL DEFAULT '{}',
      projected_to TEXT,
      outbox_due_ms INTEGER,
      outbox_since_ms INTEGER,
      outbox_failures INTEGER NOT NULL DEFAULT 0,
      budgets TEXT NOT NULL DEFAULT '{}'
    ) STRICT`,
    // One row for all that is small about a client. Its JSON is read and written by clients.ts alone.
    `CREATE TABLE clients (
      client_id INTEGER PRIMARY KEY,
      client TEXT NOT NULL UNIQUE,
      registered_at INTEGER NOT NULL,
      revoked_at INTEGER,
      changes INTEGER NOT NULL,
      next_sequence INTEGER NOT NULL,
      signature_keys TEXT NOT NULL,
      queues TEXT NOT NULL,
      budgets TEXT NOT NULL
    ) STRICT`,
    // The key packs client, queue and first sequence number (chunks-table.ts): a table by number finds a large row with one look,
    // where a key of several columns would read whole rows to compare them. Small columns come first for the same reason.
    `CREATE TABLE chunks (
      chunk_id INTEGER PRIMARY KEY,
      stored_at INTEGER NOT NULL,
      live INTEGER NOT NULL,
      min_not_before INTEGER NOT NULL,
      min_not_after INTEGER NOT NULL,
      max_not_after INTEGER NOT NULL,
      entries BLOB NOT NULL,
      packages BLOB NOT NULL
    ) STRICT`,
    `CREATE TABLE fingerprints (
      batch_id INTEGER PRIMARY KEY,
      client_id INTEGER NOT NULL,
      ends_at INTEGER NOT NULL,
      entries BLOB NOT NULL
    ) STRICT`,
    `CREATE TABLE claims (
      claim_id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      claimer_user TEXT NOT NULL,
      claimer_client TEXT NOT NULL,
      answer TEXT NOT NULL,
      idempotency BLOB,
      body_hash BLOB,
      expires_at INTEGER,
      packages BLOB
    ) STRICT`,
    "CREATE UNIQUE INDEX claims_idempotency ON claims (idempotency) WHERE idempotency IS NOT NULL",
  ],
];

/** The version of the tables that this code writes. */
export const SCHEMA_VERSION = VERSIONS.length;

/**
 * The tables that a pool has: none before its first registration, and some only if they were ever needed. Reads only:
 * asking about a user who does not exist leaves no trace.
 */
export const findTables = (sql: SqlStorage): ReadonlySet<string> =>
  new Set(
    sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
      .map(({ name }) => name),
  );

/** Makes the tables for `user`. Runs inside the transaction of the first registration. */
export function createPool(sql: SqlStorage, user: string): void {
  for (const statement of VERSIONS.flat()) sql.exec(statement);
  sql.exec("INSERT INTO pool (id, schema_version, user) VALUES (1, ?, ?)", SCHEMA_VERSION, user);
}

/**
 * Tables of a later version than this code, as after a rollback: what its columns mean is not known here. The message
 * begins with the code of the problem that callers get, since an error keeps no more than that on its way to the Worker.
 */
export class NewerSchemaError extends Error {
  constructor(version: number) {
    super(`pool_schema_newer: the pool has tables of version ${version}, this code knows ${SCHEMA_VERSION}`);
    this.name = "NewerSchemaError";
  }
}

/**
 * Brings the tables of an existing pool to this version of the code, all or nothing, and returns the pool's own row. Of a
 * later version nothing is touched, and the error to meet every call with is returned. Every version has `id` and
 * `schema_version` in the table `pool`.
 */
export function openPool(storage: Pick<DurableObjectStorage, "sql" | "transactionSync">): PoolRow | NewerSchemaError {
  const { sql } = storage;
  const [version, pool] = readVersioned(sql);
  if (version > SCHEMA_VERSION) return new NewerSchemaError(version);
  if (version === SCHEMA_VERSION) return pool();
  // A transaction is a commit, even one that only reads: most starts find nothing to bring up to date.
  storage.transactionSync(() => {
    for (const statement of VERSIONS.slice(version).flat()) sql.exec(statement);
    sql.exec("UPDATE pool SET schema_version = ? WHERE id = 1", SCHEMA_VERSION);
  });
  return readPool(sql);
}
