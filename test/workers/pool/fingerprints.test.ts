/** The table of what a pool has ever taken: against a plain list, and what each call writes of it. */
import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AdmittedKeyPackage } from "../../../src/contract/admitted-key-package.ts";
import {
  fingerprintsOf,
  forgetEnded,
  knownAmong,
  markRemoved,
  nextEnd,
  remember,
} from "../../../src/pool/tables/fingerprints-table.ts";
import { freshBytes, keyPackage, keyPackages, poolOf } from "../support/pool-calls.ts";
import { randomSeed } from "../support/seed.ts";

type TestPool = Awaited<ReturnType<typeof poolOf>>;

const rows = (pool: TestPool) =>
  runInDurableObject(pool.stub(), (_, { storage }) =>
    storage.sql
      .exec<{ client_id: number; ends_at: number; entries: ArrayBuffer }>(
        "SELECT client_id, ends_at, entries FROM fingerprints ORDER BY batch_id",
      )
      .toArray()
      .map(({ client_id: clientId, ends_at: endsAt, entries }) => ({
        clientId,
        endsAt,
        entries: new Uint8Array(entries).toHex(),
      })),
  );

/** Bytes of an entry: three fingerprints, a time, and whether it was removed. */
const ENTRY_BYTES = 3 * 16 + 8 + 1;

const removedFlags = async (pool: TestPool) =>
  (await rows(pool)).map(({ entries }) =>
    Array.from({ length: entries.length / 2 / ENTRY_BYTES }, (_, index) =>
      entries.slice(((index + 1) * ENTRY_BYTES - 1) * 2, (index + 1) * ENTRY_BYTES * 2),
    ),
  );

describe("fingerprints", () => {
  it("say of any packages what a plain list of all uploads says, whatever was removed and forgotten", async () => {
    // References as long as each of the hashes makes them, and few of them, so that they meet again.
    const packages = Array.from({ length: 12 }, (_, index) =>
      keyPackage({ ref: freshBytes([32, 48, 64][index % 3] as number) }),
    );
    const anyOf = fc.subarray(
      packages.map((_, index) => index),
      { minLength: 1 },
    );
    // Some end when no number could be higher: the table keeps times to the second.
    const anyEnd = fc.oneof(
      { arbitrary: fc.integer({ min: 1, max: 50 }), weight: 5 },
      fc.constantFrom(2 ** 48, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER),
    );
    const anyCommand = fc.oneof(
      fc.record({
        kind: fc.constant("remember" as const),
        clientId: fc.integer({ min: 1, max: 3 }),
        which: anyOf,
        ends: fc.array(anyEnd, { minLength: 12, maxLength: 12 }),
      }),
      fc.record({ kind: fc.constant("remove" as const), clientId: fc.integer({ min: 1, max: 3 }), which: anyOf }),
      fc.record({ kind: fc.constant("forget" as const), now: fc.integer({ min: 0, max: 50 }) }),
    );
    const pool = await poolOf();
    await runInDurableObject(pool.stub(), (_, { storage: { sql } }) => {
      fc.assert(
        fc.property(fc.array(anyCommand, { maxLength: 12 }), (commands) => {
          sql.exec("DELETE FROM fingerprints");
          type Entry = { index: number; notAfter: number; removed: boolean };
          let uploads: { clientId: number; entries: Entry[] }[] = [];
          const taken = new Set<number>();
          for (const command of commands) {
            if (command.kind === "forget") {
              forgetEnded(sql, command.now, 1_000);
              uploads = uploads.filter(
                ({ entries }) => Math.max(...entries.map(({ notAfter }) => notAfter)) > command.now,
              );
              continue;
            }
            const of = command.which.map((index) => packages[index] as AdmittedKeyPackage);
            if (command.kind === "remove") {
              markRemoved(
                sql,
                command.clientId,
                of.map(({ ref }) => ref),
              );
              for (const { clientId, entries } of uploads) {
                if (clientId !== command.clientId) continue;
                for (const entry of entries) entry.removed ||= command.which.includes(entry.index);
              }
              continue;
            }
            // The pool takes no package twice.
            const fresh = command.which.filter((index) => !taken.has(index));
            if (fresh.length === 0) continue;
            for (const index of fresh) taken.add(index);
            const entries = fresh.map((index) => ({ index, notAfter: command.ends[index] as number, removed: false }));
            uploads.push({ clientId: command.clientId, entries });
            remember(
              sql,
              command.clientId,
              entries.map(({ index, ...rest }) => ({
                ...rest,
                fingerprints: fingerprintsOf(packages[index] as AdmittedKeyPackage),
              })),
            );
          }
          const asked = packages.map(fingerprintsOf);
          const known = knownAmong(sql, asked);
          const expected = uploads.flatMap(({ clientId, entries }) => entries.map((entry) => ({ clientId, ...entry })));
          for (const [index, { ref, initKey, encryptionKey }] of asked.entries()) {
            const entry = expected.find((one) => one.index === index);
            expect(known.refs.get(ref)).toEqual(
              entry && { clientId: entry.clientId, notAfter: entry.notAfter, removed: entry.removed },
            );
            expect([known.keys.has(initKey), known.keys.has(encryptionKey)]).toEqual([!!entry, !!entry]);
          }
          const ends = uploads.map(({ entries }) => Math.max(...entries.map(({ notAfter }) => notAfter)));
          expect(nextEnd(sql)).toBe(ends.length > 0 ? Math.min(...ends) : undefined);
        }),
        { seed: randomSeed(), numRuns: 200 },
      );
    });
  });

  it("of one upload are one row of 57 bytes for each package, which a claim leaves as it is", async () => {
    const pool = await poolOf();
    const batch = keyPackages(30);
    await pool.publish(batch);
    const before = await rows(pool);
    expect(before.map(({ clientId, entries }) => [clientId, entries.length / 2])).toEqual([[1, 30 * ENTRY_BYTES]]);
    for (let index = 0; index < 3; index++) await pool.claim({}, { key: `k${index}` });
    expect(await rows(pool)).toEqual(before);
  });

  it("are marked where a package is removed, and nowhere else", async () => {
    const pool = await poolOf();
    const [first, second] = [keyPackages(3), keyPackages(2)];
    await pool.publish(first);
    await pool.publish(second);
    const refs = [first[1]?.ref, second[0]?.ref].filter((ref) => ref !== undefined);
    await pool.stub().remove({ ...pool.base, client: "phone", which: { kind: "refs", refs } });
    expect(await removedFlags(pool)).toEqual([
      ["00", "01", "00"],
      ["01", "00"],
    ]);
  });

  it("are not written for packages that were refused or are known already", async () => {
    const pool = await poolOf();
    const batch = keyPackages(2);
    await pool.publish(batch);
    const before = await rows(pool);
    await pool.publish([...batch, keyPackage({ signatureKey: new Uint8Array(32).fill(9) })]);
    expect(await rows(pool)).toEqual(before);
  });

  it("forget no more uploads at once than they are asked to", async () => {
    const pool = await poolOf();
    for (let index = 0; index < 5; index++) await pool.publish([keyPackage({ notAfter: index + 4_000_000_000 })]);
    const counts = await runInDurableObject(pool.stub(), (_, { storage: { sql } }) => [
      forgetEnded(sql, 4_000_000_003, 2),
      forgetEnded(sql, 4_000_000_003, 10),
      forgetEnded(sql, 4_000_000_003, 10),
    ]);
    expect(counts).toEqual([2, 2, 0]);
    expect(await rows(pool)).toMatchObject([{ endsAt: 4_000_000_004 }]);
  });
});
