/**
 * The tables of one pool. docs/storage-schema.md shows each record at each stage of its life.
 *
 * Times are unix seconds unless the name ends in `_ms`. Order is that of `sequence`, given by the server: never that
 * of a reference, an identifier or a client's clock.
 */

/** `key_packages.state`; everything but `live` is a tombstone, a row without bytes. */
export const State = {
  live: 0,
  claimed: 1,
  replaced: 2,
  deleted: 3,
  expired: 4,
  revoked: 5,
  voided: 6,
} as const;

export type State = (typeof State)[keyof typeof State];

/** Statements by version; a version that has shipped is never edited, a change is a new one at the end. */
const VERSIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE pool (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      schema_version INTEGER NOT NULL,
      user TEXT NOT NULL,
      restore_epoch INTEGER NOT NULL DEFAULT 0,
      projection_version INTEGER NOT NULL DEFAULT 0,
      projected_at INTEGER NOT NULL DEFAULT 0,
      outbox_due_ms INTEGER,
      outbox_failures INTEGER NOT NULL DEFAULT 0
    ) STRICT`,
    `CREATE TABLE clients (
      client_id INTEGER PRIMARY KEY,
      client TEXT NOT NULL UNIQUE,
      registered_at INTEGER NOT NULL,
      revoked_at INTEGER,
      changes INTEGER NOT NULL DEFAULT 0,
      projected_changes INTEGER NOT NULL DEFAULT 0
    ) STRICT`,
    `CREATE TABLE signature_keys (
      client_id INTEGER NOT NULL,
      scheme INTEGER NOT NULL,
      public_key BLOB NOT NULL,
      PRIMARY KEY (client_id, scheme)
    ) STRICT, WITHOUT ROWID`,
    // A queue is a set of packages that every claim treats alike: a claim compares its criteria with queues, not with rows.
    `CREATE TABLE queues (
      queue_id INTEGER PRIMARY KEY,
      client_id INTEGER NOT NULL,
      ciphersuite INTEGER NOT NULL,
      last_resort INTEGER NOT NULL,
      capabilities TEXT NOT NULL,
      live INTEGER NOT NULL DEFAULT 0,
      UNIQUE (client_id, ciphersuite, last_resort, capabilities)
    ) STRICT`,
    `CREATE TABLE key_packages (
      sequence INTEGER PRIMARY KEY,
      client_id INTEGER NOT NULL,
      queue_id INTEGER NOT NULL,
      state INTEGER NOT NULL,
      ref BLOB NOT NULL,
      init_key BLOB NOT NULL,
      encryption_key BLOB NOT NULL,
      not_after INTEGER NOT NULL,
      stored_at INTEGER NOT NULL,
      ended_at INTEGER,
      key_package BLOB
    ) STRICT`,
    "CREATE UNIQUE INDEX key_packages_ref ON key_packages (client_id, ref)",
    "CREATE UNIQUE INDEX key_packages_init_key ON key_packages (client_id, init_key)",
    "CREATE UNIQUE INDEX key_packages_encryption_key ON key_packages (client_id, encryption_key)",
    "CREATE INDEX key_packages_in_order ON key_packages (queue_id, sequence, not_after) WHERE state = 0",
    "CREATE INDEX key_packages_live_expiry ON key_packages (queue_id, not_after) WHERE state = 0",
    "CREATE INDEX key_packages_expiry ON key_packages (not_after)",
    `CREATE TABLE claims (
      claim_id INTEGER PRIMARY KEY,
      claimer TEXT NOT NULL,
      idempotency_key TEXT NOT NULL,
      body_hash BLOB NOT NULL,
      answer TEXT NOT NULL,
      key_packages BLOB NOT NULL,
      expires_at INTEGER NOT NULL,
      UNIQUE (claimer, idempotency_key)
    ) STRICT`,
    "CREATE INDEX claims_expiry ON claims (expires_at)",
    `CREATE TABLE journal (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      client_id INTEGER NOT NULL,
      at INTEGER NOT NULL,
      event TEXT NOT NULL,
      ciphersuite INTEGER,
      ref BLOB,
      claimer_user TEXT NOT NULL,
      claimer_client TEXT NOT NULL,
      reason TEXT
    ) STRICT`,
    "CREATE INDEX journal_client ON journal (client_id, sequence)",
    // Theoretical arrival times of leaky buckets. `claimer` is empty for a bucket that all claimers share.
    `CREATE TABLE budgets (
      kind TEXT NOT NULL,
      client_id INTEGER NOT NULL,
      claimer TEXT NOT NULL,
      arrival_ms INTEGER NOT NULL,
      PRIMARY KEY (client_id, kind, claimer)
    ) STRICT, WITHOUT ROWID`,
  ],
];

/** Whether a client was ever registered. Reads only: asking about a user who does not exist leaves no trace. */
export function poolExists(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'pool'").toArray().length > 0;
}

/** Makes the tables for `user`. Runs inside the transaction of the first registration. */
export function createPool(sql: SqlStorage, user: string): void {
  for (const statement of VERSIONS.flat()) sql.exec(statement);
  sql.exec("INSERT INTO pool (id, schema_version, user) VALUES (1, ?, ?)", VERSIONS.length, user);
}

/** Brings the tables of an existing pool to this version of the code. */
export function migratePool(sql: SqlStorage): void {
  const { schema_version: version } = sql
    .exec<{ schema_version: number }>("SELECT schema_version FROM pool WHERE id = 1")
    .one();
  if (version >= VERSIONS.length) return;
  for (const statement of VERSIONS.slice(version).flat()) sql.exec(statement);
  sql.exec("UPDATE pool SET schema_version = ? WHERE id = 1", VERSIONS.length);
}
