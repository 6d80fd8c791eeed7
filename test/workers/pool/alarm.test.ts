import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  DIRECTORY_WRITE_TIMEOUT_MS,
  FINGERPRINT_MARGIN_SECONDS,
  MAX_ALARM_AHEAD_MS,
  MIN_ALARM_AHEAD_MS,
} from "../../../src/config/limits.ts";
import { readClients } from "../../../src/directory/queries.ts";
import { fakeTimersUntilSet } from "../support/clock.ts";
import { keyPackage, keyPackages, nowSeconds, only, poolOf } from "../support/pool-calls.ts";
import { project, snapshot } from "../support/snapshots.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

type TestPool = Awaited<ReturnType<typeof poolOf>>;

const count = (pool: TestPool, table: string) =>
  runInDurableObject(pool.stub(), (_, state) =>
    state.storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one(),
  ).then((row) => row.n);

/** Packages whose bytes the pool holds for handing out. */
const livePackages = (pool: TestPool) =>
  runInDurableObject(pool.stub(), (_, state) =>
    state.storage.sql.exec<{ n: number }>("SELECT COALESCE(SUM(live), 0) AS n FROM chunks").one(),
  ).then((row) => row.n);

const alarmAt = (pool: TestPool) => runInDurableObject(pool.stub(), (_, state) => state.storage.getAlarm());

/** Makes every write of this pool to the directory fail until the returned function is called. */
async function breakDirectory(pool: TestPool): Promise<() => void> {
  const spy = await runInDurableObject(pool.stub(), (instance) =>
    vi
      .spyOn((instance as unknown as { env: { DB: D1Database } }).env.DB, "batch")
      .mockRejectedValue(new Error("D1_ERROR: the test broke it")),
  );
  return () => spy.mockRestore();
}

