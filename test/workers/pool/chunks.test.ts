/**
 * Packages in their chunks: the order in which they leave, what stays of a chunk when some of it goes, that the bytes of a
 * package are gone with it, and that a chunk's number finds it among those of other queues and clients.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { MAX_CACHED_CHUNK_BYTES, MAX_CHUNK_BYTES, MAX_CHUNK_PACKAGES } from "../../../src/config/limits.ts";
import type { AdmittedKeyPackage } from "../../../src/contract/admitted-key-package.ts";
import { ChunkEntries } from "../../../src/pool/tables/chunk-entries.ts";
import {
  bytesOf,
  type Chunk,
  clientsWithExpired,
  livePackages,
  oldest,
  QueueHeads,
  stockOfQueues,
  storeChunks,
  takeOut,
  takePackage,
} from "../../../src/pool/tables/chunks-table.ts";
import { findByName, writeClient } from "../../../src/pool/tables/clients-table.ts";
import { compareBytes } from "../../../src/shared/bytes.ts";
import { refsDigest } from "../../../src/shared/refs-digest.ts";
import { hexRefs, keyPackage, keyPackages, nowSeconds, only, poolOf, refOf } from "../support/pool-calls.ts";
import { randomSeed } from "../support/seed.ts";

type TestPool = Awaited<ReturnType<typeof poolOf>>;

const DAY = 24 * 3600;

const able = (...extensions: number[]) => ({ capabilities: { extensions, proposals: [], credentials: [1] } });

const randomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

/** Packages whose bytes cannot be found in anything else. */
const unmistakable = (count: number, change: Partial<AdmittedKeyPackage> = {}): AdmittedKeyPackage[] =>
  Array.from({ length: count }, () => keyPackage({ bytes: randomBytes(300), ...change }));

async function claimAll(pool: TestPool, count: number, change = {}): Promise<(string | undefined)[]> {
  const given: (string | undefined)[] = [];
  for (let index = 0; index < count; index++) given.push(refOf(await pool.claim(change)));
  return given;
}

const remove = (pool: TestPool, packages: readonly AdmittedKeyPackage[]) =>
  pool.stub().remove({
    ...pool.base,
    client: pool.client,
    which: { kind: "refs", refs: packages.map(({ ref }) => ref) },
  });

/** The queue in a chunk's number, above the 30 bits of its first sequence number and below the client. */
const QUEUE_ID = "((chunk_id >> 30) & 127)";

const chunks = (pool: TestPool) =>
  runInDurableObject(pool.stub(), (_, { storage }) =>
    storage.sql
      .exec<{ queue_id: number; live: number; bytes: number; entry_bytes: number; stored_at: number }>(
        `SELECT ${QUEUE_ID} AS queue_id, live, LENGTH(packages) AS bytes, LENGTH(entries) AS entry_bytes, stored_at
         FROM chunks ORDER BY chunk_id`,
      )
      .toArray(),
  );

/** Everything in every table of the pool, one character for each byte. */
const everything = (pool: TestPool): Promise<string> =>
  runInDurableObject(pool.stub(), (_, { storage }) => {
    const latin1 = new TextDecoder("latin1");
    return storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
      )
      .toArray()
      .flatMap(({ name }) => storage.sql.exec<Record<string, SqlStorageValue>>(`SELECT * FROM ${name}`).toArray())
      .flatMap((row) => Object.values(row))
      .map((value) => (value instanceof ArrayBuffer ? latin1.decode(value) : String(value)))
      .join("|");
  });

/** Of each package: true if all of its bytes are somewhere, false if not even 16 of them in a row are. */
async function holdsBytesOf(pool: TestPool, packages: readonly AdmittedKeyPackage[]): Promise<(boolean | "in part")[]> {
  const stored = await everything(pool);
  return packages.map(({ bytes }) => {
    const wanted = new TextDecoder("latin1").decode(bytes);
    if (stored.includes(wanted)) return true;
    const pieces = Array.from({ length: Math.floor(wanted.length / 16) }, (_, at) =>
      wanted.slice(at * 16, at * 16 + 16),
    );
    return pieces.some((piece) => stored.includes(piece)) ? "in part" : false;
  });
}

