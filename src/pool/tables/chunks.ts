/**
 * Live packages. One upload is stored as chunks: rows of up to 25 packages of one queue, with the facts that a claim
 * needs beside the bytes, since what a row costs does not depend on its size. A package that leaves its chunk leaves the
 * row at once, bytes included. Every way for a package to come or go is in this file; the counts of the queues are kept
 * by the client's record (clients.ts) in the same transaction.
 */
import { concatBytes } from "@noble/hashes/utils.js";
import { MAX_CHUNK_BYTES, MAX_CHUNK_PACKAGES } from "../../config/limits.ts";
import type { AdmittedKeyPackage } from "../../contract/admitted-key-package.ts";
import { type ChunkEntry, decodeEntries, encodeEntries } from "./chunk-entries.ts";

/** Where a chunk is. Its first sequence number is that of the first package it was stored with. */
export type ChunkKey = { readonly clientId: number; readonly queueId: number; readonly firstSequence: number };

/** A live package, found but not yet read. */
export type Found = ChunkKey & { readonly position: number; readonly entry: ChunkEntry };

/** Unix seconds: valid from `now` on, and still at `aliveUntil`. */
export type Window = { readonly now: number; readonly aliveUntil: number };

export type NewPackage = { readonly sequence: number; readonly keyPackage: AdmittedKeyPackage };

type Row = {
  client_id: number;
  queue_id: number;
  first_sequence: number;
  stored_at: number;
  entries: ArrayBuffer;
};

const keyOf = (row: Row): ChunkKey => ({
  clientId: row.client_id,
  queueId: row.queue_id,
  firstSequence: row.first_sequence,
});

const KEY = "client_id, queue_id, first_sequence, stored_at, entries";

/** Stores packages of one queue, in the order of their sequence numbers. */
export function storeChunks(
  sql: SqlStorage,
  { clientId, queueId, storedAt }: { readonly clientId: number; readonly queueId: number; readonly storedAt: number },
  packages: readonly NewPackage[],
): void {
  for (const group of grouped(packages)) {
    const [first] = group;
    if (!first) continue;
    write(
      sql,
      { clientId, queueId, firstSequence: first.sequence },
      storedAt,
      group.map(({ sequence, keyPackage }) => ({
        sequence,
        ref: keyPackage.ref,
        notBefore: keyPackage.notBefore,
        notAfter: keyPackage.notAfter,
        length: keyPackage.bytes.length,
      })),
      concatBytes(...group.map(({ keyPackage }) => keyPackage.bytes)),
    );
  }
}

/** Cuts a run of packages where a chunk is full, in number or in bytes. */
function grouped(packages: readonly NewPackage[]): NewPackage[][] {
  const groups: NewPackage[][] = [];
  let bytes = 0;
  for (const one of packages) {
    const last = groups.at(-1);
    bytes += one.keyPackage.bytes.length;
    if (last && last.length < MAX_CHUNK_PACKAGES && bytes <= MAX_CHUNK_BYTES) {
      last.push(one);
      continue;
    }
    groups.push([one]);
    bytes = one.keyPackage.bytes.length;
  }
  return groups;
}

/** The oldest package of a queue that is valid in the window. Reads one row, unless packages of different ends are mixed. */
export function oldest(sql: SqlStorage, clientId: number, queueId: number, window: Window): Found | undefined {
  let after = -1;
  for (;;) {
    const row = sql
      .exec<Row>(
        `SELECT ${KEY} FROM chunks WHERE client_id = ? AND queue_id = ? AND first_sequence > ?
           AND max_not_after >= ? AND min_not_before <= ? ORDER BY first_sequence LIMIT 1`,
        clientId,
        queueId,
        after,
        window.aliveUntil,
        window.now,
      )
      .toArray()[0];
    if (!row) return undefined;
    const entries = decodeEntries(row.first_sequence, row.entries);
    const position = entries.findIndex((entry) => entry.notAfter >= window.aliveUntil && entry.notBefore <= window.now);
    const entry = entries[position];
    if (entry) return { ...keyOf(row), position, entry };
    after = row.first_sequence;
  }
}