describe("the alarm", () => {
  it("ends packages that have expired and forgets tombstones whose time is over", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(3, { notAfter: nowSeconds() + 7000 }));
    await pool.publish([keyPackage()]);
    await pool.claim();
    await runDurableObjectAlarm(pool.stub());
    expect([await livePackages(pool), await count(pool, "fingerprints")]).toEqual([3, 2]);
    vi.setSystemTime(Date.now() + 7001_000);
    await pool.ringTwice();
    expect([await livePackages(pool), await count(pool, "fingerprints")]).toEqual([1, 2]);
    expect((await pool.inventory())[0]?.available).toBe(1);
    vi.setSystemTime(Date.now() + FINGERPRINT_MARGIN_SECONDS * 1000);
    await pool.ringTwice();
    expect([await livePackages(pool), await count(pool, "fingerprints")]).toEqual([0, 1]);
  });

  it("is not set for claims that cross no threshold: the directory lacks them until it is told of something else", async () => {
    const pool = await poolOf();
    const isPending = () =>
      runInDurableObject(pool.stub(), (instance) => {
        const view = instance.view(pool.base);
        return view.outcome === "found" && view.directoryPending;
      });
    await pool.publish(keyPackages(60));
    await pool.ring();
    const setFor = await alarmAt(pool);
    await pool.claim();
    expect([await isPending(), await alarmAt(pool)]).toEqual([true, setFor]);
    expect(await runInDurableObject(pool.stub(), (instance) => instance.resync(pool.base))).toEqual({
      outcome: "delivered",
    });
    expect(await isPending()).toBe(false);
  });

  it("keeps a tombstone as long as its package could be used", async () => {
    const pool = await poolOf();
    const published = keyPackage({ notAfter: nowSeconds() + 7000 });
    await pool.publish([published]);
    await pool.claim();
    vi.setSystemTime(Date.now() + 6900_000);
    await pool.ring();
    expect((await pool.publish([published])).codes).toEqual(["already_claimed"]);
  });

  it.each([
    ["an alarm", (pool: TestPool) => pool.ring()],
    ["the next upload", (pool: TestPool) => pool.publish(keyPackages(1))],
    ["the next claim", (pool: TestPool) => pool.claim()],
  ])(
    "%s drops what was handed out once two looks say that it can no longer be repeated, and keeps the journal",
    async (_, next) => {
      const pool = await poolOf();
      await pool.publish(keyPackages(2));
      await pool.claim({}, { claimer: "bob", key: "k" });
      const kept = () => count(pool, "claims WHERE packages IS NOT NULL OR idempotency IS NOT NULL");
      await pool.ring();
      expect(await kept()).toBe(1);
      vi.setSystemTime(Date.now() + 24 * 3600_000 + 1000);
      await pool.ring();
      expect(await kept()).toBe(1);
      vi.setSystemTime(Date.now() + 3600_000);
      await next(pool);
      expect(await kept()).toBe(0);
      const journal = await pool.stub().journal({ ...pool.base, client: pool.client, after: undefined, limit: 10 });
      expect(journal.outcome === "page" && journal.entries[0]).toMatchObject({
        event: "claimed",
        claimer: { user: "bob" },
      });
    },
  );

  it("changes nothing when it runs again", async () => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(2, { notAfter: nowSeconds() + 7000 }), ...keyPackages(2)]);
    await pool.claim({}, { key: "k" });
    vi.setSystemTime(Date.now() + 7001_000);
    await pool.ring();
    const state = async () => [
      await pool.inventory(),
      await livePackages(pool),
      await count(pool, "fingerprints"),
      await count(pool, "claims"),
    ];
    const before = await state();
    await pool.ring();
    await pool.ring();
    expect(await state()).toEqual(before);
  });

  it("is always set for what comes next, also after an eviction", async () => {
    const pool = await poolOf();
    const soon = nowSeconds() + 7000;
    await pool.publish([keyPackage({ notAfter: soon })]);
    await runDurableObjectAlarm(pool.stub());
    expect(await alarmAt(pool)).toBe(soon * 1000);
    await evictDurableObject(pool.stub());
    await pool.claim();
    expect(await alarmAt(pool)).toBeLessThan(soon * 1000);
  });

  it("rings for nothing once nothing is left, and leaves nothing of a revoked client in the directory", async () => {
    const pool = await poolOf();
    await pool.publish([keyPackage({ notAfter: nowSeconds() + 7000 })]);
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    vi.setSystemTime(Date.now() + (7001 + FINGERPRINT_MARGIN_SECONDS) * 1000);
    await pool.ring();
    expect(await readClients(env.DB, pool.user)).toEqual([]);
    const nextMs = (await alarmAt(pool)) ?? 0;
    expect(nextMs).toBe(Date.now() + 3600_000);
    vi.setSystemTime(nextMs);
    await pool.ringTwice();
    expect(await readClients(env.DB, pool.user)).toBeUndefined();
    await runInDurableObject(pool.stub(), (_, state) => state.storage.deleteAlarm());
    await pool.ring();
    expect(await alarmAt(pool)).toBeNull();
    expect(await count(pool, "clients")).toBe(0);
  });

  it("forgets a revoked client only after the directory has, and not if it has registered again", async () => {
    const pool = await poolOf();
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    vi.setSystemTime(Date.now() + 31 * 24 * 3600_000);
    await pool.ring();
    vi.setSystemTime(Date.now() + 3600_000);
    const mend = await breakDirectory(pool);
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await pool.ring();
    expect([await count(pool, "clients"), await readClients(env.DB, pool.user)]).toEqual([1, []]);
    await pool.register("phone");
    mend();
    vi.setSystemTime(Date.now() + 600_000);
    await pool.ring();
    expect(await count(pool, "clients")).toBe(1);
    expect(await readClients(env.DB, pool.user)).toMatchObject([{ client: "phone" }]);
  });

  it("does not stumble over a package that outlives the calendar of the platform", async () => {
    const pool = await poolOf();
    await pool.publish([keyPackage({ notAfter: Number.MAX_SAFE_INTEGER })]);
    await runDurableObjectAlarm(pool.stub());
    await pool.ring();
    expect(await alarmAt(pool)).toBeLessThanOrEqual(Date.now() + MAX_ALARM_AHEAD_MS);
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    await pool.ring();
    await pool.ring();
    expect(await alarmAt(pool)).toBeGreaterThan(Date.now());
  });

  it("finishes more than one chunk of work by ringing again", async () => {
    const pool = await poolOf();
    await pool.publish([keyPackage({ notAfter: nowSeconds() + 7000 })]);
    await runInDurableObject(pool.stub(), (_, state) => {
      for (let index = 0; index < 4500; index++) {
        state.storage.sql.exec(
          "INSERT INTO fingerprints (client_id, ends_at, entries) VALUES (1, ?, x'')",
          nowSeconds() - 1 - FINGERPRINT_MARGIN_SECONDS,
        );
      }
    });
    await pool.ringTwice();
    expect(await count(pool, "fingerprints")).toBe(2501);
    expect(await alarmAt(pool)).toBeLessThanOrEqual(Date.now() + MIN_ALARM_AHEAD_MS);
    await pool.ring();
    await pool.ring();
    expect(await count(pool, "fingerprints")).toBe(1);
  });
});

