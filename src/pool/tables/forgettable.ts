/** Revoked clients that the pool may forget: long gone, and nothing of them is left to remember. */
import { REVOKED_CLIENT_RETENTION_SECONDS } from "../../config/limits.ts";
import { hasJournal } from "./claims-table.ts";
import { allClients, type ClientRecord } from "./clients-table.ts";
import { remembersClient } from "./fingerprints-table.ts";
import { readPool } from "./pool-row.ts";

export function isForgettable(sql: SqlStorage, client: ClientRecord, now: number): boolean {
  const at = forgettableAt(sql, client);
  return at !== undefined && at <= now;
}

/**
 * When clients may be forgotten of which the directory knows that they are revoked, in unix seconds. None while packages
 * and journal entries of all of them must be forgotten first.
 */
export function forgettableTimes(sql: SqlStorage): readonly number[] {
  return settledClients(sql).flatMap((client) => forgettableAt(sql, client) ?? []);
}

/** The same clients, if they may be forgotten at `now`. */
export const forgettableClients = (sql: SqlStorage, now: number): readonly ClientRecord[] =>
  settledClients(sql).filter((client) => isForgettable(sql, client, now));

/** Others wait for the outbox, which has a time of its own. */
function settledClients(sql: SqlStorage): readonly ClientRecord[] {
  const { projected } = readPool(sql);
  return allClients(sql).filter((client) => client.changes === projected[client.clientId]);
}

function forgettableAt(sql: SqlStorage, client: ClientRecord): number | undefined {
  if (client.revokedAt === undefined) return undefined;
  if (remembersClient(sql, client.clientId) || hasJournal(sql, client.client)) return undefined;
  return client.revokedAt + REVOKED_CLIENT_RETENTION_SECONDS;
}