/** The bytes of a package that stays: a last resort. */
export function readPackage(sql: SqlStorage, found: Found): Uint8Array {
  const { entries, packages } = readChunk(sql, found);
  return sliceOf(entries, packages, found.position);
}

/** Takes a package out of its chunk, for good, and returns its bytes. */
export function takePackage(sql: SqlStorage, found: Found): Uint8Array {
  const chunk = readChunk(sql, found);
  const bytes = sliceOf(chunk.entries, chunk.packages, found.position);
  keep(sql, found, chunk, (position) => position !== found.position);
  return bytes;
}

/** Which packages of a client to take out: asked of each with its queue and when it was stored. */
export type Leaving = (entry: ChunkEntry, chunk: { readonly queueId: number; readonly storedAt: number }) => boolean;

export type Left = { readonly queueId: number; readonly ref: Uint8Array };

/** Takes every package out for which `leaves` says so, and returns them. */
export function takeOut(sql: SqlStorage, clientId: number, leaves: Leaving): readonly Left[] {
  const left: Left[] = [];
  const rows = sql
    .exec<Row>(`SELECT ${KEY} FROM chunks WHERE client_id = ? ORDER BY queue_id, first_sequence`, clientId)
    .toArray();
  for (const row of rows) {
    const key = keyOf(row);
    const entries = decodeEntries(row.first_sequence, row.entries);
    const stays = entries.map((entry) => !leaves(entry, { queueId: key.queueId, storedAt: row.stored_at }));
    if (stays.every(Boolean)) continue;
    for (const [position, entry] of entries.entries()) {
      if (!stays[position]) left.push({ queueId: key.queueId, ref: entry.ref });
    }
    keep(sql, key, stays.some(Boolean) ? readChunk(sql, key) : undefined, (position) => stays[position] === true);
  }
  return left;
}

/** Every package in a client's chunks, those that expired since the last sweep included. */
export function livePackages(sql: SqlStorage, clientId: number): readonly { queueId: number; entry: ChunkEntry }[] {
  return sql
    .exec<Row>(`SELECT ${KEY} FROM chunks WHERE client_id = ? ORDER BY queue_id, first_sequence`, clientId)
    .toArray()
    .flatMap((row) =>
      decodeEntries(row.first_sequence, row.entries).map((entry) => ({ queueId: row.queue_id, entry })),
    );
}

export type QueueStock = { readonly usable: number; readonly nextExpiry: number | undefined };

/** Packages of each queue that have not expired, and when the next of them does. Looks into chunks that hold expired ones. */
export function stockOfQueues(sql: SqlStorage, clientId: number, now: number): ReadonlyMap<number, QueueStock> {
  const stock = new Map<number, QueueStock>();
  const add = (queueId: number, usable: number, expiry: number | undefined) => {
    const known = stock.get(queueId) ?? { usable: 0, nextExpiry: undefined };
    const expiries = [known.nextExpiry, expiry].filter((time) => time !== undefined);
    stock.set(queueId, {
      usable: known.usable + usable,
      nextExpiry: expiries.length > 0 ? Math.min(...expiries) : undefined,
    });
  };
  const unexpired = sql.exec<{ queue_id: number; live: number; next_expiry: number }>(
    `SELECT queue_id, SUM(live) AS live, MIN(min_not_after) AS next_expiry FROM chunks
     WHERE client_id = ? AND min_not_after > ? GROUP BY queue_id`,
    clientId,
    now,
  );
  for (const row of unexpired) add(row.queue_id, row.live, row.next_expiry);
  const mixed = sql
    .exec<Row>(
      `SELECT ${KEY} FROM chunks WHERE client_id = ? AND min_not_after <= ? AND max_not_after > ?`,
      clientId,
      now,
      now,
    )
    .toArray();
  for (const row of mixed) {
    const usable = decodeEntries(row.first_sequence, row.entries).filter(({ notAfter }) => notAfter > now);
    add(row.queue_id, usable.length, Math.min(...usable.map(({ notAfter }) => notAfter)));
  }
  return stock;
}

