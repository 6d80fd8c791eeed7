/**
 * Which tokens no longer speak for a client: those issued until an operator or another client of the user ended it. One
 * small row for each client that was ended, and one for all of them. It outlives the client's record, since a lost device
 * may well have revoked itself before.
 *
 * The table is made with its first row: it is a page of 4 KiB, which next to no user ever needs.
 */
import { ENDED_TOKENS_RETENTION_SECONDS } from "../../config/limits.ts";
import type { TokensEnded } from "../../contract/operator-messages.ts";
import { hasTable } from "./has-table.ts";

/** No identifier is empty. */
const EVERY_CLIENT = "";

/** Tokens of `client`, or of every client of the user, that were issued until `now` (unix seconds) are at an end. */
export function endTokens(sql: SqlStorage, client: string | undefined, now: number): void {
  sql.exec(
    "CREATE TABLE IF NOT EXISTS ended_tokens (client TEXT PRIMARY KEY, ended_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  );
  sql.exec("DELETE FROM ended_tokens WHERE ended_at <= ?", now - ENDED_TOKENS_RETENTION_SECONDS);
  sql.exec(
    `INSERT INTO ended_tokens (client, ended_at) VALUES (?, ?)
     ON CONFLICT (client) DO UPDATE SET ended_at = MAX(ended_at, excluded.ended_at)`,
    client ?? EVERY_CLIENT,
    now,
  );
}

/** Until when tokens of the client must have been issued to be at an end, in unix seconds; undefined if none are. */
export function tokensEndedAt(sql: SqlStorage, client: string): number | undefined {
  if (!hasTable(sql, "ended_tokens")) return undefined;
  const { ended } = sql
    .exec<{ ended: number | null }>(
      "SELECT MAX(ended_at) AS ended FROM ended_tokens WHERE client IN (?, ?)",
      client,
      EVERY_CLIENT,
    )
    .one();
  return ended ?? undefined;
}

/** All of it. */
export function allTokensEnded(sql: SqlStorage): readonly TokensEnded[] {
  if (!hasTable(sql, "ended_tokens")) return [];
  return sql
    .exec<{ client: string; ended_at: number }>("SELECT client, ended_at FROM ended_tokens ORDER BY client")
    .toArray()
    .map((row) => ({ client: row.client === EVERY_CLIENT ? undefined : row.client, endedAt: row.ended_at }));
}
