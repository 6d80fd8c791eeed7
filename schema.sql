-- The directory: which users and clients exist, what they support, how well they are stocked.
-- It decides nothing. Each row is the image of a user's pool at `version`, and can be made again from it.
-- Times are unix seconds.

CREATE TABLE users (
  user TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A revoked client stays as a row, so that a late write of an older version cannot bring it back.
CREATE TABLE clients (
  user TEXT NOT NULL,
  client TEXT NOT NULL,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  registered_at INTEGER NOT NULL,
  revoked INTEGER NOT NULL,
  -- JSON: [{"scheme":2055,"publicKey":"<base64url>"}]
  signature_keys TEXT NOT NULL,
  -- JSON: what the client's packages support, for each ciphersuite in stock
  offers TEXT NOT NULL,
  PRIMARY KEY (user, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE stock (
  user TEXT NOT NULL,
  client TEXT NOT NULL,
  ciphersuite INTEGER NOT NULL,
  -- one-time packages that had not expired when the row was written
  available INTEGER NOT NULL,
  last_resort INTEGER NOT NULL,
  next_expiry INTEGER,
  needs_upload INTEGER NOT NULL,
  PRIMARY KEY (user, client, ciphersuite)
) STRICT, WITHOUT ROWID;

-- What an operator looks for: clients that need packages, and packages about to expire.
CREATE INDEX stock_needs_upload ON stock (user, client, ciphersuite) WHERE needs_upload = 1;
CREATE INDEX stock_next_expiry ON stock (next_expiry);

-- The restore epoch, in one row: one-time packages stored before it are void.
CREATE TABLE restore_epoch (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL,
  set_at INTEGER NOT NULL
) STRICT;
