/** One record for each claim: what it is repeated from, and what each client's owner reads of it. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { MAX_JOURNAL_SCAN_ROWS, MISSES_IN_JOURNAL_PER_HOUR } from "../../../src/config/limits.ts";
import type { AdmittedKeyPackage } from "../../../src/contract/admitted-key-package.ts";
import type { ClaimCriteria } from "../../../src/contract/claim-messages.ts";
import { endReplays, NO_REPLAYS_ENDED, recordClaim } from "../../../src/pool/tables/claims-table.ts";
import { anything, hexRefs, keyPackage, keyPackages, nowSeconds, only, poolOf } from "../support/pool-calls.ts";

type TestPool = Awaited<ReturnType<typeof poolOf>>;

const DAY_MS = 24 * 3600_000;
const HOUR_MS = 3600_000;

async function journal(pool: TestPool, client = pool.client, after?: number, limit = 100) {
  const answer = await pool.stub().journal({ ...pool.base, client, after, limit });
  if (answer.outcome !== "page") throw new Error(answer.outcome);
  return answer;
}

const records = (pool: TestPool) =>
  runInDurableObject(pool.stub(), (_, { storage }) =>
    storage.sql
      .exec<{ claim_id: number; packages: ArrayBuffer | null; idempotency: ArrayBuffer | null }>(
        "SELECT claim_id, packages, idempotency FROM claims ORDER BY claim_id",
      )
      .toArray(),
  );

describe("repeating a claim", () => {
  it("gives the answer byte for byte, whatever has become of its clients and packages", async () => {
    const pool = await poolOf();
    for (const client of ["tablet", "empty", "other"]) await pool.register(client);
    const sized = (length: number, change = {}) =>
      keyPackage({
        bytes: crypto.getRandomValues(new Uint8Array(length)),
        ref: new Uint8Array(48).fill(length),
        ...change,
      });
    await pool.publish([sized(250)], "phone");
    await pool.publish([sized(251, { lastResort: true })], "tablet");
    await pool.publish([sized(252, { ciphersuite: 2 })], "other");
    const ask = () => pool.claim({ ciphersuites: [1, 2], excludeClients: [] }, { claimer: "bob", key: "k" });
    const first = await ask();
    expect(first).toMatchObject({
      status: "partial",
      clients: [{ status: "claimed" }, { status: "last_resort" }, { status: "exhausted" }, { status: "claimed" }],
    });
    await pool.publish([sized(253, { lastResort: true })], "tablet");
    await pool.publish(keyPackages(1), "empty");
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    await evictDurableObject(pool.stub());
    const again = await ask();
    expect(again).toEqual({ ...first, replayed: true });
    expect(await pool.claim({}, { claimer: "bob", key: "k", restoreEpoch: nowSeconds() + 1 })).toEqual(again);
  });

  it("costs nothing more: no package, no record and no budget", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(3));
    await pool.claim({}, { claimer: "bob", key: "k" });
    const before = await records(pool);
    for (let index = 0; index < 3; index++) await pool.claim({}, { claimer: "bob", key: "k" });
    expect(await records(pool)).toEqual(before);
    expect((await pool.inventory())[0]?.available).toBe(2);
  });

  it("is refused for another request under the key until the key is forgotten, and then the key is good for that one", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(3));
    const second = () => pool.claim({}, { claimer: "bob", key: "k", body: 2 });
    await pool.claim({}, { claimer: "bob", key: "k", body: 1 });
    expect(await second()).toEqual({ outcome: "idempotency_key_reused" });
    expect((await journal(pool)).entries).toHaveLength(1);
    vi.setSystemTime(Date.now() + DAY_MS - 1000);
    expect(await second()).toEqual({ outcome: "idempotency_key_reused" });
    vi.setSystemTime(Date.now() + 1000);
    const given = await second();
    expect(only(given).status).toBe("claimed");
    expect(await second()).toEqual({ ...given, replayed: true });
    expect((await journal(pool)).entries).toHaveLength(2);
  });

  it("tells keys of different claimers apart, whatever characters their names have", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(5));
    const names = ['a","b', "a", 'a"', "b"];
    const given = [];
    for (const claimer of names) given.push(await pool.claim({}, { claimer, key: "k" }));
    expect(given.map((answer) => answer.outcome === "answered" && answer.replayed)).toEqual(names.map(() => false));
    for (const [index, claimer] of names.entries()) {
      expect(await pool.claim({}, { claimer, key: "k" })).toEqual({ ...given[index], replayed: true });
    }
  });

  it("keeps no bytes of a claim without a key, and none of one that gave nothing", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(1));
    await pool.claim();
    await pool.claim({}, { claimer: "bob", key: "k" });
    expect(await records(pool)).toMatchObject([
      { packages: null, idempotency: null },
      { packages: null, idempotency: null },
    ]);
  });

  it("lets go of the bytes of many old answers, some with each call", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(50));
    for (let index = 0; index < 45; index++) await pool.claim({}, { claimer: "bob", key: `k${index}` });
    vi.setSystemTime(Date.now() + DAY_MS);
    await pool.ring();
    vi.setSystemTime(Date.now() + HOUR_MS);
    const kept = async () => (await records(pool)).filter(({ packages }) => packages !== null).length;
    const seen = [await kept()];
    for (let index = 0; index < 3; index++) {
      await pool.publish([keyPackage()]);
      seen.push(await kept());
    }
    expect(seen).toEqual([45, 25, 5, 0]);
  });
});

it("lets go of the bytes of each old answer with the first call after its own day is confirmed", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(5));
  const start = Date.now();
  const seconds = [0, 10, 30];
  for (const second of seconds) {
    vi.setSystemTime(start + second * 1000);
    await pool.claim({}, { claimer: "bob", key: `k${second}` });
  }
  for (const second of [-1, 0, 9, 10, 29, 30]) {
    // An alarm looked at the clock then, and an hour has gone by.
    await runInDurableObject(pool.stub(), (_, { storage }) => {
      storage.sql.exec("UPDATE pool SET looked_at = ?", (start + DAY_MS) / 1000 + second);
    });
    await evictDurableObject(pool.stub());
    vi.setSystemTime(start + DAY_MS + second * 1000 + HOUR_MS);
    await pool.claim();
    const kept = (await records(pool)).filter(({ packages }) => packages !== null).length;
    expect(kept, `${second} s after a day`).toBe(seconds.filter((claimed) => claimed > second).length);
  }
});

it("looks for old answers when one may have ended, and not at every claim until then", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(30));
  const looks = await runInDurableObject(pool.stub(), (_, { storage }) => {
    const real = storage.sql.exec.bind(storage.sql);
    const seen = { count: 0 };
    vi.spyOn(storage.sql, "exec").mockImplementation(((...args: Parameters<typeof real>) => {
      if (args[0].includes("SELECT claim_id, expires_at FROM claims")) seen.count += 1;
      return real(...args);
    }) as typeof real);
    return seen;
  });
  const looksOf = async (body: () => Promise<unknown>) => {
    const before = looks.count;
    await body();
    return looks.count - before;
  };
  await pool.claim({}, { claimer: "bob", key: "first" });
  const claims = async () => {
    for (let index = 0; index < 5; index++) await pool.claim({}, { claimer: "bob", key: `${Date.now()} ${index}` });
  };
  expect(await looksOf(claims)).toBe(0);
  vi.setSystemTime(Date.now() + DAY_MS - 1000);
  expect(await looksOf(claims)).toBe(0);
  vi.setSystemTime(Date.now() + 1000);
  await pool.ring();
  expect(await looksOf(claims)).toBe(0);
  vi.setSystemTime(Date.now() + HOUR_MS);
  expect(await looksOf(claims)).toBe(1);
  expect((await records(pool)).filter(({ packages }) => packages !== null)).toHaveLength(15);
});

it("looks again in the very second in which the next answer ends, and not before", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(2));
  for (const key of ["first", "second"]) {
    await pool.claim({}, { claimer: "bob", key });
    vi.setSystemTime(Date.now() + 10_000);
  }
  const kept = await runInDurableObject(pool.stub(), (_, { storage: { sql } }) => {
    const [{ expires_at: end } = { expires_at: 0 }] = sql
      .exec<{ expires_at: number }>("SELECT expires_at FROM claims ORDER BY claim_id")
      .toArray();
    let ended = NO_REPLAYS_ENDED;
    return [0, 9, 10].map((second) => {
      ended = endReplays(sql, ended, { now: end + second, replaySeconds: DAY_MS / 1000, limit: 10 });
      return sql.exec("SELECT 1 FROM claims WHERE packages IS NOT NULL").toArray().length;
    });
  });
  expect(kept).toEqual([1, 1, 0]);
});

it("lets go of the bytes of an old answer though a call that had done so was rolled back", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(2));
  await pool.claim({}, { claimer: "bob", key: "k" });
  vi.setSystemTime(Date.now() + DAY_MS);
  await pool.ring();
  vi.setSystemTime(Date.now() + HOUR_MS);
  await runInDurableObject(pool.stub(), async (instance, { storage }) => {
    const real = storage.sql.exec.bind(storage.sql);
    const broken = vi.spyOn(storage.sql, "exec").mockImplementation(((...args: Parameters<typeof real>) => {
      if (args[0].includes("INSERT INTO fingerprints")) throw new Error("the test broke it");
      return real(...args);
    }) as typeof real);
    const call = { ...pool.base, client: pool.client, mode: "add" as const, refused: 0 };
    await expect(instance.publish({ ...call, keyPackages: keyPackages(1) })).rejects.toThrow("the test broke it");
    broken.mockRestore();
  });
  expect(await records(pool)).toMatchObject([{ packages: expect.any(ArrayBuffer) }]);
  await pool.publish(keyPackages(1));
  expect(await records(pool)).toMatchObject([{ packages: null }]);
});

describe("the journal of each client", () => {
  it("has its own part of a claim on several, and none of a client that the claim left out", async () => {
    const pool = await poolOf();
    for (const client of ["tablet", "laptop", "watch"]) await pool.register(client);
    const [phone, tablet] = [keyPackage(), keyPackage({ ref: new Uint8Array(64).fill(3), lastResort: true })];
    await pool.publish([phone], "phone");
    await pool.publish([tablet], "tablet");
    await pool.publish(keyPackages(1), "watch");
    await pool.claim({ excludeClients: ["watch"] }, { claimer: "bob" });
    const claimer = { user: "bob", client: "laptop" };
    const common = { at: nowSeconds(), claimer };
    expect((await journal(pool, "phone")).entries).toMatchObject([
      { ...common, event: "claimed", ciphersuite: 1, keyPackageRef: phone.ref, reason: undefined },
    ]);
    expect((await journal(pool, "tablet")).entries).toMatchObject([
      { ...common, event: "last_resort", ciphersuite: 1, keyPackageRef: tablet.ref },
    ]);
    expect((await journal(pool, "laptop")).entries).toMatchObject([
      { ...common, event: "missed", ciphersuite: undefined, keyPackageRef: undefined, reason: "exhausted" },
    ]);
    expect((await journal(pool, "watch")).entries).toEqual([]);
  });

  it("has no more misses than its budget, while claims that gave something are all in it", async () => {
    const pool = await poolOf();
    await pool.register("tablet");
    await pool.publish(keyPackages(140));
    for (let index = 0; index < 140; index++) await pool.claim({}, { claimer: "bob" });
    expect((await journal(pool, "phone", undefined, 500)).entries.map(({ event }) => event)).toEqual(
      Array(140).fill("claimed"),
    );
    const atOnce = MISSES_IN_JOURNAL_PER_HOUR / 2;
    expect((await journal(pool, "tablet", undefined, 500)).entries).toHaveLength(atOnce);
    vi.setSystemTime(Date.now() + 60_000);
    await pool.claim({}, { claimer: "bob" });
    expect((await journal(pool, "tablet", undefined, 500)).entries).toHaveLength(atOnce + 1);
  });

  it("comes by page, each entry once, though claims on other clients lie between", async () => {
    const pool = await poolOf();
    await pool.register("tablet");
    await pool.publish(keyPackages(20), "phone");
    await pool.publish(keyPackages(20), "tablet");
    const only = (client: string): Partial<ClaimCriteria> => ({
      excludeClients: [client === "phone" ? "tablet" : "phone"],
    });
    for (let index = 0; index < 30; index++) await pool.claim(only(index % 3 === 0 ? "phone" : "tablet"));
    const seen: number[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: Awaited<ReturnType<typeof journal>> = await journal(pool, "phone", after, 3);
      expect(page.entries.length).toBeLessThanOrEqual(3);
      seen.push(...page.entries.map(({ sequence }) => sequence));
      after = page.nextAfter;
    }
    expect(seen).toHaveLength(10);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  });

  it("looks at a bounded number of records for one page, and the next page goes on behind them", async () => {
    const pool = await poolOf();
    await pool.register("tablet");
    await runInDurableObject(pool.stub(), (_, { storage }) => {
      for (let index = 0; index < MAX_JOURNAL_SCAN_ROWS + 5; index++) {
        const client = index === MAX_JOURNAL_SCAN_ROWS + 2 ? "phone" : "tablet";
        const answer = { status: "none" as const, clients: [{ client, status: "exhausted" as const }] };
        const missed = [{ client, reason: "exhausted" as const }];
        const claimer = { user: "bob", client: "laptop" };
        recordClaim(storage.sql, { at: nowSeconds(), claimer, answer, missed, replay: undefined }, Date.now());
      }
    });
    const first = await journal(pool);
    expect(first.entries).toEqual([]);
    const second = await journal(pool, pool.client, first.nextAfter);
    expect(second).toMatchObject({ entries: [{ event: "missed" }], nextAfter: undefined });
  });

  it("goes on with higher numbers after every record was forgotten, though the object has forgotten them too", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(3));
    await pool.claim();
    await pool.claim();
    const last = (await journal(pool)).entries.at(-1)?.sequence ?? 0;
    vi.setSystemTime(Date.now() + 30 * DAY_MS + 1000);
    await pool.ringTwice();
    expect(await records(pool)).toEqual([]);
    await evictDurableObject(pool.stub());
    const [fresh] = keyPackages(1) as [AdmittedKeyPackage];
    await pool.publish([fresh]);
    await pool.claim();
    const page = await journal(pool, pool.client, last);
    expect(page.entries.map(({ keyPackageRef }) => keyPackageRef?.toHex())).toEqual(hexRefs([fresh]));
  });

  it("numbers claims of the same millisecond, and those made while the clock is set back, one after the other", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(4));
    await pool.claim();
    await pool.claim();
    vi.setSystemTime(Date.now() - 60_000);
    await pool.claim();
    const numbers = (await journal(pool)).entries.map(({ sequence }) => sequence);
    expect(numbers).toEqual([0, 1, 2].map((index) => (numbers[0] ?? Number.NaN) + index));
  });
});

it("a claim of nothing that nobody is to hear of leaves no record", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(1));
  await pool.claim({ ...anything, excludeClients: [pool.client] });
  expect(await records(pool)).toEqual([]);
});
