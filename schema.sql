-- The directory: which users and clients exist, what they support, how well they are stocked.
-- It decides nothing. Each row is the snapshot of a client in its user's pool at `version`, and can be made again from it.
-- One row a client and few indexes: what is billed is the number of rows that a write changes.
-- Times are unix seconds.

CREATE TABLE clients (
  user TEXT NOT NULL,
  client TEXT NOT NULL,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  registered_at INTEGER NOT NULL,
  -- A revoked client keeps a row for a month, so that a late write of an older version cannot bring it back.
  revoked_at INTEGER,
  -- JSON: [[scheme, "<base64url>"], …]
  signature_keys TEXT NOT NULL,
  -- JSON, an entry for each ciphersuite: [[ciphersuite, available, last resort, next expiry or null, needs upload,
  -- [places in capabilities]], …]. A seventh member of 1 says that not all of its capability sets are in the row.
  -- A client that has never uploaded has one entry, of ciphersuite 0.
  stock TEXT NOT NULL,
  -- JSON: [[[extensions], [proposals], [credentials]], …], each set once
  capabilities TEXT NOT NULL,
  -- The least of all ciphersuites; null with nothing in stock.
  next_expiry INTEGER,
  -- The worst of all ciphersuites: null for none, 1 below the watermark, 2 on the last resort, 3 with nothing at all.
  shortage INTEGER,
  PRIMARY KEY (user, client)
) STRICT, WITHOUT ROWID;

-- What an operator looks for: clients that need packages, and packages about to expire.
CREATE INDEX clients_shortage ON clients (shortage, user, client) WHERE shortage IS NOT NULL;
CREATE INDEX clients_next_expiry ON clients (next_expiry, user, client) WHERE next_expiry IS NOT NULL;

-- The restore epoch, in one row: one-time packages stored before it are void.
CREATE TABLE restore_epoch (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL,
  set_at INTEGER NOT NULL
) STRICT;

-- Whose package a reference names, for claims that asked for it. The only rows here that no pool can send again.
CREATE TABLE routes (
  -- The week in which the package ends, since 1970: rows that have ended are the first of the table.
  week INTEGER NOT NULL,
  ref BLOB NOT NULL,
  user TEXT NOT NULL,
  client TEXT NOT NULL,
  not_after INTEGER NOT NULL,
  PRIMARY KEY (week, ref)
) STRICT, WITHOUT ROWID;

-- For erasing a user.
CREATE INDEX routes_user ON routes (user);