const window = () => ({ now: nowSeconds(), aliveUntil: nowSeconds() + 1 });

/** The counts in the client's record beside those of its chunks, by queue. */
const counts = (pool: TestPool) =>
  runInDurableObject(pool.stub(), (_, { storage }) => {
    const client = findByName(storage.sql, pool.client);
    const stored = storage.sql
      .exec<{ queue_id: number; live: number; next: number }>(
        `SELECT ${QUEUE_ID} AS queue_id, SUM(live) AS live, MIN(min_not_after) AS next FROM chunks GROUP BY 1`,
      )
      .toArray();
    const nextOf = (queueId: number) => stored.find((row) => row.queue_id === queueId)?.next;
    return {
      // Of the next expiry the record may know nothing, but nothing that is wrong.
      recorded: client?.queues.flatMap(({ queueId, live, nextExpiry: next }) =>
        live > 0 ? [[queueId, live, next ?? nextOf(queueId)]] : [],
      ),
      stored: stored.map(({ queue_id: queueId, live, next }) => [queueId, live, next]),
    };
  });

describe("the order of packages", () => {
  it("goes on from chunk to chunk and from upload to upload", async () => {
    const pool = await poolOf();
    const [first, second] = [keyPackages(MAX_CHUNK_PACKAGES * 2 + 3), keyPackages(MAX_CHUNK_PACKAGES + 1)];
    await pool.publish(first);
    await pool.publish(second);
    expect((await chunks(pool)).map(({ live }) => live)).toEqual([
      MAX_CHUNK_PACKAGES,
      MAX_CHUNK_PACKAGES,
      3,
      MAX_CHUNK_PACKAGES,
      1,
    ]);
    expect(await claimAll(pool, first.length + second.length)).toEqual(hexRefs([...first, ...second]));
    expect(await chunks(pool)).toEqual([]);
  });

  it("is that of the upload where its packages have different capabilities, so that they lie in different queues", async () => {
    const pool = await poolOf();
    const sets = [able(), able(0xf001), able(0xf001, 0xf002)];
    const batch = Array.from({ length: 60 }, (_, index) => keyPackage(sets[index % 3]));
    await pool.publish(batch);
    await evictDurableObject(pool.stub());
    expect(await claimAll(pool, 60)).toEqual(hexRefs(batch));
  });

  it("is kept among those that fit where a claim asks for capabilities, and those that were passed over come first later", async () => {
    const pool = await poolOf();
    const batch = Array.from({ length: 12 }, (_, index) => keyPackage(index % 3 === 2 ? able(0xf001) : able()));
    await pool.publish(batch);
    const requiredCapabilities = { extensions: [0xf001], proposals: [], credentials: [] };
    const fitting = batch.filter((_, index) => index % 3 === 2);
    const rest = batch.filter((_, index) => index % 3 !== 2);
    expect(await claimAll(pool, 4, { requiredCapabilities })).toEqual(hexRefs(fitting));
    expect(await claimAll(pool, 8)).toEqual(hexRefs(rest));
  });

  it("holds over a thousand packages that came one by one", async () => {
    const pool = await poolOf();
    const packages = keyPackages(1_000);
    await pool.publish([packages[0] as AdmittedKeyPackage]);
    await runInDurableObject(pool.stub(), (_, { storage }) => {
      const client = findByName(storage.sql, pool.client);
      if (!client) throw new Error("not registered");
      for (const [index, one] of packages.slice(1).entries()) {
        const sequence = client.nextSequence + index;
        storeChunks(storage.sql, { clientId: client.clientId, queueId: 1, storedAt: nowSeconds() }, [
          { sequence, keyPackage: one },
        ]);
      }
      writeClient(storage.sql, {
        ...client,
        nextSequence: client.nextSequence + 999,
        queues: client.queues.map((queue) => ({ ...queue, live: 1_000 })),
      });
    });
    expect(await chunks(pool)).toHaveLength(1_000);
    expect(await claimAll(pool, 1_000)).toEqual(hexRefs(packages));
    expect(only(await pool.claim()).status).toBe("exhausted");
  });
});

