/**
 * The packages of the pool's clients: queues, rows and tombstones. Every change of `state` goes through here, so that
 * the count of a queue always agrees with its rows.
 */

import type { StockSettings } from "../../config/settings.ts";
import type { AdmittedKeyPackage } from "../../contract/admitted-key-package.ts";
import type { CapabilityLists } from "../../contract/capabilities.ts";
import type { SuiteInventory } from "../../contract/pool-messages.ts";
import { State } from "./pool-schema.ts";

export type Queue = {
  readonly queueId: number;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
  /** JSON of CapabilityLists: what every package of the queue supports. */
  readonly capabilities: string;
  /** Live rows, those that expired since the last sweep included. */
  readonly live: number;
};

type QueueRow = { queue_id: number; ciphersuite: number; last_resort: number; capabilities: string; live: number };

/** The queues of a client, empty ones too: they tell what it once offered. */
export function queuesOf(sql: SqlStorage, clientId: number): readonly Queue[] {
  return sql
    .exec<QueueRow>(
      "SELECT queue_id, ciphersuite, last_resort, capabilities, live FROM queues WHERE client_id = ? ORDER BY queue_id",
      clientId,
    )
    .toArray()
    .map((row) => ({
      queueId: row.queue_id,
      ciphersuite: row.ciphersuite,
      lastResort: row.last_resort === 1,
      capabilities: row.capabilities,
      live: row.live,
    }));
}

export function capabilitiesOf(queue: Queue): CapabilityLists {
  return JSON.parse(queue.capabilities) as CapabilityLists;
}

/** The queue that a package belongs to, made if it is the first of its kind. */
export function queueFor(sql: SqlStorage, clientId: number, keyPackage: AdmittedKeyPackage): number {
  const { extensions, proposals, credentials } = keyPackage.capabilities;
  return sql
    .exec<{ queue_id: number }>(
      // The update that changes nothing makes RETURNING answer for a queue that exists.
      `INSERT INTO queues (client_id, ciphersuite, last_resort, capabilities) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET live = live RETURNING queue_id`,
      clientId,
      keyPackage.ciphersuite,
      keyPackage.lastResort ? 1 : 0,
      JSON.stringify({ extensions, proposals, credentials }),
    )
    .one().queue_id;
}

