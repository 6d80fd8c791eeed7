/**
 * Live packages. One upload is stored as chunks: rows of up to 50 packages of one queue, with the facts that a claim
 * needs beside the bytes, since what a row costs does not depend on its size. The bytes of a package that leaves are
 * overwritten with zeros at once: the row keeps its size, so SQLite writes only the pages that differ, and it goes when
 * its last package has left. Every way for a package to come or go is in this file; the counts of the queues are kept by
 * the client's record (clients.ts) in the same transaction.
 */
import { concatBytes } from "@noble/hashes/utils.js";
import { MAX_CHUNK_BYTES, MAX_CHUNK_PACKAGES } from "../../config/limits.ts";
import type { AdmittedKeyPackage } from "../../contract/admitted-key-package.ts";
import { type ChunkEntry, decodeEntries, encodeEntries } from "./chunk-entries.ts";

/** A chunk's number holds the client, the queue (below 128) and the sequence number of its first package. */
const SEQUENCES = 2 ** 30;
const QUEUES = 128;

/** Above it a chunk's number could no longer be told from its neighbour's: numbers are exact up to 2^53. */
export const MAX_CLIENT_ID = 2 ** 16 - 1;

const chunkId = (clientId: number, queueId: number, firstSequence: number): number =>
  (clientId * QUEUES + queueId) * SEQUENCES + firstSequence;

const firstSequenceOf = (id: number): number => id % SEQUENCES;
const queueIdOf = (id: number): number => Math.floor(id / SEQUENCES) % QUEUES;
const clientIdOf = (id: number): number => Math.floor(id / SEQUENCES / QUEUES);

type Chunk = {
  readonly id: number;
  readonly storedAt: number;
  readonly entries: readonly ChunkEntry[];
  readonly packages: Uint8Array;
};

/** A live package, with the chunk that it is in. */
export type Found = { readonly chunk: Chunk; readonly position: number; readonly entry: ChunkEntry };

/** Unix seconds: valid from `now` on, and still at `aliveUntil`. */
export type Window = { readonly now: number; readonly aliveUntil: number };

export type NewPackage = { readonly sequence: number; readonly keyPackage: AdmittedKeyPackage };

type Row = { chunk_id: number; stored_at: number; entries: ArrayBuffer; packages: ArrayBuffer };

const COLUMNS = "chunk_id, stored_at, entries, packages";

const fromRow = (row: Row): Chunk => ({
  id: row.chunk_id,
  storedAt: row.stored_at,
  entries: decodeEntries(firstSequenceOf(row.chunk_id), row.entries),
  packages: new Uint8Array(row.packages),
});

/** Stores packages of one queue, in the order of their sequence numbers. */
export function storeChunks(
  sql: SqlStorage,
  { clientId, queueId, storedAt }: { readonly clientId: number; readonly queueId: number; readonly storedAt: number },
  packages: readonly NewPackage[],
): void {
  for (const group of grouped(packages)) {
    const firstSequence = group[0]?.sequence ?? 0;
    if (firstSequence >= SEQUENCES || clientId > MAX_CLIENT_ID) throw new RangeError("a chunk's number is used up");
    const entries = group.map(({ sequence, keyPackage: { ref, notBefore, notAfter, bytes } }) => ({
      sequence,
      hasLeft: false,
      ref,
      notBefore,
      notAfter,
      length: bytes.length,
    }));
    sql.exec(
      `INSERT INTO chunks (chunk_id, stored_at, live, min_not_before, min_not_after, max_not_after, entries, packages)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      chunkId(clientId, queueId, firstSequence),
      storedAt,
      ...summaryOf(entries),
      encodeEntries(firstSequence, entries),
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
  const end = chunkId(clientId, queueId + 1, 0);
  for (let from = chunkId(clientId, queueId, 0); ; ) {
    const row = sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM chunks WHERE chunk_id >= ? AND chunk_id < ? AND max_not_after >= ? AND min_not_before <= ?
         ORDER BY chunk_id LIMIT 1`,
        from,
        end,
        window.aliveUntil,
        window.now,
      )
      .toArray()[0];
    if (!row) return undefined;
    const chunk = fromRow(row);
    const position = chunk.entries.findIndex(
      (entry) => !entry.hasLeft && entry.notAfter >= window.aliveUntil && entry.notBefore <= window.now,
    );
    const entry = chunk.entries[position];
    if (entry) return { chunk, position, entry };
    from = chunk.id + 1;
  }
}

/** The bytes of a package, in a buffer of their own. */
export function bytesOf({ chunk, position, entry }: Found): Uint8Array {
  const start = startOf(chunk, position);
  return chunk.packages.slice(start, start + entry.length);
}

/** Takes a package out of its chunk, for good. */
export function takePackage(sql: SqlStorage, { chunk, position }: Found): void {
  remove(sql, chunk, (index) => index === position);
}

/** Which packages of a client to take out: asked of each with its queue and when it was stored. */
export type Leaving = (entry: ChunkEntry, chunk: { readonly queueId: number; readonly storedAt: number }) => boolean;

export type Left = { readonly queueId: number; readonly ref: Uint8Array };

