/**
 * Claim capabilities: what a secret must hash to for a claim without a token, one row each. The table is made with its
 * first row: it is a page of 4 KiB, which users without capabilities never need.
 */
import type { ClaimCapability, NewClaimCapability } from "../../contract/capability-messages.ts";
import { hasTable } from "./has-table.ts";

type Row = {
  name: string;
  client: string;
  secret_hash: ArrayBuffer;
  created_at: number;
  expires_at: number | null;
  max_claims: number | null;
  claims: number;
};

const COLUMNS = "name, client, secret_hash, created_at, expires_at, max_claims, claims";

/**
 * All of them, those that are over included. Works where the pool has no tables at all, and takes two statements
 * whatever there is: who asks for a user must not see by the work whether they exist.
 */
export function readCapabilities(sql: SqlStorage): readonly ClaimCapability[] {
  const made = hasTable(sql, "claim_capabilities");
  const rows = made
    ? sql.exec<Row>(`SELECT ${COLUMNS} FROM claim_capabilities ORDER BY name`).toArray()
    : sql.exec<Row>("SELECT name FROM sqlite_master WHERE name = 'claim_capabilities' ORDER BY name").toArray();
  return rows.map((row) => ({
    name: row.name,
    client: row.client,
    secretHash: new Uint8Array(row.secret_hash),
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    maxClaims: row.max_claims ?? undefined,
    claims: row.claims,
  }));
}

/** Those whose time is not over at `now` (unix seconds). */
export const readCapabilitiesInForce = (sql: SqlStorage, now: number): readonly ClaimCapability[] =>
  readCapabilities(sql).filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now);

export function insertCapability(
  sql: SqlStorage,
  capability: NewClaimCapability & { readonly createdAt: number },
): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS claim_capabilities (
      name TEXT PRIMARY KEY,
      client TEXT NOT NULL,
      secret_hash BLOB NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      max_claims INTEGER,
      claims INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID`,
  );
  sql.exec(
    `INSERT INTO claim_capabilities (name, client, secret_hash, created_at, expires_at, max_claims)
     VALUES (?, ?, ?, ?, ?, ?)`,
    capability.name,
    capability.client,
    capability.secretHash,
    capability.createdAt,
    capability.expiresAt ?? null,
    capability.maxClaims ?? null,
  );
}

/** Counts a claim that gave something. */
export function countCapabilityClaim(sql: SqlStorage, name: string): void {
  sql.exec("UPDATE claim_capabilities SET claims = claims + 1 WHERE name = ?", name);
}

export function deleteCapability(sql: SqlStorage, name: string): void {
  if (hasTable(sql, "claim_capabilities")) sql.exec("DELETE FROM claim_capabilities WHERE name = ?", name);
}

/** Those that a client has made end with its registration. */
export function deleteCapabilitiesOf(sql: SqlStorage, client: string): void {
  if (hasTable(sql, "claim_capabilities")) sql.exec("DELETE FROM claim_capabilities WHERE client = ?", client);
}

/** Those whose time is over at `now` (unix seconds). */
export function deleteEndedCapabilities(sql: SqlStorage, now: number): void {
  if (hasTable(sql, "claim_capabilities")) sql.exec("DELETE FROM claim_capabilities WHERE expires_at <= ?", now);
}

/** Those from before a restore epoch (unix seconds): they may have been revoked since, or used up. */
export function deleteCapabilitiesBefore(sql: SqlStorage, epoch: number): void {
  if (hasTable(sql, "claim_capabilities")) sql.exec("DELETE FROM claim_capabilities WHERE created_at < ?", epoch);
}