describe("a chunk", () => {
  it("is full at 50 packages, or where one more would exceed 64 KiB", async () => {
    const pool = await poolOf();
    const large = keyPackages(9).map((one) => ({ ...one, bytes: randomBytes(16 * 1024) }));
    await pool.publish([...large, ...keyPackages(MAX_CHUNK_PACKAGES + 5)]);
    const stored = await chunks(pool);
    expect(stored.map(({ live }) => live)).toEqual([4, 4, 50, 6]);
    for (const { bytes } of stored) expect(bytes).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
    expect((await claimAll(pool, 9)).at(-1)).toBe(large[8]?.ref.toHex());
  });

  it("gives each package its own bytes, whatever has left before it and after it", async () => {
    const pool = await poolOf();
    const batch = Array.from({ length: 7 }, (_, index) =>
      keyPackage({ bytes: randomBytes(200 + index), notAfter: nowSeconds() + (index === 3 ? 20 : 10) * DAY }),
    );
    await pool.publish(batch);
    await remove(pool, [batch[1], batch[5]] as AdmittedKeyPackage[]);
    const given = [];
    // The first claim takes one out of the middle.
    for (const days of [15, 0, 0, 0, 0]) {
      const claim = only(await pool.claim({ minRemainingLifetimeSeconds: days * DAY }));
      given.push("package" in claim ? [claim.package.keyPackageRef, claim.package.keyPackage] : undefined);
    }
    expect(given).toEqual([3, 0, 2, 4, 6].map((index) => [batch[index]?.ref, batch[index]?.bytes]));
  });

  it("gives what is left in order when packages in its middle are removed", async () => {
    const pool = await poolOf();
    const batch = keyPackages(10);
    await pool.publish(batch);
    const answer = await remove(pool, batch.slice(3, 7));
    expect(answer).toMatchObject({ removed: 4, inventory: [{ available: 6 }] });
    expect(await claimAll(pool, 6)).toEqual(hexRefs([...batch.slice(0, 3), ...batch.slice(7)]));
    expect(only(await pool.claim()).status).toBe("exhausted");
  });

  it("gives what is left in order when packages in its middle expire, before and after they are swept", async () => {
    const pool = await poolOf();
    const lives = [30, 1, 30, 2, 30, 1, 30];
    const batch = lives.map((days) => keyPackage({ notAfter: nowSeconds() + days * DAY }));
    await pool.publish(batch);
    vi.setSystemTime(Date.now() + DAY * 1000);
    expect((await pool.inventory())[0]).toMatchObject({ available: 5, nextExpiry: batch[3]?.notAfter });
    expect(await claimAll(pool, 2)).toEqual(hexRefs([batch[0], batch[2]] as AdmittedKeyPackage[]));
    await pool.ringTwice();
    expect((await chunks(pool)).map(({ live }) => live)).toEqual([3]);
    vi.setSystemTime(Date.now() + DAY * 1000);
    expect((await pool.inventory())[0]?.available).toBe(2);
    await pool.ringTwice();
    expect(await claimAll(pool, 2)).toEqual(hexRefs([batch[4], batch[6]] as AdmittedKeyPackage[]));
    expect(only(await pool.claim()).status).toBe("exhausted");
  });

  it("passes over packages that do not live as long as a claim asks, and gives them to one that asks for less", async () => {
    const pool = await poolOf();
    const batch = [1, 1, 5, 1].map((days) => keyPackage({ notAfter: nowSeconds() + days * DAY }));
    await pool.publish(batch);
    const wanting = { minRemainingLifetimeSeconds: 2 * DAY };
    expect(await claimAll(pool, 2, wanting)).toEqual([batch[2]?.ref.toHex(), undefined]);
    expect(await claimAll(pool, 3)).toEqual(hexRefs([batch[0], batch[1], batch[3]] as AdmittedKeyPackage[]));
  });

  it("passes over a package that is not valid yet, and gives it in its place once it is", async () => {
    const pool = await poolOf();
    const later = keyPackage({ notBefore: nowSeconds() + 300 });
    const [first, last] = keyPackages(2) as [AdmittedKeyPackage, AdmittedKeyPackage];
    await pool.publish([first, later, last]);
    expect(await claimAll(pool, 1)).toEqual(hexRefs([first]));
    expect(await claimAll(pool, 2)).toEqual([last.ref.toHex(), undefined]);
    vi.setSystemTime(Date.now() + 299_000);
    expect(only(await pool.claim()).status).toBe("exhausted");
    vi.setSystemTime(Date.now() + 1_000);
    expect(await claimAll(pool, 1)).toEqual(hexRefs([later]));
  });

  it("looks into the next one where none of its own packages can be given now", async () => {
    const pool = await poolOf();
    // Long life and being valid now are both in the first chunk, but in no package of it at once.
    await pool.publish([
      keyPackage({ notAfter: nowSeconds() + 60 }),
      keyPackage({ notBefore: nowSeconds() + 300, notAfter: nowSeconds() + 30 * DAY }),
    ]);
    const [good] = keyPackages(1) as [AdmittedKeyPackage];
    await pool.publish([good]);
    expect(await claimAll(pool, 2)).toEqual([good.ref.toHex(), undefined]);
  });

  it("looks into the one behind that where nothing in the next one can be given either", async () => {
    const pool = await poolOf();
    const ended = () => keyPackage({ notAfter: nowSeconds() + 60 });
    const early = () => keyPackage({ notBefore: nowSeconds() + 300, notAfter: nowSeconds() + 30 * DAY });
    await pool.publish([ended(), early()]);
    await pool.publish([ended(), early()]);
    const [good] = keyPackages(1) as [AdmittedKeyPackage];
    await pool.publish([good]);
    expect(await claimAll(pool, 2)).toEqual([good.ref.toHex(), undefined]);
  });

  it("keeps the time at which it was stored when a part of it is claimed: a restore epoch voids by that time", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(3));
    const storedAt = nowSeconds();
    vi.setSystemTime(Date.now() + 100_000);
    await pool.claim();
    expect(await chunks(pool)).toMatchObject([{ live: 2, stored_at: storedAt }]);
    expect(only(await pool.claim({}, { restoreEpoch: storedAt + 50 })).status).toBe("exhausted");
  });

  it("counts and removes no package again that has left it", async () => {
    const pool = await poolOf();
    const batch = [1, 5, 5, 5].map((days) => keyPackage({ notAfter: nowSeconds() + days * DAY }));
    await pool.publish(batch);
    await pool.claim({ minRemainingLifetimeSeconds: 2 * DAY });
    await remove(pool, [batch[2] as AdmittedKeyPackage]);
    expect(await remove(pool, batch.slice(1, 3))).toMatchObject({ removed: 0, inventory: [{ available: 2 }] });
    expect(await pool.publish(batch.slice(1, 3))).toMatchObject({ codes: ["already_claimed", "already_removed"] });
    // One of those that are left has expired, so that the chunk is looked into.
    vi.setSystemTime(Date.now() + DAY * 1000);
    expect((await pool.inventory())[0]).toMatchObject({ available: 1, nextExpiry: batch[3]?.notAfter });
    expect(await pool.stub().revoke({ ...pool.base, client: pool.client })).toMatchObject({ purged: 2 });
  });

  it("expires with those that are left in it, not with those that have left", async () => {
    const pool = await poolOf();
    const batch = [1, 9, 5].map((days) => keyPackage({ notAfter: nowSeconds() + days * DAY }));
    await pool.publish(batch);
    const lifetimes = () =>
      runInDurableObject(pool.stub(), (_, { storage }) =>
        storage.sql.exec("SELECT min_not_after, max_not_after FROM chunks").toArray(),
      );
    const ends = batch.map(({ notAfter }) => notAfter);
    expect(await lifetimes()).toEqual([{ min_not_after: ends[0], max_not_after: ends[1] }]);
    await pool.claim();
    expect(await lifetimes()).toEqual([{ min_not_after: ends[2], max_not_after: ends[1] }]);
    await pool.claim();
    expect(await lifetimes()).toEqual([{ min_not_after: ends[2], max_not_after: ends[2] }]);
  });

  it("keeps times to the second, up to the last that a number can hold", async () => {
    const pool = await poolOf();
    const ends = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1];
    await pool.publish(ends.map((notAfter) => keyPackage({ notAfter })));
    expect((await pool.inventory())[0]).toMatchObject({ available: 2, nextExpiry: ends[1] });
    const given = [only(await pool.claim()), only(await pool.claim())];
    expect(given).toMatchObject(ends.map((notAfter) => ({ status: "claimed", package: { notAfter } })));
  });

  it("is spared by a restore epoch that is not later than its upload", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(2));
    const epoch = nowSeconds() + 50;
    vi.setSystemTime(epoch * 1000);
    const young = keyPackages(2);
    await pool.publish(young);
    const first = await pool.claim({}, { restoreEpoch: epoch });
    expect([refOf(first), refOf(await pool.claim())]).toEqual(hexRefs(young));
    expect(only(await pool.claim()).status).toBe("exhausted");
  });
});