/** Takes every package out for which `leaves` says so, and returns them. */
export function takeOut(sql: SqlStorage, clientId: number, leaves: Leaving): readonly Left[] {
  const left: Left[] = [];
  for (const chunk of chunksOf(sql, clientId)) {
    const place = { queueId: queueIdOf(chunk.id), storedAt: chunk.storedAt };
    const leaving = new Set<number>();
    for (const [position, entry] of chunk.entries.entries()) {
      if (entry.hasLeft || !leaves(entry, place)) continue;
      leaving.add(position);
      left.push({ queueId: place.queueId, ref: entry.ref });
    }
    if (leaving.size > 0) remove(sql, chunk, (position) => leaving.has(position));
  }
  return left;
}

/** Every package in a client's chunks, those that expired since the last sweep included. */
export function livePackages(sql: SqlStorage, clientId: number): readonly { queueId: number; entry: ChunkEntry }[] {
  return sql
    .exec<Omit<Row, "packages">>(
      "SELECT chunk_id, stored_at, entries FROM chunks WHERE chunk_id >= ? AND chunk_id < ? ORDER BY chunk_id",
      chunkId(clientId, 0, 0),
      chunkId(clientId + 1, 0, 0),
    )
    .toArray()
    .flatMap((row) =>
      decodeEntries(firstSequenceOf(row.chunk_id), row.entries).flatMap((entry) =>
        entry.hasLeft ? [] : [{ queueId: queueIdOf(row.chunk_id), entry }],
      ),
    );
}

export type QueueStock = { readonly usable: number; readonly nextExpiry: number | undefined };

/** Packages of each queue that have not expired, and when the next of them does. Looks into chunks that hold expired ones. */
export function stockOfQueues(sql: SqlStorage, clientId: number, now: number): ReadonlyMap<number, QueueStock> {
  const stock = new Map<number, QueueStock>();
  const add = (id: number, usable: number, expiry: number) => {
    const known = stock.get(queueIdOf(id)) ?? { usable: 0, nextExpiry: undefined };
    stock.set(queueIdOf(id), {
      usable: known.usable + usable,
      nextExpiry: Math.min(known.nextExpiry ?? expiry, expiry),
    });
  };
  const rows = sql
    .exec<{ chunk_id: number; live: number; min_not_after: number; entries: ArrayBuffer | null }>(
      `SELECT chunk_id, live, min_not_after, CASE WHEN min_not_after <= ?3 THEN entries END AS entries FROM chunks
       WHERE chunk_id >= ?1 AND chunk_id < ?2 AND max_not_after > ?3`,
      chunkId(clientId, 0, 0),
      chunkId(clientId + 1, 0, 0),
      now,
    )
    .toArray();
  for (const row of rows) {
    if (row.entries === null) {
      add(row.chunk_id, row.live, row.min_not_after);
      continue;
    }
    const usable = decodeEntries(firstSequenceOf(row.chunk_id), row.entries).filter(
      ({ hasLeft, notAfter }) => !hasLeft && notAfter > now,
    );
    for (const { notAfter } of usable) add(row.chunk_id, 1, notAfter);
  }
  return stock;
}

/** Clients with packages that have expired. Looks at the head of each chunk of the pool. */
export function clientsWithExpired(sql: SqlStorage, now: number): readonly number[] {
  const rows = sql.exec<{ chunk_id: number }>("SELECT chunk_id FROM chunks WHERE min_not_after <= ?", now).toArray();
  return [...new Set(rows.map((row) => clientIdOf(row.chunk_id)))];
}

/** When the next package expires, in unix seconds. */
export function nextExpiry(sql: SqlStorage): number | undefined {
  return sql.exec<{ next: number | null }>("SELECT MIN(min_not_after) AS next FROM chunks").one().next ?? undefined;
}

function chunksOf(sql: SqlStorage, clientId: number): readonly Chunk[] {
  return sql
    .exec<Row>(
      `SELECT ${COLUMNS} FROM chunks WHERE chunk_id >= ? AND chunk_id < ? ORDER BY chunk_id`,
      chunkId(clientId, 0, 0),
      chunkId(clientId + 1, 0, 0),
    )
    .toArray()
    .map(fromRow);
}

/** Overwrites the bytes of packages that leave; the row goes with the last of them. */
function remove(sql: SqlStorage, chunk: Chunk, leaves: (position: number) => boolean): void {
  const packages = chunk.packages.slice();
  const entries = chunk.entries.map((entry, position) => {
    if (entry.hasLeft || !leaves(position)) return entry;
    const start = startOf(chunk, position);
    packages.fill(0, start, start + entry.length);
    return { ...entry, hasLeft: true };
  });
  if (entries.every(({ hasLeft }) => hasLeft)) {
    sql.exec("DELETE FROM chunks WHERE chunk_id = ?", chunk.id);
    return;
  }
  sql.exec(
    `UPDATE chunks SET live = ?, min_not_before = ?, min_not_after = ?, max_not_after = ?, entries = ?, packages = ?
     WHERE chunk_id = ?`,
    ...summaryOf(entries),
    encodeEntries(firstSequenceOf(chunk.id), entries),
    packages,
    chunk.id,
  );
}

/** What is said of those that are live, in the order of the columns. */
function summaryOf(entries: readonly ChunkEntry[]): [live: number, notBefore: number, min: number, max: number] {
  const live = entries.filter(({ hasLeft }) => !hasLeft);
  const ends = live.map(({ notAfter }) => notAfter);
  return [live.length, Math.min(...live.map(({ notBefore }) => notBefore)), Math.min(...ends), Math.max(...ends)];
}

function startOf({ entries }: Chunk, position: number): number {
  return entries.slice(0, position).reduce((start, { length }) => start + length, 0);
}