/** Puts a package into its queue; the row's `sequence` is its place in the queue. */
export function insert(
  sql: SqlStorage,
  clientId: number,
  queueId: number,
  keyPackage: AdmittedKeyPackage,
  now: number,
): void {
  sql.exec(
    `INSERT INTO key_packages
       (client_id, queue_id, state, ref, init_key, encryption_key, not_after, stored_at, key_package)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    clientId,
    queueId,
    State.live,
    keyPackage.ref,
    keyPackage.initKey,
    keyPackage.encryptionKey,
    keyPackage.notAfter,
    now,
    keyPackage.bytes,
  );
  sql.exec("UPDATE queues SET live = live + 1 WHERE queue_id = ?", queueId);
}

/** What the pool knows of a reference: its state, or undefined. */
export function stateOfRef(sql: SqlStorage, clientId: number, ref: Uint8Array): State | undefined {
  return sql
    .exec<{ state: State }>("SELECT state FROM key_packages WHERE client_id = ? AND ref = ?", clientId, ref)
    .toArray()[0]?.state;
}

/** Whether any package of the client, live or gone, carries the key in that place (RFC 9420 §10: init keys are unique). */
export function keyIsKnown(
  sql: SqlStorage,
  clientId: number,
  column: "init_key" | "encryption_key",
  key: Uint8Array,
): boolean {
  return (
    sql.exec(`SELECT 1 FROM key_packages WHERE client_id = ? AND ${column} = ?`, clientId, key).toArray().length > 0
  );
}

export type LivePackage = {
  readonly sequence: number;
  readonly queueId: number;
  readonly keyPackage: Uint8Array;
  readonly ref: Uint8Array;
  readonly notAfter: number;
};

/** The oldest package of a queue that lives at least until `notBefore` (unix seconds); its bytes are the copy to hand out. */
export function oldest(sql: SqlStorage, queueId: number, notBefore: number): LivePackage | undefined {
  const row = sql
    .exec<{ sequence: number; key_package: ArrayBuffer; ref: ArrayBuffer; not_after: number }>(
      // In the order of the queue, not of expiry, which would sort the whole queue for each claim.
      `SELECT sequence, key_package, ref, not_after FROM key_packages INDEXED BY key_packages_in_order
       WHERE queue_id = ? AND state = 0 AND not_after >= ? ORDER BY sequence LIMIT 1`,
      queueId,
      notBefore,
    )
    .toArray()[0];
  return (
    row && {
      sequence: row.sequence,
      queueId,
      keyPackage: new Uint8Array(row.key_package),
      ref: new Uint8Array(row.ref),
      notAfter: row.not_after,
    }
  );
}

/** Turns one live package into a tombstone. */
export function end(sql: SqlStorage, sequence: number, queueId: number, state: State, now: number): void {
  sql.exec(
    "UPDATE key_packages SET state = ?, ended_at = ?, key_package = NULL WHERE sequence = ? AND state = 0",
    state,
    now,
    sequence,
  );
  sql.exec("UPDATE queues SET live = live - 1 WHERE queue_id = ?", queueId);
}

/** Turns the live package with this reference into a tombstone; false if there is none. */
export function endRef(sql: SqlStorage, clientId: number, ref: Uint8Array, state: State, now: number): boolean {
  const row = sql
    .exec<{ sequence: number; queue_id: number }>(
      "SELECT sequence, queue_id FROM key_packages WHERE client_id = ? AND ref = ? AND state = 0",
      clientId,
      ref,
    )
    .toArray()[0];
  if (!row) return false;
  end(sql, row.sequence, row.queue_id, state, now);
  return true;
}

/** Turns every live package of a client, or of one of its queues, into a tombstone; returns how many. */
export function endAll(
  sql: SqlStorage,
  scope: { readonly clientId: number } | { readonly queueId: number },
  state: State,
  now: number,
): number {
  const queueIds =
    "queueId" in scope
      ? [scope.queueId]
      : queuesOf(sql, scope.clientId).flatMap((queue) => (queue.live > 0 ? [queue.queueId] : []));
  let ended = 0;
  for (const queueId of queueIds) {
    ended += sql
      .exec(
        `UPDATE key_packages SET state = ?, ended_at = ?, key_package = NULL
         WHERE queue_id = ? AND state = 0 RETURNING sequence`,
        state,
        now,
        queueId,
      )
      .toArray().length;
    sql.exec("UPDATE queues SET live = 0 WHERE queue_id = ?", queueId);
  }
  return ended;
}

/** References of a client's live packages that have not expired, in bytewise order. */
export function liveRefs(sql: SqlStorage, clientId: number, now: number): readonly Uint8Array[] {
  return sql
    .exec<{ ref: ArrayBuffer }>(
      "SELECT ref FROM key_packages WHERE client_id = ? AND state = 0 AND not_after > ? ORDER BY ref",
      clientId,
      now,
    )
    .toArray()
    .map((row) => new Uint8Array(row.ref));
}

type QueueStock = { ciphersuite: number; last_resort: number; usable: number; next_expiry: number | null };

/**
 * What is left for each ciphersuite that the client has ever stocked. Reads one row a queue and the rows that expired
 * since the last sweep: the same work whatever the stock.
 */
export function inventory(
  sql: SqlStorage,
  clientId: number,
  settings: StockSettings,
  now: number,
): readonly SuiteInventory[] {
  const queues = sql
    .exec<QueueStock>(
      `SELECT ciphersuite, last_resort,
         live - (SELECT COUNT(*) FROM key_packages AS k WHERE k.queue_id = l.queue_id AND k.state = 0 AND k.not_after <= ?2)
           AS usable,
         (SELECT MIN(not_after) FROM key_packages AS k WHERE k.queue_id = l.queue_id AND k.state = 0 AND k.not_after > ?2)
           AS next_expiry
       FROM queues AS l WHERE client_id = ?1 ORDER BY ciphersuite`,
      clientId,
      now,
    )
    .toArray();
  const suites = new Map<number, { available: number; lastResort: boolean; nextExpiry: number | undefined }>();
  for (const queue of queues) {
    const suite = suites.get(queue.ciphersuite) ?? { available: 0, lastResort: false, nextExpiry: undefined };
    if (queue.last_resort === 1) suite.lastResort ||= queue.usable > 0;
    else suite.available += queue.usable;
    if (queue.next_expiry !== null)
      suite.nextExpiry = Math.min(suite.nextExpiry ?? queue.next_expiry, queue.next_expiry);
    suites.set(queue.ciphersuite, suite);
  }
  return [...suites].map(([ciphersuite, suite]) => ({
    ciphersuite,
    ...suite,
    target: settings.targetPackages,
    lowWatermark: settings.lowWatermarkPackages,
    needsUpload: suite.available < settings.lowWatermarkPackages,
  }));
}