describe("a last resort", () => {
  it("is left as it is by every claim, and by those of one-time packages beside it", async () => {
    const pool = await poolOf();
    const [lastResort] = unmistakable(1, { lastResort: true }) as [AdmittedKeyPackage];
    const batch = keyPackages(3);
    await pool.publish([batch[0], lastResort, batch[1], batch[2]] as AdmittedKeyPackage[]);
    expect(await claimAll(pool, 3)).toEqual(hexRefs(batch));
    const before = await chunks(pool);
    for (let index = 0; index < 3; index++) {
      const claim = only(await pool.claim());
      expect(claim).toMatchObject({ status: "last_resort", package: { keyPackage: lastResort.bytes } });
    }
    expect(before).toMatchObject([{ live: 1 }]);
    expect(await chunks(pool)).toEqual(before);
  });
});

describe("the bytes of a package", () => {
  it.each<[string, (pool: TestPool, batch: readonly AdmittedKeyPackage[]) => Promise<unknown>]>([
    ["claimed without a key", (pool) => pool.claim()],
    ["removed", (pool, [first]) => remove(pool, [first as AdmittedKeyPackage])],
    ["replaced", (pool, [, ...rest]) => pool.publish(rest, pool.client, "replace")],
  ])("are nowhere in the database once it is %s, while those beside it are", async (_, end) => {
    const pool = await poolOf();
    const batch = unmistakable(5);
    await pool.publish(batch);
    expect(await holdsBytesOf(pool, batch)).toEqual([true, true, true, true, true]);
    await end(pool, batch);
    expect(await holdsBytesOf(pool, batch)).toEqual([false, true, true, true, true]);
  });

  it("are nowhere in the database once it has left its chunk, which keeps its size and goes with the last one", async () => {
    const pool = await poolOf();
    const batch = Array.from({ length: 6 }, (_, index) => keyPackage({ bytes: randomBytes(200 + index) }));
    await pool.publish(batch);
    const [fresh] = await chunks(pool);
    const order = [2, 5, 0, 3, 1];
    for (const [step, index] of order.entries()) {
      // Packages leave from the middle, and the claims take the first one that is left.
      if (index === 0 || index === 1) expect(await claimAll(pool, 1)).toEqual([batch[index]?.ref.toHex()]);
      else await remove(pool, [batch[index] as AdmittedKeyPackage]);
      const gone = order.slice(0, step + 1);
      expect(await holdsBytesOf(pool, batch)).toEqual(batch.map((_, at) => !gone.includes(at)));
      expect(await chunks(pool)).toEqual([{ ...fresh, live: batch.length - gone.length }]);
    }
    expect(await claimAll(pool, 2)).toEqual([batch[4]?.ref.toHex(), undefined]);
    expect(await holdsBytesOf(pool, batch)).toEqual(batch.map(() => false));
    expect(await chunks(pool)).toEqual([]);
  });

  it("are nowhere in the database after the whole stock was revoked or voided", async () => {
    for (const end of [
      (pool: TestPool) => pool.stub().revoke({ ...pool.base, client: pool.client }),
      (pool: TestPool) => pool.claim({}, { restoreEpoch: nowSeconds() + 1 }),
    ]) {
      const pool = await poolOf();
      const batch = unmistakable(MAX_CHUNK_PACKAGES + 5);
      await pool.publish(batch);
      await end(pool);
      expect(await holdsBytesOf(pool, batch)).toEqual(batch.map(() => false));
    }
  });

  it("are gone with the sweep of a package that expired", async () => {
    const pool = await poolOf();
    const batch = [...unmistakable(1, { notAfter: nowSeconds() + 7200 }), ...unmistakable(1)];
    await pool.publish(batch);
    vi.setSystemTime(Date.now() + 7201_000);
    await pool.ringTwice();
    expect(await holdsBytesOf(pool, batch)).toEqual([false, true]);
  });

  it.each([
    ["claim", (pool: TestPool) => pool.claim()],
    ["upload", (pool: TestPool) => pool.publish(keyPackages(1))],
    ["alarm", (pool: TestPool) => pool.ring()],
  ])(
    "are kept for repeating a claim under its key for a day, and gone with the next %s after two looks at the clock",
    async (_, next) => {
      const pool = await poolOf();
      const batch = unmistakable(2);
      await pool.publish(batch);
      const first = await pool.claim({}, { claimer: "bob", key: "k" });
      expect(await holdsBytesOf(pool, batch)).toEqual([true, true]);
      vi.setSystemTime(Date.now() + (DAY - 1) * 1000);
      await next(pool);
      expect((await holdsBytesOf(pool, batch))[0]).toBe(true);
      expect(refOf(await pool.claim({}, { claimer: "bob", key: "k" }))).toBe(refOf(first));
      vi.setSystemTime(Date.now() + 3600_000);
      await pool.ring();
      expect((await holdsBytesOf(pool, batch))[0]).toBe(true);
      vi.setSystemTime(Date.now() + 3600_000);
      await next(pool);
      expect((await holdsBytesOf(pool, batch))[0]).toBe(false);
    },
  );
});