/** Clients with packages that have expired, at most `limit` of them. */
export function clientsWithExpired(sql: SqlStorage, now: number, limit: number): readonly number[] {
  return sql
    .exec<{ client_id: number }>("SELECT DISTINCT client_id FROM chunks WHERE min_not_after <= ? LIMIT ?", now, limit)
    .toArray()
    .map((row) => row.client_id);
}

/** When the next package expires, in unix seconds. */
export function nextExpiry(sql: SqlStorage): number | undefined {
  return sql.exec<{ next: number | null }>("SELECT MIN(min_not_after) AS next FROM chunks").one().next ?? undefined;
}

type Chunk = { readonly storedAt: number; readonly entries: readonly ChunkEntry[]; readonly packages: Uint8Array };

function readChunk(sql: SqlStorage, { clientId, queueId, firstSequence }: ChunkKey): Chunk {
  const row = sql
    .exec<Row & { packages: ArrayBuffer }>(
      `SELECT ${KEY}, packages FROM chunks WHERE client_id = ? AND queue_id = ? AND first_sequence = ?`,
      clientId,
      queueId,
      firstSequence,
    )
    .one();
  return {
    storedAt: row.stored_at,
    entries: decodeEntries(row.first_sequence, row.entries),
    packages: new Uint8Array(row.packages),
  };
}

/** Writes back what stays of a chunk; without a chunk, or with nothing that stays, its row goes. */
function keep(sql: SqlStorage, key: ChunkKey, chunk: Chunk | undefined, stays: (position: number) => boolean): void {
  const entries = chunk?.entries.filter((_, position) => stays(position)) ?? [];
  if (!chunk || entries.length === 0) {
    sql.exec(
      "DELETE FROM chunks WHERE client_id = ? AND queue_id = ? AND first_sequence = ?",
      key.clientId,
      key.queueId,
      key.firstSequence,
    );
    return;
  }
  const slices = chunk.entries.flatMap((_, position) =>
    stays(position) ? [sliceOf(chunk.entries, chunk.packages, position)] : [],
  );
  write(sql, key, chunk.storedAt, entries, concatBytes(...slices));
}

function write(
  sql: SqlStorage,
  { clientId, queueId, firstSequence }: ChunkKey,
  storedAt: number,
  entries: readonly ChunkEntry[],
  packages: Uint8Array,
): void {
  sql.exec(
    `INSERT INTO chunks (client_id, queue_id, first_sequence, stored_at, live, min_not_before, min_not_after, max_not_after, entries, packages)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (client_id, queue_id, first_sequence) DO UPDATE SET live = excluded.live,
       min_not_before = excluded.min_not_before, min_not_after = excluded.min_not_after,
       max_not_after = excluded.max_not_after, entries = excluded.entries, packages = excluded.packages`,
    clientId,
    queueId,
    firstSequence,
    storedAt,
    entries.length,
    Math.min(...entries.map(({ notBefore }) => notBefore)),
    Math.min(...entries.map(({ notAfter }) => notAfter)),
    Math.max(...entries.map(({ notAfter }) => notAfter)),
    encodeEntries(firstSequence, entries),
    packages,
  );
}

function sliceOf(entries: readonly ChunkEntry[], packages: Uint8Array, position: number): Uint8Array {
  let start = 0;
  for (const { length } of entries.slice(0, position)) start += length;
  const entry = entries[position];
  if (!entry) throw new RangeError(`no package at ${position} of ${entries.length}`);
  return packages.slice(start, start + entry.length);
}