describe("the directory", () => {
  it("has heard of a revocation before its owner does, also while it is still told of something earlier", async () => {
    const pool = await poolOf();
    const listed = await runInDurableObject(pool.stub(), async (instance) => {
      const { DB } = (instance as unknown as { env: { DB: D1Database } }).env;
      const real = DB.batch.bind(DB);
      const sent = Promise.withResolvers<void>();
      const arrival = Promise.withResolvers<void>();
      const slow = vi.spyOn(DB, "batch").mockImplementationOnce(async (statements) => {
        sent.resolve();
        await arrival.promise;
        return real(statements);
      });
      const put = { ...pool.base, client: pool.client, mode: "add", keyPackages: [keyPackage()], refused: 0 } as const;
      const publishing = instance.publish(put);
      const revoking = instance.revoke({ ...pool.base, client: pool.client });
      await sent.promise;
      arrival.resolve();
      await revoking;
      const seen = await readClients(DB, pool.user);
      await publishing;
      slow.mockRestore();
      return seen;
    });
    expect(listed ?? []).toEqual([]);
  });

  it("shows a client, its ciphersuites and capabilities as soon as they are published, and no more once it is revoked", async () => {
    const pool = await poolOf();
    expect(await readClients(env.DB, pool.user)).toMatchObject([{ client: "phone", offers: [] }]);
    const capabilities = { extensions: [10], proposals: [], credentials: [1] };
    await pool.publish([keyPackage({ capabilities }), keyPackage({ ciphersuite: 3, lastResort: true })]);
    expect(await readClients(env.DB, pool.user)).toMatchObject([
      {
        client: "phone",
        signatureKeys: [{ scheme: 0x0807, publicKey: "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc" }],
        offers: [
          { ciphersuite: 1, available: 1, lastResort: false, capabilities: [capabilities] },
          { ciphersuite: 3, available: 0, lastResort: true },
        ],
      },
    ]);
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    expect(await readClients(env.DB, pool.user)).toEqual([]);
  });

  it("knows nothing of a user who never registered", async () => {
    expect(await readClients(env.DB, "nobody")).toBeUndefined();
  });

  it("hears of claims by the alarm", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(3));
    await pool.claim();
    vi.setSystemTime(Date.now() + 5000);
    await runDurableObjectAlarm(pool.stub());
    expect(await readClients(env.DB, pool.user)).toMatchObject([{ offers: [{ available: 2 }] }]);
  });

  it("may be down: publishing, claiming and revoking go on, and it catches up by itself", async () => {
    const pool = await poolOf();
    const mend = await breakDirectory(pool);
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await pool.publish(keyPackages(3));
    expect(only(await pool.claim()).status).toBe("claimed");
    await pool.register("tablet");
    await pool.ring();
    expect(await readClients(env.DB, pool.user)).toMatchObject([{ client: "phone", offers: [] }]);
    mend();
    vi.setSystemTime(Date.now() + 600_000);
    await runDurableObjectAlarm(pool.stub());
    expect(await readClients(env.DB, pool.user)).toMatchObject([
      { client: "phone", offers: [{ available: 2 }] },
      { client: "tablet" },
    ]);
  });

  it("is tried later and later while it is down, and never given up", async () => {
    const pool = await poolOf();
    await breakDirectory(pool);
    vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.spyOn(Math, "random").mockReturnValue(1);
    await pool.publish(keyPackages(1));
    const pauses: number[] = [];
    for (let index = 0; index < 12; index++) {
      const at = await alarmAt(pool);
      if (at === null) throw new Error("the alarm was given up");
      vi.setSystemTime(at);
      await runDurableObjectAlarm(pool.stub());
      pauses.push(((await alarmAt(pool)) ?? 0) - at);
    }
    expect(pauses.slice(1, 5)).toEqual([60_000, 120_000, 240_000, 300_000]);
    expect(pauses.at(-1)).toBe(300_000);
  });

  it("may refuse one client's row: its siblings come and go at once, and it is tried less and less often", async () => {
    await env.DB.prepare(
      `CREATE TRIGGER refuse BEFORE INSERT ON clients WHEN NEW.client = 'poison'
       BEGIN SELECT RAISE(ABORT, 'string or blob too big'); END`,
    ).run();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.spyOn(Math, "random").mockReturnValue(1);
    const pool = await poolOf();
    await pool.register("poison");
    for (let index = 0; index < 12; index++) {
      vi.setSystemTime((await alarmAt(pool)) ?? 0);
      await runDurableObjectAlarm(pool.stub());
    }
    const pauseMs = ((await alarmAt(pool)) ?? 0) - Date.now();
    expect(pauseMs).toBe(300_000);
    await pool.register("tablet");
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    expect((await readClients(env.DB, pool.user))?.map(({ client }) => client)).toEqual(["tablet"]);
    await env.DB.prepare("DROP TRIGGER refuse").run();
    vi.setSystemTime(Date.now() + 300_000);
    await pool.ring();
    expect((await readClients(env.DB, pool.user))?.map(({ client }) => client)).toEqual(["poison", "tablet"]);
  });

  it("is not waited for again by calls once it has not answered in time", async () => {
    const pool = await poolOf();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await runInDurableObject(pool.stub(), async (instance) => {
      const { DB } = (instance as unknown as { env: { DB: D1Database } }).env;
      const silent = vi.spyOn(DB, "batch").mockImplementation(() => new Promise(() => undefined));
      const call = { ...pool.base, signatureKeys: [] };
      const waiting = fakeTimersUntilSet(DIRECTORY_WRITE_TIMEOUT_MS);
      const first = instance.register({ ...call, client: "tablet" });
      await waiting;
      await vi.advanceTimersByTimeAsync(DIRECTORY_WRITE_TIMEOUT_MS);
      await first;
      await instance.register({ ...call, client: "watch" });
      expect(silent).toHaveBeenCalledTimes(1);
      silent.mockRestore();
    });
    vi.setSystemTime(Date.now() + 600_000);
    await pool.ring();
    expect(await readClients(env.DB, pool.user)).toHaveLength(3);
  });

  it("is filled again from the pool when it has lost everything", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(3));
    await env.DB.prepare("DELETE FROM clients").run();
    expect(await pool.stub().resync(pool.base)).toEqual({ outcome: "delivered" });
    expect(await readClients(env.DB, pool.user)).toMatchObject([{ client: "phone", offers: [{ available: 3 }] }]);
  });

  it("loses by a resync what it has of clients that the pool does not know", async () => {
    const pool = await poolOf();
    await project(pool.user, 1, [snapshot("stranger", 5)]);
    expect(await readClients(env.DB, pool.user)).toHaveLength(2);
    await pool.stub().resync(pool.base);
    expect(await readClients(env.DB, pool.user)).toMatchObject([{ client: "phone" }]);
  });

  it("hears nothing from a user who does nothing", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(3));
    await runDurableObjectAlarm(pool.stub());
    expect(await alarmAt(pool)).toBeGreaterThan(Date.now() + 29 * 24 * 3600_000);
  });

  it("is told at once when a claim leaves less than the watermark, and not of every claim", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(51));
    await runDurableObjectAlarm(pool.stub());
    const quiet = await alarmAt(pool);
    await pool.claim();
    expect(await alarmAt(pool)).toBe(quiet);
    await pool.claim();
    expect(await alarmAt(pool)).toBeLessThan(Date.now() + 2000);
    await runDurableObjectAlarm(pool.stub());
    vi.setSystemTime(Date.now() + 5000);
    await runDurableObjectAlarm(pool.stub());
    expect(await readClients(env.DB, pool.user)).toMatchObject([{ offers: [{ available: 49, needsUpload: true }] }]);
  });
});
