/**
 * Clients of the pool's user: one record each, with their signature keys, the counts of their queues and their budgets,
 * so that whatever a claim changes about a client is one row.
 */
import type { CapabilityLists } from "../../contract/capability-lists.ts";
import type { SignatureKey } from "../../contract/registration-messages.ts";
import { fromBase64Url, toBase64Url } from "../../shared/base64url.ts";
import type { Budgets } from "./budgets-table.ts";

/** A set of packages that every claim treats alike; a claim compares its demands with queues, never with packages. */
export type Queue = {
  readonly queueId: number;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
  /** What every package of the queue supports. */
  readonly capabilities: CapabilityLists;
  /** Packages in its chunks, those that expired since the last sweep included. */
  readonly live: number;
  /** When the first of them expires, in unix seconds; undefined with none, and where only the chunks tell. */
  readonly nextExpiry: number | undefined;
  /** When something was last stored in it, and how a last resort was used since. Unix seconds. */
  readonly use: QueueUse | undefined;
};

export type QueueUse = {
  readonly storedAt: number;
  readonly firstUsedAt: number | undefined;
  readonly uses: number;
};

export type ClientRecord = {
  readonly clientId: number;
  readonly client: string;
  readonly registeredAt: number;
  readonly revokedAt: number | undefined;
  /** Grows with each change that the directory shall hear of. */
  readonly changes: number;
  /** Of the client's next package: its place in the order of all packages of the client. */
  readonly nextSequence: number;
  readonly signatureKeys: readonly SignatureKey[];
  /** In the order in which they were first stocked; empty ones too, which tell what the client once offered. */
  readonly queues: readonly Queue[];
  readonly budgets: Budgets;
};

type Row = {
  client_id: number;
  client: string;
  registered_at: number;
  revoked_at: number | null;
  changes: number;
  next_sequence: number;
  signature_keys: string;
  queues: string;
  budgets: string;
};

type StoredKey = readonly [scheme: number, publicKey: string];
type StoredQueue = readonly [
  queueId: number,
  ciphersuite: number,
  lastResort: 0 | 1,
  live: number,
  nextExpiry: number | null,
  extensions: readonly number[],
  proposals: readonly number[],
  credentials: readonly number[],
  use: readonly [storedAt: number, firstUsedAt: number | null, uses: number] | null,
];

const fromRow = (row: Row): ClientRecord => ({
  clientId: row.client_id,
  client: row.client,
  registeredAt: row.registered_at,
  revokedAt: row.revoked_at ?? undefined,
  changes: row.changes,
  nextSequence: row.next_sequence,
  signatureKeys: (JSON.parse(row.signature_keys) as StoredKey[]).map(([scheme, publicKey]) => ({
    scheme,
    publicKey: fromBase64Url(publicKey) ?? new Uint8Array(),
  })),
  queues: (JSON.parse(row.queues) as StoredQueue[]).map(
    ([queueId, ciphersuite, lastResort, live, nextExpiry, extensions, proposals, credentials, use]) => ({
      queueId,
      ciphersuite,
      lastResort: lastResort === 1,
      live,
      nextExpiry: nextExpiry ?? undefined,
      capabilities: { extensions, proposals, credentials },
      use: use === null ? undefined : { storedAt: use[0], firstUsedAt: use[1] ?? undefined, uses: use[2] },
    }),
  ),
  budgets: new Map(Object.entries(JSON.parse(row.budgets) as Record<string, number>)),
});

/** All clients in the order of their first registration, which is the stable order of every claim; revoked ones too. */
export function allClients(sql: SqlStorage): readonly ClientRecord[] {
  return sql.exec<Row>("SELECT * FROM clients ORDER BY client_id").toArray().map(fromRow);
}

export const isRegistered = (client: ClientRecord): boolean => client.revokedAt === undefined;

/** Those that are not revoked. */
export function registeredClients(sql: SqlStorage): readonly ClientRecord[] {
  return sql.exec<Row>("SELECT * FROM clients WHERE revoked_at IS NULL ORDER BY client_id").toArray().map(fromRow);
}

/** The client of that name, registered or revoked. */
export function findByName(sql: SqlStorage, client: string): ClientRecord | undefined {
  const row = sql.exec<Row>("SELECT * FROM clients WHERE client = ?", client).toArray()[0];
  return row && fromRow(row);
}

/** The client of that name, if it is registered. */
export function findClient(sql: SqlStorage, client: string): ClientRecord | undefined {
  const found = findByName(sql, client);
  return found && isRegistered(found) ? found : undefined;
}