describe("the number of a chunk", () => {
  const LAST_SEQUENCE = 2 ** 30 - 1;
  /** Neighbours, and the ends of what the number has room for: queues up to 127, clients up to 2^16 - 1. */
  const CLIENTS = [1, 2, 3, 2 ** 16 - 1];
  const QUEUES = [0, 1, 2, 63, 64, 126, 127];
  type Stored = {
    readonly clientId: number;
    readonly queueId: number;
    readonly sequence: number;
    readonly one: AdmittedKeyPackage;
  };
  const anyPackage = fc.record({
    clientId: fc.constantFrom(...CLIENTS),
    queueId: fc.constantFrom(...QUEUES),
    sequence: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(LAST_SEQUENCE - 1, LAST_SEQUENCE)),
    notAfter: fc.integer({ min: 10, max: 14 }),
  });
  const anyStock = fc.uniqueArray(anyPackage, {
    maxLength: 40,
    selector: ({ clientId, queueId, sequence }) => `${clientId} ${queueId} ${sequence}`,
  });
  const inOrder = (stored: readonly Stored[]) =>
    stored.toSorted((a, b) => a.clientId - b.clientId || a.queueId - b.queueId || a.sequence - b.sequence);
  const NOW = 12;
  const asked = { now: NOW, aliveUntil: NOW + 1 };

  /** Every answer that chunks give, beside what a plain list says. */
  function compare(sql: SqlStorage, stored: readonly Stored[]) {
    const expired = stored.flatMap(({ clientId, one }) => (one.notAfter <= NOW ? [clientId] : []));
    expect([...clientsWithExpired(sql, NOW)].sort()).toEqual([...new Set(expired)].sort());
    for (const clientId of CLIENTS) {
      const own = inOrder(stored.filter((each) => each.clientId === clientId));
      expect(livePackages(sql, clientId)).toMatchObject(
        own.map(({ queueId, sequence, one }) => ({ queueId, entry: { sequence, ref: one.ref } })),
      );
      const stock = stockOfQueues(sql, clientId, NOW);
      for (const queueId of QUEUES) {
        const usable = own.filter((each) => each.queueId === queueId && each.one.notAfter > NOW);
        expect(stock.get(queueId)).toEqual(
          usable.length > 0
            ? { usable: usable.length, nextExpiry: Math.min(...usable.map(({ one }) => one.notAfter)) }
            : undefined,
        );
        const found = oldest(sql, clientId, queueId, asked);
        expect(found && [found.entry.sequence, bytesOf(found)]).toEqual(
          usable[0] && [usable[0].sequence, usable[0].one.bytes],
        );
      }
    }
  }

  it("tells it from those of all other clients and queues, whatever is taken out of them", async () => {
    const pool = await poolOf();
    await runInDurableObject(pool.stub(), (_, { storage: { sql } }) => {
      const anyTaken = fc.record({ clientId: fc.constantFrom(...CLIENTS), queueId: fc.constantFrom(...QUEUES) });
      fc.assert(
        fc.property(anyStock, fc.array(anyTaken, { maxLength: 6 }), (stock, taken) => {
          sql.exec("DELETE FROM chunks");
          let stored = inOrder(
            stock.map(({ notAfter, ...place }) => ({
              ...place,
              one: keyPackage({ bytes: randomBytes(20), notBefore: 0, notAfter }),
            })),
          );
          for (const { clientId, queueId, members } of queuesOf(stored)) {
            storeChunks(sql, { clientId, queueId, storedAt: 1 }, members);
          }
          compare(sql, stored);
          for (const { clientId, queueId } of taken) {
            const found = oldest(sql, clientId, queueId, asked);
            if (!found) continue;
            takePackage(sql, found);
            stored = stored.filter(
              (each) =>
                each.clientId !== clientId || each.queueId !== queueId || each.sequence !== found.entry.sequence,
            );
          }
          compare(sql, stored);
          for (const clientId of CLIENTS) {
            const left = takeOut(sql, clientId, ({ notAfter }) => notAfter <= NOW);
            const gone = stored.filter((each) => each.clientId === clientId && each.one.notAfter <= NOW);
            expect(left).toEqual(gone.map(({ queueId, one }) => ({ queueId, ref: one.ref })));
            stored = stored.filter((each) => !gone.includes(each));
            compare(sql, stored);
          }
        }),
        { seed: randomSeed(), numRuns: 60, endOnFailure: true },
      );
    });
  });

  /** The packages of each queue, cut where a sequence number would be too far from the first. */
  function queuesOf(stored: readonly Stored[]) {
    const groups = Map.groupBy(
      stored,
      ({ clientId, queueId, sequence }) => `${clientId} ${queueId} ${sequence < LAST_SEQUENCE / 2}`,
    );
    return [...groups.values()].map((members) => ({
      clientId: members[0]?.clientId ?? 0,
      queueId: members[0]?.queueId ?? 0,
      members: members.map(({ sequence, one }) => ({ sequence, keyPackage: one })),
    }));
  }
});

