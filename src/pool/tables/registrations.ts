/** Clients of the pool's user and the signature keys they registered. */
import { MAX_CLIENTS_PER_USER } from "../../config/limits.ts";
import type { RegisterAnswer, RegisterCall, Registration, SignatureKey } from "../../contract/pool-messages.ts";
import { equalBytes } from "../../shared/bytes.ts";
import { clearBudgets, clearClaimBudgets } from "./budgets.ts";

export type ClientRow = { readonly clientId: number; readonly client: string; readonly registeredAt: number };

type Row = { client_id: number; client: string; registered_at: number };

const COLUMNS = "client_id, client, registered_at";

const toClient = (row: Row): ClientRow => ({
  clientId: row.client_id,
  client: row.client,
  registeredAt: row.registered_at,
});

/** The client if it is registered and not revoked. */
export function findClient(sql: SqlStorage, client: string): ClientRow | undefined {
  const row = sql
    .exec<Row>(`SELECT ${COLUMNS} FROM clients WHERE client = ? AND revoked_at IS NULL`, client)
    .toArray()[0];
  return row && toClient(row);
}

/** All registered clients in the order of their first registration, which is the stable order of every claim. */
export function registeredClients(sql: SqlStorage): readonly ClientRow[] {
  return sql
    .exec<Row>(`SELECT ${COLUMNS} FROM clients WHERE revoked_at IS NULL ORDER BY client_id`)
    .toArray()
    .map(toClient);
}

/** Registered and revoked clients, for the operator and the directory. */
export function allClients(sql: SqlStorage): readonly (ClientRow & { readonly revoked: boolean })[] {
  return sql
    .exec<Row & { revoked_at: number | null }>(`SELECT ${COLUMNS}, revoked_at FROM clients ORDER BY client_id`)
    .toArray()
    .map((row) => ({ ...toClient(row), revoked: row.revoked_at !== null }));
}

export function signatureKeys(sql: SqlStorage, clientId: number): readonly SignatureKey[] {
  return sql
    .exec<{ scheme: number; public_key: ArrayBuffer }>(
      "SELECT scheme, public_key FROM signature_keys WHERE client_id = ? ORDER BY scheme",
      clientId,
    )
    .toArray()
    .map((row) => ({ scheme: row.scheme, publicKey: new Uint8Array(row.public_key) }));
}

export function registration(sql: SqlStorage, client: ClientRow): Registration {
  return {
    client: client.client,
    registeredAt: client.registeredAt,
    signatureKeys: signatureKeys(sql, client.clientId),
  };
}

/**
 * Registers a client or adds keys to it. Idempotent. A scheme that has a key keeps it: to rotate, revoke and register
 * anew. A revoked client that returns keeps its tombstones and loses its budgets.
 */
export function register(sql: SqlStorage, call: RegisterCall, now: number): RegisterAnswer {
  const existing = findClient(sql, call.client);
  if (existing) return extend(sql, existing, call);
  if (registeredClients(sql).length >= MAX_CLIENTS_PER_USER) return { outcome: "too_many_clients" };
  const row = sql
    .exec<Row>(
      `INSERT INTO clients (client, registered_at) VALUES (?1, ?2)
       ON CONFLICT (client) DO UPDATE SET registered_at = ?2, revoked_at = NULL
       RETURNING ${COLUMNS}`,
      call.client,
      now,
    )
    .one();
  clearClaimBudgets(sql, row.client_id);
  for (const key of call.signatureKeys) insertKey(sql, row.client_id, key);
  return { outcome: "created", registration: registration(sql, toClient(row)) };
}

function extend(sql: SqlStorage, client: ClientRow, call: RegisterCall): RegisterAnswer {
  const known = new Map(signatureKeys(sql, client.clientId).map((key) => [key.scheme, key.publicKey]));
  for (const key of call.signatureKeys) {
    const publicKey = known.get(key.scheme);
    if (publicKey && !equalBytes(publicKey, key.publicKey)) {
      return { outcome: "signature_key_conflict", scheme: key.scheme };
    }
  }
  const added = call.signatureKeys.filter((key) => !known.has(key.scheme));
  for (const key of added) insertKey(sql, client.clientId, key);
  return { outcome: added.length > 0 ? "extended" : "unchanged", registration: registration(sql, client) };
}

function insertKey(sql: SqlStorage, clientId: number, key: SignatureKey): void {
  sql.exec(
    "INSERT INTO signature_keys (client_id, scheme, public_key) VALUES (?, ?, ?)",
    clientId,
    key.scheme,
    key.publicKey,
  );
}

/** Ends a registration. Its packages are the business of stock.ts; its name stays, for its tombstones. */
export function endRegistration(sql: SqlStorage, clientId: number, now: number): void {
  sql.exec("UPDATE clients SET revoked_at = ? WHERE client_id = ?", now, clientId);
  sql.exec("DELETE FROM signature_keys WHERE client_id = ?", clientId);
  clearClaimBudgets(sql, clientId);
}

/**
 * Forgets revoked clients of which nothing is left to remember and whose end the directory knows. Their queues go with
 * them: the number of a client that is gone may be given to another.
 */
export function sweepRevokedClients(sql: SqlStorage): void {
  const gone = sql
    .exec<{ client_id: number }>(
      `DELETE FROM clients WHERE revoked_at IS NOT NULL AND changes = projected_changes
         AND NOT EXISTS (SELECT 1 FROM key_packages WHERE key_packages.client_id = clients.client_id)
         AND NOT EXISTS (SELECT 1 FROM journal WHERE journal.client_id = clients.client_id)
       RETURNING client_id`,
    )
    .toArray();
  for (const { client_id: clientId } of gone) {
    sql.exec("DELETE FROM queues WHERE client_id = ?", clientId);
    clearBudgets(sql, clientId);
  }
}
