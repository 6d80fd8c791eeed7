/**
 * Live packages. One upload is stored as chunks: rows of up to 50 packages of one queue, with the facts that a claim
 * needs beside the bytes, since what a row costs does not depend on its size. The bytes of a package that leaves are
 * overwritten with zeros at once: the row keeps its size, so SQLite writes only the pages that differ, and it goes when
 * its last package has left. Every way for a package to come or go is in this file; the counts of the queues are kept by
 * the client's record (clients-table.ts) in the same transaction.
 */
import { concatBytes } from "@noble/hashes/utils.js";
import { MAX_CACHED_CHUNK_BYTES, MAX_CHUNK_BYTES, MAX_CHUNK_PACKAGES } from "../../config/limits.ts";
import type { AdmittedKeyPackage } from "../../contract/admitted-key-package.ts";
import { ChunkEntries, type ChunkEntry, type EntriesSummary, type EntryPlace, encodeEntries } from "./chunk-entries.ts";

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

/** A chunk as it was read: its bytes are changed in place when a package is taken out of it. */
export type Chunk = {
  readonly id: number;
  readonly storedAt: number;
  readonly entries: ChunkEntries;
  readonly packages: Uint8Array;
};

/** A live package, with the chunk that it is in. */
export type Found = EntryPlace & { readonly chunk: Chunk };

/** Unix seconds: valid from `now` on, and still at `aliveUntil`. */
export type Window = { readonly now: number; readonly aliveUntil: number };

export type NewPackage = { readonly sequence: number; readonly keyPackage: AdmittedKeyPackage };

type Row = { chunk_id: number; stored_at: number; entries: ArrayBuffer; packages: ArrayBuffer };

const COLUMNS = "chunk_id, stored_at, entries, packages";

const fromRow = (row: Row): Chunk => ({
  id: row.chunk_id,
  storedAt: row.stored_at,
  entries: entriesOf(row),
  packages: new Uint8Array(row.packages),
});

const entriesOf = (row: Pick<Row, "chunk_id" | "entries">): ChunkEntries =>
  new ChunkEntries(firstSequenceOf(row.chunk_id), new Uint8Array(row.entries));

