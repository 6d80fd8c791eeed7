/**
 * The packages of the pool's clients, live ones and tombstones. Every change of a package's `state` and of a queue's
 * `live` is made here, so that the count of a queue always agrees with its rows.
 */
import type { AdmittedKeyPackage } from "../../contract/admitted-key-package.ts";
import { State } from "./pool-schema.ts";
import { queuesOf } from "./queues.ts";

/** The states of a tombstone. */
export type EndState = Exclude<State, typeof State.live>;

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

/** Whether any package of the client, live or gone, has this key in that column (RFC 9420 §10: init keys are unique). */
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

/** The oldest package of a queue that lives at least until `notBefore` (unix seconds), with its bytes. */
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

/** Turns one live package into a tombstone. */
export function end(sql: SqlStorage, sequence: number, queueId: number, state: EndState, now: number): void {
  sql.exec(
    "UPDATE key_packages SET state = ?, ended_at = ?, key_package = NULL WHERE sequence = ? AND state = 0",
    state,
    now,
    sequence,
  );
  sql.exec("UPDATE queues SET live = live - 1 WHERE queue_id = ?", queueId);
}

/** Turns the live package with this reference into a tombstone; false if there is none. */
export function endRef(sql: SqlStorage, clientId: number, ref: Uint8Array, state: EndState, now: number): boolean {
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

/** Turns every live package of a client into a tombstone; returns how many. */
export function endAll(sql: SqlStorage, clientId: number, state: EndState, now: number): number {
  return queuesOf(sql, clientId)
    .filter((queue) => queue.live > 0)
    .reduce((ended, queue) => ended + endQueue(sql, queue.queueId, state, now), 0);
}

/** Turns every live package of a queue into a tombstone; returns how many. */
export function endQueue(sql: SqlStorage, queueId: number, state: EndState, now: number): number {
  return endStoredBefore(sql, queueId, Number.MAX_SAFE_INTEGER, state, now);
}

/** Turns a client's live packages whose references are not in `kept` (hex) into tombstones, expired ones too. */
export function endOthers(
  sql: SqlStorage,
  clientId: number,
  kept: ReadonlySet<string>,
  state: EndState,
  now: number,
): void {
  const live = sql
    .exec<{ sequence: number; queue_id: number; ref: ArrayBuffer }>(
      "SELECT sequence, queue_id, ref FROM key_packages WHERE client_id = ? AND state = 0",
      clientId,
    )
    .toArray();
  for (const row of live) {
    if (!kept.has(new Uint8Array(row.ref).toHex())) end(sql, row.sequence, row.queue_id, state, now);
  }
}

/** Voids a client's one-time packages stored before `epoch`; returns how many. */
export function voidStoredBefore(sql: SqlStorage, clientId: number, epoch: number, now: number): number {
  return queuesOf(sql, clientId)
    .filter((queue) => !queue.lastResort && queue.live > 0)
    .reduce((voided, queue) => voided + endStoredBefore(sql, queue.queueId, epoch, State.voided, now), 0);
}

/** Ends at most `chunk` live packages that have expired; returns the ids of the clients that lost one. */
export function endExpired(sql: SqlStorage, now: number, chunk: number): readonly number[] {
  const rows = sql
    .exec<{ sequence: number; client_id: number; queue_id: number }>(
      "SELECT sequence, client_id, queue_id FROM key_packages WHERE not_after <= ? AND state = 0 LIMIT ?",
      now,
      chunk,
    )
    .toArray();
  for (const row of rows) end(sql, row.sequence, row.queue_id, State.expired, now);
  return [...new Set(rows.map((row) => row.client_id))];
}

/** Removes at most `chunk` tombstones whose package would have expired by now; returns how many. */
export function sweepTombstones(sql: SqlStorage, now: number, chunk: number): number {
  return sql
    .exec(
      `DELETE FROM key_packages WHERE sequence IN
         (SELECT sequence FROM key_packages WHERE not_after <= ? AND state <> 0 ORDER BY not_after LIMIT ?)
       RETURNING sequence`,
      now,
      chunk,
    )
    .toArray().length;
}

/** When the first package expires, live or gone, in unix seconds; undefined without packages. */
export function firstExpiry(sql: SqlStorage): number | undefined {
  const { expiry } = sql.exec<{ expiry: number | null }>("SELECT MIN(not_after) AS expiry FROM key_packages").one();
  return expiry ?? undefined;
}

/** Turns the live packages of a queue stored before a time into tombstones; returns how many. */
function endStoredBefore(sql: SqlStorage, queueId: number, storedBefore: number, state: EndState, now: number): number {
  const ended = sql
    .exec(
      `UPDATE key_packages SET state = ?, ended_at = ?, key_package = NULL
       WHERE queue_id = ? AND state = 0 AND stored_at < ? RETURNING sequence`,
      state,
      now,
      queueId,
      storedBefore,
    )
    .toArray().length;
  if (ended > 0) sql.exec("UPDATE queues SET live = live - ? WHERE queue_id = ?", ended, queueId);
  return ended;
}
