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