describe("the chunks that a pool keeps in memory", () => {
  it("are bounded in bytes, and make room for others when they are used up", () => {
    const heads = new QueueHeads();
    const chunk = (id: number): Chunk => ({
      id,
      storedAt: 0,
      entries: new ChunkEntries(1, new Uint8Array()),
      packages: new Uint8Array(MAX_CACHED_CHUNK_BYTES / 2),
    });
    const [first, second, third] = [chunk(1), chunk(2), chunk(3)];
    for (const head of [first, second, third]) expect(heads.keep(head.id, head)).toBe(head);
    expect([1, 2, 3].map((start) => heads.get(start))).toEqual([first, second, undefined]);
    heads.drop(first);
    heads.keep(3, third);
    expect([1, 2, 3].map((start) => heads.get(start))).toEqual([undefined, second, third]);
  });

  it("are let go with their last package", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(2));
    const kept = await runInDurableObject(pool.stub(), (_, { storage: { sql } }) => {
      const client = findByName(sql, pool.client);
      const heads = new QueueHeads();
      const keep = vi.spyOn(heads, "keep");
      const left = [1, 2].map(() => {
        const found = oldest(sql, client?.clientId ?? 0, client?.queues[0]?.queueId ?? 0, window(), heads);
        if (!found) throw new Error("expected a package, found none");
        takePackage(sql, found, heads);
        return heads.get(keep.mock.calls[0]?.[0] ?? 0)?.id;
      });
      return { left, id: keep.mock.calls[0]?.[1]?.id };
    });
    expect(kept.left).toEqual([kept.id, undefined]);
    expect(kept.id).toEqual(expect.any(Number));
  });
});