export function readClient(sql: SqlStorage, clientId: number): ClientRecord {
  return fromRow(sql.exec<Row>("SELECT * FROM clients WHERE client_id = ?", clientId).one());
}

/** The id of the next client that is inserted. */
export function nextClientId(sql: SqlStorage): number {
  return sql.exec<{ next: number }>("SELECT COALESCE(MAX(client_id), 0) + 1 AS next FROM clients").one().next;
}

/** Makes the record of a client that the pool has never heard of. */
export function insertClient(sql: SqlStorage, client: string, registeredAt: number): ClientRecord {
  const row = sql
    .exec<Row>(
      `INSERT INTO clients (client, registered_at, changes, next_sequence, signature_keys, queues, budgets)
       VALUES (?, ?, 0, 1, '[]', '[]', '{}') RETURNING *`,
      client,
      registeredAt,
    )
    .one();
  return fromRow(row);
}

/** Writes the whole record, one row; returns it. */
export function writeClient(sql: SqlStorage, client: ClientRecord): ClientRecord {
  sql.exec(
    `UPDATE clients SET registered_at = ?, revoked_at = ?, changes = ?, next_sequence = ?, signature_keys = ?,
       queues = ?, budgets = ? WHERE client_id = ?`,
    client.registeredAt,
    client.revokedAt ?? null,
    client.changes,
    client.nextSequence,
    JSON.stringify(client.signatureKeys.map(({ scheme, publicKey }): StoredKey => [scheme, toBase64Url(publicKey)])),
    storedQueues(client.queues),
    JSON.stringify(Object.fromEntries(client.budgets)),
    client.clientId,
  );
  return client;
}

/** Writes what a claim changes of the record, which is less to make and the same one row; returns the whole. */
export function writeClaimed(sql: SqlStorage, client: ClientRecord): ClientRecord {
  sql.exec(
    "UPDATE clients SET changes = ?, queues = ?, budgets = ? WHERE client_id = ?",
    client.changes,
    storedQueues(client.queues),
    JSON.stringify(Object.fromEntries(client.budgets)),
    client.clientId,
  );
  return client;
}

const storedQueues = (queues: readonly Queue[]): string =>
  JSON.stringify(
    queues.map(
      ({ queueId, ciphersuite, lastResort, live, nextExpiry, capabilities, use }): StoredQueue => [
        queueId,
        ciphersuite,
        lastResort ? 1 : 0,
        live,
        nextExpiry ?? null,
        capabilities.extensions,
        capabilities.proposals,
        capabilities.credentials,
        use ? [use.storedAt, use.firstUsedAt ?? null, use.uses] : null,
      ],
    ),
  );

export function deleteClient(sql: SqlStorage, clientId: number): void {
  sql.exec("DELETE FROM clients WHERE client_id = ?", clientId);
}

/** The queues after `count` packages of one of them have come or gone, with what is then known of its next expiry. */
export function withLive(
  queues: readonly Queue[],
  queueId: number,
  count: number,
  nextExpiry: (queue: Queue) => number | undefined = () => undefined,
): readonly Queue[] {
  return queues.map((queue) =>
    queue.queueId === queueId ? { ...queue, live: queue.live + count, nextExpiry: nextExpiry(queue) } : queue,
  );
}

/** The same after packages with these ends were added, at `storedAt`. */
export function withStored(
  queues: readonly Queue[],
  queueId: number,
  ends: readonly number[],
  storedAt: number,
): readonly Queue[] {
  const stored = withLive(queues, queueId, ends.length, ({ live, nextExpiry }) => {
    const earliest = Math.min(...ends);
    if (live === 0) return earliest;
    return nextExpiry === undefined ? undefined : Math.min(nextExpiry, earliest);
  });
  return withUse(stored, queueId, { storedAt, firstUsedAt: undefined, uses: 0 });
}

/** The queues after something was stored in one of them, or the last resort in it was used. */
export function withUse(queues: readonly Queue[], queueId: number, use: QueueUse): readonly Queue[] {
  return queues.map((queue) => (queue.queueId === queueId ? { ...queue, use } : queue));
}

/** When the client last stored a package, in unix seconds, as far as its queues tell; undefined for never. */
export function lastUploadAt({ queues }: ClientRecord): number | undefined {
  const times = queues.flatMap(({ use }) => use?.storedAt ?? []);
  return times.length > 0 ? Math.max(...times) : undefined;
}
