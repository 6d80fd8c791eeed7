/** A clock that is ahead for a moment, in which the alarm rings as often as it likes, ends nothing that is wanted later. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { CLOCK_CONFIRMATION_SECONDS, FINGERPRINT_MARGIN_SECONDS } from "../../../src/config/limits.ts";
import { readClients } from "../../../src/directory/queries.ts";
import { hexRefs, keyPackage, keyPackages, nowSeconds, only, poolOf, refOf } from "../support/pool-calls.ts";

type TestPool = Awaited<ReturnType<typeof poolOf>>;

const DAY_SECONDS = 24 * 3600;
const HOUR_MS = 3600_000;

const JUMPS: readonly (readonly [string, number])[] = [
  ["three seconds", 3],
  ["20 days", 20 * DAY_SECONDS],
  ["two years", 2 * 365 * DAY_SECONDS],
];

const alarmAt = (pool: TestPool) => runInDurableObject(pool.stub(), (_, { storage }) => storage.getAlarm());

/** Lets the clock be ahead for three seconds, and calls `within` at each of them. Afterwards it is right. */
async function ahead(seconds: number, within: () => Promise<unknown>): Promise<void> {
  const rightMs = Date.now();
  for (let second = 0; second <= 3; second++) {
    vi.setSystemTime(rightMs + (seconds + second) * 1000);
    await within();
  }
  vi.setSystemTime(rightMs + 3000);
}

describe.each(JUMPS)("a clock that is ahead by %s", (_, seconds) => {
  it.each([
    ["which wakes the object each time", true],
    ["which finds it awake", false],
  ])("brings nothing back that was claimed or removed, for all of an alarm %s", async (__, isCold) => {
    const pool = await poolOf();
    // One is over while the clock is ahead, and still good when it is right.
    const batch = [keyPackage({ notAfter: nowSeconds() + 7200 }), ...keyPackages(2)];
    await pool.publish(batch);
    await pool.ring();
    vi.setSystemTime(Date.now() + HOUR_MS + 1000);
    const given = [refOf(await pool.claim({ minRemainingLifetimeSeconds: 0 })), refOf(await pool.claim())];
    await pool.stub().remove({ ...pool.base, client: "phone", which: { kind: "all" } });
    expect(given).toEqual(hexRefs(batch.slice(0, 2)));
    await ahead(seconds, async () => {
      if (isCold) await evictDurableObject(pool.stub());
      await pool.ring();
    });
    expect((await pool.publish(batch)).codes).toEqual(["already_claimed", "already_claimed", "already_removed"]);
    vi.setSystemTime(Date.now() + HOUR_MS / 2);
    await pool.ring();
    expect((await pool.publish(batch.slice(1))).codes).toEqual(["already_claimed", "already_removed"]);
  });

  it("loses nothing that is live, and has the directory right again after the next call", async () => {
    const pool = await poolOf();
    const batch = keyPackages(3);
    const lastResort = keyPackage({ lastResort: true });
    await pool.publish([...batch, lastResort]);
    await pool.ring();
    vi.setSystemTime(Date.now() + HOUR_MS);
    await ahead(seconds, () => pool.ring());
    expect(await pool.inventory()).toMatchObject([{ available: 3, lastResort: { uses: 0 } }]);
    await pool.ring();
    expect(await readClients(env.DB, pool.user)).toMatchObject([{ offers: [{ available: 3, lastResort: true }] }]);
    // The alarm is not where the clock has been.
    expect(await alarmAt(pool)).toBeLessThanOrEqual(batch[0]?.notAfter ? batch[0].notAfter * 1000 + HOUR_MS : 0);
    const given = [refOf(await pool.claim()), refOf(await pool.claim()), refOf(await pool.claim())];
    expect(given).toEqual(hexRefs(batch));
    expect(only(await pool.claim()).status).toBe("last_resort");
  });

  it("refuses claims meanwhile, and keeps answers and journal for later", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(2));
    const first = await pool.claim({}, { claimer: "bob", key: "k" });
    await pool.ring();
    vi.setSystemTime(Date.now() + HOUR_MS);
    await ahead(seconds, async () => {
      await pool.ring();
      await pool.claim({ excludeClients: ["phone"] });
    });
    expect(await pool.claim({}, { claimer: "bob", key: "k" })).toEqual({ ...first, replayed: true });
    const journal = await pool.stub().journal({ ...pool.base, client: "phone", after: undefined, limit: 10 });
    expect(journal).toMatchObject({
      entries: [{ event: "claimed", keyPackageRef: Uint8Array.fromHex(refOf(first) ?? "") }],
    });
  });

  it("keeps the name of a revoked client, and its row in the directory", async () => {
    const pool = await poolOf();
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    await pool.ring();
    vi.setSystemTime(Date.now() + HOUR_MS);
    await ahead(seconds, () => pool.ring());
    await pool.ring();
    expect(await pool.stub().view(pool.base)).toMatchObject({ clients: [{ revokedAt: expect.any(Number) }] });
    expect(await readClients(env.DB, pool.user)).toEqual([]);
  });
});