/** Stores packages of one queue, in the order of their sequence numbers. */
export function storeChunks(
  sql: SqlStorage,
  { clientId, queueId, storedAt }: { readonly clientId: number; readonly queueId: number; readonly storedAt: number },
  packages: readonly NewPackage[],
): void {
  for (const group of grouped(packages)) {
    const firstSequence = group[0]?.sequence ?? 0;
    if (firstSequence >= SEQUENCES || clientId > MAX_CLIENT_ID) throw new RangeError("a chunk's number is used up");
    const encoded = encodeEntries(
      firstSequence,
      group.map(({ sequence, keyPackage: { ref, notBefore, notAfter, bytes } }) => ({
        sequence,
        hasLeft: false,
        ref,
        notBefore,
        notAfter,
        length: bytes.length,
      })),
    );
    sql.exec(
      `INSERT INTO chunks (chunk_id, stored_at, live, min_not_before, min_not_after, max_not_after, entries, packages)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      chunkId(clientId, queueId, firstSequence),
      storedAt,
      ...columnsOf(new ChunkEntries(firstSequence, encoded).summary()),
      encoded,
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

/**
 * The oldest package of a queue that is valid in the window. Reads one row, unless packages of different lifetimes are
 * mixed, and none if `heads` knows the first chunk of the queue.
 */
export function oldest(
  sql: SqlStorage,
  clientId: number,
  queueId: number,
  window: Window,
  heads: QueueHeads = new QueueHeads(),
): Found | undefined {
  const end = chunkId(clientId, queueId + 1, 0);
  let from = chunkId(clientId, queueId, 0);
  const head = heads.get(from) ?? heads.keep(from, readHead(sql, from, end));
  if (!head) return undefined;
  const inHead = findIn(head, window);
  if (inHead) return inHead;
  for (from = head.id + 1; ; ) {
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
    const found = findIn(chunk, window);
    if (found) return found;
    from = chunk.id + 1;
  }
}

function readHead(sql: SqlStorage, from: number, end: number): Chunk | undefined {
  const row = sql
    .exec<Row>(
      `SELECT ${COLUMNS} FROM chunks WHERE chunk_id >= ? AND chunk_id < ? ORDER BY chunk_id LIMIT 1`,
      from,
      end,
    )
    .toArray()[0];
  return row && fromRow(row);
}

function findIn(chunk: Chunk, { now, aliveUntil }: Window): Found | undefined {
  const place = chunk.entries.find((notBefore, notAfter) => notAfter >= aliveUntil && notBefore <= now);
  return place && { ...place, chunk };
}

/** The bytes of a package, in a buffer of their own: those of its chunk are overwritten when it is taken out. */
export function bytesOf({ chunk, start, entry }: Found): Uint8Array {
  return chunk.packages.slice(start, start + entry.length);
}

/** Takes a package out of its chunk, for good. Returns when the next package of the chunk expires; undefined with none. */
export function takePackage(sql: SqlStorage, { chunk, position }: Found, heads?: QueueHeads): number | undefined {
  const nextExpiry = remove(sql, chunk, (index) => index === position);
  if (nextExpiry === undefined) heads?.drop(chunk);
  return nextExpiry;
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
    for (const [position, entry] of chunk.entries.all().entries()) {
      if (entry.hasLeft || !leaves(entry, place)) continue;
      leaving.add(position);
      left.push({ queueId: place.queueId, ref: entry.ref });
    }
    if (leaving.size > 0) remove(sql, chunk, (position) => leaving.has(position));
  }
  return left;
}

/** Every package in a client's chunks, those that expired since the last sweep included. */
export function livePackages(sql: SqlStorage, clientId: number): readonly Omit<Listed, "clientId">[] {
  return sql
    .exec<Omit<Row, "packages">>(
      "SELECT chunk_id, stored_at, entries FROM chunks WHERE chunk_id >= ? AND chunk_id < ? ORDER BY chunk_id",
      chunkId(clientId, 0, 0),
      chunkId(clientId + 1, 0, 0),
    )
    .toArray()
    .flatMap((row) =>
      entriesOf(row)
        .all()
        .flatMap((entry) =>
          entry.hasLeft ? [] : [{ queueId: queueIdOf(row.chunk_id), storedAt: row.stored_at, entry }],
        ),
    );
}

/** A live package with its client and queue, by their numbers. `storedAt` in unix seconds. */
export type Listed = {
  readonly clientId: number;
  readonly queueId: number;
  readonly storedAt: number;
  readonly entry: ChunkEntry;
};

/** The packages of the pool's chunks after the one numbered `after`, at most `limit` chunks, and where the next begin. */
export function listPackages(
  sql: SqlStorage,
  { after, limit }: { readonly after: number; readonly limit: number },
): { readonly packages: readonly Listed[]; readonly nextAfter: number | undefined } {
  const rows = sql
    .exec<Omit<Row, "packages">>(
      "SELECT chunk_id, stored_at, entries FROM chunks WHERE chunk_id > ? ORDER BY chunk_id LIMIT ?",
      after,
      limit,
    )
    .toArray();
  return {
    packages: rows.flatMap((row) =>
      entriesOf(row)
        .all()
        .filter(({ hasLeft }) => !hasLeft)
        .map((entry) => ({
          clientId: clientIdOf(row.chunk_id),
          queueId: queueIdOf(row.chunk_id),
          storedAt: row.stored_at,
          entry,
        })),
    ),
    nextAfter: rows.length === limit ? rows.at(-1)?.chunk_id : undefined,
  };
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
    for (const { hasLeft, notAfter } of entriesOf({ ...row, entries: row.entries }).all()) {
      if (!hasLeft && notAfter > now) add(row.chunk_id, 1, notAfter);
    }
  }
  return stock;
}

/** Clients with packages that have expired. Looks at the head of each chunk of the pool. */
export function clientsWithExpired(sql: SqlStorage, now: number): readonly number[] {
  const rows = sql.exec<{ chunk_id: number }>("SELECT chunk_id FROM chunks WHERE min_not_after <= ?", now).toArray();
  return [...new Set(rows.map((row) => clientIdOf(row.chunk_id)))];
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

/**
 * Overwrites the bytes of packages that leave, in place; the row goes with the last of them. Returns when the next of
 * those that are left expires, in unix seconds.
 */
function remove(sql: SqlStorage, chunk: Chunk, leaves: (position: number) => boolean): number | undefined {
  const { id, entries, packages } = chunk;
  entries.markLeft(leaves, (start, end) => packages.fill(0, start, end));
  const summary = entries.summary();
  if (summary.live === 0) {
    sql.exec("DELETE FROM chunks WHERE chunk_id = ?", id);
    return undefined;
  }
  sql.exec(
    `UPDATE chunks SET live = ?, min_not_before = ?, min_not_after = ?, max_not_after = ?, entries = ?, packages = ?
     WHERE chunk_id = ?`,
    ...columnsOf(summary),
    entries.bytes,
    packages,
    id,
  );
  return summary.minNotAfter;
}

/** What a chunk says of those that are live. */
const columnsOf = ({ live, minNotBefore, minNotAfter, maxNotAfter }: EntriesSummary): number[] => [
  live,
  minNotBefore,
  minNotAfter,
  maxNotAfter,
];

/**
 * First chunks of queues as they are in storage, by the number where the queue begins. What is in it is right only while
 * nothing but `takePackage` changes a chunk, and until a rollback: whoever does anything else starts with a new one.
 */
export class QueueHeads {
  readonly #heads = new Map<number, Chunk>();
  #bytes = 0;

  get(queueStart: number): Chunk | undefined {
    return this.#heads.get(queueStart);
  }

  /** Keeps it if there is room, and returns it. */
  keep(queueStart: number, head: Chunk | undefined): Chunk | undefined {
    const bytes = head ? sizeOf(head) : 0;
    if (head && this.#bytes + bytes <= MAX_CACHED_CHUNK_BYTES) {
      this.#heads.set(queueStart, head);
      this.#bytes += bytes;
    }
    return head;
  }

  /** Lets go of a chunk that is no longer in storage. */
  drop({ id }: Chunk): void {
    for (const [queueStart, head] of this.#heads) {
      if (head.id !== id) continue;
      this.#heads.delete(queueStart);
      this.#bytes -= sizeOf(head);
    }
  }
}

const sizeOf = ({ entries, packages }: Chunk): number => entries.bytes.length + packages.length;