describe("the next expiry of a queue", () => {
  it("is the earlier one when a package joins it, and no longer that of one that was claimed", async () => {
    const pool = await poolOf();
    const [soon, later] = [nowSeconds() + DAY, nowSeconds() + 2 * DAY];
    await pool.publish([keyPackage({ notAfter: soon })]);
    await pool.publish([keyPackage({ notAfter: later })]);
    expect((await pool.inventory())[0]).toMatchObject({ available: 2, nextExpiry: soon });
    await pool.claim({ minRemainingLifetimeSeconds: 0 });
    expect((await pool.inventory())[0]).toMatchObject({ available: 1, nextExpiry: later });
    await pool.publish([keyPackage({ notAfter: soon })]);
    expect((await pool.inventory())[0]).toMatchObject({ available: 2, nextExpiry: soon });
  });
});

describe("the counts of queues", () => {
  it("agree with the chunks after every kind of change", async () => {
    const pool = await poolOf();
    const steps: [string, () => Promise<unknown>][] = [];
    const step = (name: string, change: () => Promise<unknown>) => steps.push([name, change]);
    const mixed = [
      ...keyPackages(30),
      ...keyPackages(5, able(0xf001)),
      ...keyPackages(3, { notAfter: nowSeconds() + 7200 }),
    ];
    step("add", () => pool.publish([...mixed, keyPackage({ lastResort: true })]));
    step("claim", () => claimAll(pool, 3));
    step("claim the first to expire", () => claimAll(pool, 1, { minRemainingLifetimeSeconds: 0 }));
    step("last resort replaced", () => pool.publish([keyPackage({ lastResort: true })]));
    step("remove", () => remove(pool, mixed.slice(10, 13)));
    step("prune", async () => {
      const held = [...mixed.slice(20, 22), ...mixed.slice(31, 33)].map(({ ref }) => ref).sort(compareBytes);
      const call = { ...pool.base, client: pool.client, digest: refsDigest(held), held, prune: true };
      expect(await pool.stub().reconcile(call)).toMatchObject({ outcome: "same" });
    });
    step("add more", () => pool.publish([...keyPackages(4, { notAfter: nowSeconds() + 7200 }), ...keyPackages(2)]));
    step("sweep", async () => {
      vi.setSystemTime(Date.now() + 7201_000);
      await pool.ringTwice();
    });
    step("void", () => pool.claim({}, { restoreEpoch: nowSeconds() + 1 }));
    step("replace", () => pool.publish([...keyPackages(3), keyPackage({ lastResort: true })], pool.client, "replace"));
    step("revoke", () => pool.stub().revoke({ ...pool.base, client: pool.client }));
    for (const [name, change] of steps) {
      await change();
      const { recorded, stored } = await counts(pool);
      expect(recorded, name).toEqual(stored);
    }
  });
});