describe("two looks at the clock", () => {
  it("end what is over when they are an hour apart, and not a second earlier", async () => {
    const pool = await poolOf();
    const [short, long] = [keyPackage({ notAfter: nowSeconds() + 7200 }), keyPackage()];
    await pool.publish([short, long]);
    const live = () =>
      runInDurableObject(pool.stub(), (_, { storage }) =>
        storage.sql.exec<{ live: number }>("SELECT SUM(live) AS live FROM chunks").one(),
      ).then((row) => row.live);
    vi.setSystemTime(short.notAfter * 1000);
    await pool.ring();
    expect(await live()).toBe(2);
    vi.setSystemTime(Date.now() + (CLOCK_CONFIRMATION_SECONDS - 1) * 1000);
    await pool.ring();
    expect(await live()).toBe(2);
    vi.setSystemTime(Date.now() + 1000);
    await pool.ring();
    expect(await live()).toBe(1);
  });

  it("are not put off by packages that go on expiring in between", async () => {
    const pool = await poolOf();
    const start = nowSeconds() + 7200;
    await pool.publish(Array.from({ length: 12 }, (_, index) => keyPackage({ notAfter: start + index * 600 })));
    for (let rung = 0; rung < 12; rung++) {
      vi.setSystemTime((start + rung * 600) * 1000);
      await pool.ring();
    }
    const [row] = await runInDurableObject(pool.stub(), (_, { storage }) =>
      storage.sql.exec<{ live: number }>("SELECT SUM(live) AS live FROM chunks").toArray(),
    );
    // What had ended by the look at the start.
    expect(row?.live).toBe(11);
  });

  it("forget an upload only a month after its end, so that a clock ahead by weeks for days forgets nothing", async () => {
    const pool = await poolOf();
    const batch = [keyPackage({ notAfter: nowSeconds() + 10 * DAY_SECONDS })];
    await pool.publish(batch);
    await pool.claim();
    const rightMs = Date.now();
    vi.setSystemTime(rightMs + 20 * DAY_SECONDS * 1000);
    await pool.ringTwice();
    await pool.ringTwice();
    vi.setSystemTime(rightMs + 2 * HOUR_MS);
    expect((await pool.publish(batch)).codes).toEqual(["already_claimed"]);
    vi.setSystemTime(rightMs + (10 * DAY_SECONDS + FINGERPRINT_MARGIN_SECONDS) * 1000);
    await pool.ringTwice();
    const rows = await runInDurableObject(pool.stub(), (_, { storage }) =>
      storage.sql.exec("SELECT 1 FROM fingerprints").toArray(),
    );
    expect(rows).toEqual([]);
  });

  it("clean up when the pool is next claimed from, so that expired packages hide no threshold", async () => {
    const pool = await poolOf();
    const soon = nowSeconds() + 2 * DAY_SECONDS;
    await pool.publish([...keyPackages(60, { notAfter: soon }), ...keyPackages(60)]);
    vi.setSystemTime(soon * 1000);
    await pool.ring();
    vi.setSystemTime(Date.now() + HOUR_MS);
    await pool.claim();
    expect(await alarmAt(pool)).toBeLessThanOrEqual(Date.now() + 1000);
    await pool.ring();
    for (let claimed = 0; claimed < 10; claimed++) await pool.claim();
    await pool.ring();
    expect(await readClients(env.DB, pool.user)).toMatchObject([{ offers: [{ available: 49, needsUpload: true }] }]);
  });
});
