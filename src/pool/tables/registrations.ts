/** Clients of the pool's user, the signature keys they registered, and how far the directory knows them. */
import type { Registration, SignatureKey } from "../../contract/pool-messages.ts";

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

export function hasRegisteredClient(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM clients WHERE revoked_at IS NULL LIMIT 1").toArray().length > 0;
}

/** Registers a client, or one that was revoked again: under its old number, which its tombstones carry. */
export function insertClient(sql: SqlStorage, client: string, now: number): ClientRow {
  return toClient(
    sql
      .exec<Row>(
        `INSERT INTO clients (client, registered_at) VALUES (?1, ?2)
         ON CONFLICT (client) DO UPDATE SET registered_at = ?2, revoked_at = NULL
         RETURNING ${COLUMNS}`,
        client,
        now,
      )
      .one(),
  );
}

/** Marks a client as revoked and drops its keys. The row stays for its tombstones. */
export function setRevoked(sql: SqlStorage, clientId: number, now: number): void {
  sql.exec("UPDATE clients SET revoked_at = ? WHERE client_id = ?", now, clientId);
  sql.exec("DELETE FROM signature_keys WHERE client_id = ?", clientId);
}

/** Deletes revoked clients that have no packages and no journal left and whose end the directory knows; returns their ids. */
export function sweepRevokedClients(sql: SqlStorage): readonly number[] {
  return sql
    .exec<{ client_id: number }>(
      `DELETE FROM clients WHERE revoked_at IS NOT NULL AND changes = projected_changes
         AND NOT EXISTS (SELECT 1 FROM key_packages WHERE key_packages.client_id = clients.client_id)
         AND NOT EXISTS (SELECT 1 FROM journal WHERE journal.client_id = clients.client_id)
       RETURNING client_id`,
    )
    .toArray()
    .map((row) => row.client_id);
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

export function insertKey(sql: SqlStorage, clientId: number, key: SignatureKey): void {
  sql.exec(
    "INSERT INTO signature_keys (client_id, scheme, public_key) VALUES (?, ?, ?)",
    clientId,
    key.scheme,
    key.publicKey,
  );
}

export function registration(sql: SqlStorage, client: ClientRow): Registration {
  return {
    client: client.client,
    registeredAt: client.registeredAt,
    signatureKeys: signatureKeys(sql, client.clientId),
  };
}

/** How often a client has changed in a way that the directory shows. */
export type ChangeCount = { readonly clientId: number; readonly changes: number };

export function countChange(sql: SqlStorage, clientId: number): void {
  sql.exec("UPDATE clients SET changes = changes + 1 WHERE client_id = ?", clientId);
}

export function countChangeOfAll(sql: SqlStorage): void {
  sql.exec("UPDATE clients SET changes = changes + 1");
}

/** The clients that have changed since the directory last took them. */
export function unprojected(sql: SqlStorage): readonly ChangeCount[] {
  return sql
    .exec<{ client_id: number; changes: number }>(
      "SELECT client_id, changes FROM clients WHERE changes <> projected_changes",
    )
    .toArray()
    .map((row) => ({ clientId: row.client_id, changes: row.changes }));
}

/** Notes that the directory has a client as it was after so many changes. */
export function setProjected(sql: SqlStorage, { clientId, changes }: ChangeCount): void {
  sql.exec("UPDATE clients SET projected_changes = ? WHERE client_id = ?", changes, clientId);
}
