/** Revoked clients that the pool may forget: long gone, and nothing of them is left to remember. */
import { REVOKED_CLIENT_RETENTION_SECONDS } from "../../config/limits.ts";
import { hasJournal } from "./claims.ts";
import { allClients, type ClientRecord } from "./clients.ts";
import { remembersClient } from "./fingerprints.ts";

export function isForgettable(sql: SqlStorage, client: ClientRecord, now: number): boolean {
  const at = forgettableAt(sql, client);
  return at !== undefined && at <= now;
}

/**
 * When the next client may be forgotten, in unix seconds. Undefined while there is none, or while packages and journal
 * entries of all of them must be forgotten first.
 */
export function nextForgettable(sql: SqlStorage): number | undefined {
  const times = allClients(sql).flatMap((client) => forgettableAt(sql, client) ?? []);
  return times.length > 0 ? Math.min(...times) : undefined;
}

function forgettableAt(sql: SqlStorage, client: ClientRecord): number | undefined {
  if (client.revokedAt === undefined) return undefined;
  if (remembersClient(sql, client.clientId) || hasJournal(sql, client.client)) return undefined;
  return client.revokedAt + REVOKED_CLIENT_RETENTION_SECONDS;
}
