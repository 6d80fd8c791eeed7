/** Since when an issuer's keys must have been fetched to be believed: one row for each issuer that was marked. */
import type { IssuerKeyMark } from "../../../contract/record-messages.ts";

type Row = { issuer: string; since_ms: number };

export function makeIssuerKeyMarks(sql: SqlStorage): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS issuer_key_marks (
      issuer TEXT PRIMARY KEY,
      since_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
  );
}

/** A mark only ever moves forward: a write that comes late must not bring withdrawn keys back. */
export function writeIssuerKeyMark(sql: SqlStorage, { issuer, sinceMs }: IssuerKeyMark): void {
  sql.exec(
    `INSERT INTO issuer_key_marks (issuer, since_ms) VALUES (?1, ?2)
     ON CONFLICT (issuer) DO UPDATE SET since_ms = MAX(since_ms, ?2)`,
    issuer,
    sinceMs,
  );
}

/** Takes out those from before `ms` (unix milliseconds). */
export function deleteIssuerKeyMarks(sql: SqlStorage, ms: number): void {
  sql.exec("DELETE FROM issuer_key_marks WHERE since_ms < ?", ms);
}

export const readIssuerKeyMarks = (sql: SqlStorage): readonly IssuerKeyMark[] =>
  sql
    .exec<Row>("SELECT issuer, since_ms FROM issuer_key_marks ORDER BY issuer")
    .toArray()
    .map(({ issuer, since_ms }) => ({ issuer, sinceMs: since_ms }));
