import { describe, expect, it, vi } from "vitest";
import { CHECK_TIMEOUT_MS, MAX_BUDGETS_PER_CLIENT } from "../../../src/config/limits.ts";
import type { ClientClaim } from "../../../src/contract/claim-messages.ts";
import { arrivalAfter, waitMs, withinWindow } from "../../../src/shared/leaky-bucket.ts";
import { keyPackage, keyPackages, nowSeconds, only, poolOf } from "../support/pool-calls.ts";

type TestPool = Awaited<ReturnType<typeof poolOf>>;

const HOUR_MS = 3_600_000;
const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** What a claimer got in each step of a time that the test moves. */
async function over(steps: number, stepMs: number, claims: () => Promise<readonly ClientClaim[]>): Promise<string[]> {
  const statuses: string[] = [];
  for (let step = 0; step < steps; step++) {
    statuses.push(...(await claims()).map(({ status }) => status));
    later(stepMs);
  }
  return statuses;
}

const given = (statuses: readonly string[]): number => statuses.filter((status) => status === "claimed").length;

/** The claims of these users, one each. */
const eachOf = (pool: TestPool, users: readonly string[]) => async () =>
  Promise.all(users.map(async (claimer) => only(await pool.claim({}, { claimer }))));

describe("what a budget promises over an hour and over a day", () => {
  const MINUTE_MS = 60_000;

  it("gives one device, and a user with 64 of them, 11 packages of a client in an hour and 57 in a day", async () => {
    for (const devices of [1, 64]) {
      const pool = await poolOf();
      await pool.publish(keyPackages(200));
      const all = async () =>
        Promise.all(
          Array.from({ length: devices }, async (_, device) => only(await pool.claim({}, { claimer: "bob", device }))),
        );
      expect(given(await over(60, MINUTE_MS, all))).toBe(11);
      expect(given(await over(23 * 4, 15 * MINUTE_MS, all))).toBe(57 - 11);
    }
  });

  it("counts each package of a bundle: ten packages of a client are five pairs, and one left is room for none", async () => {
    const pair = { ciphersuites: [], bundle: [[1], [2]] };
    for (const [singles, pairs] of [
      [0, 5],
      [1, 4],
      [9, 0],
    ] as const) {
      const pool = await poolOf();
      await pool.publish([...keyPackages(20), ...keyPackages(20, { ciphersuite: 2 })]);
      for (let i = 0; i < singles; i++) await pool.claim({}, { claimer: "bob" });
      const statuses: string[] = [];
      for (let i = 0; i < 6; i++) statuses.push(only(await pool.claim(pair, { claimer: "bob" })).status);
      expect([given(statuses), new Set(statuses.slice(pairs))]).toEqual([pairs, new Set(["rate_limited"])]);
    }
  });

  it("gives a crowd of a thousand 60 in any hour, the first one too, and then the last resort", async () => {
    const pool = await poolOf();
    const crowd = Array.from({ length: 1_000 }, (_, index) => `crowd-${index}`);
    for (let hour = 0; hour < 3; hour++) {
      await pool.publish(keyPackages(hour === 0 ? 200 : 60));
      if (hour === 0) await pool.publish([keyPackage({ lastResort: true })]);
      const statuses = await over(6, 10 * MINUTE_MS, eachOf(pool, crowd));
      expect(given(statuses)).toBeLessThanOrEqual(60);
      expect(given(statuses)).toBeGreaterThanOrEqual(hour === 0 ? 55 : 30);
      expect(statuses.filter((status) => !["claimed", "last_resort", "rate_limited"].includes(status))).toEqual([]);
    }
  });

  it("gives a crowd no more that has filled more buckets than the client keeps", async () => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(100), keyPackage({ lastResort: true })]);
    const crowd = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index}`);
    const inARow = crowd("eager", MAX_BUDGETS_PER_CLIENT + 10).flatMap((claimer) => [claimer, claimer]);
    const statuses: string[] = [];
    for (const claimer of [...inARow, ...crowd("late", 50)]) {
      statuses.push(only(await pool.claim({}, { claimer })).status);
    }
    expect(given(statuses)).toBe(30);
    expect(new Set(statuses.slice(-50))).toEqual(new Set(["last_resort"]));
  });

  it("gives a crowd 796 in a day", async () => {
    const pool = await poolOf();
    let crowd = 0;
    let taken = 0;
    for (let step = 0; step < 24 * 4; step++) {
      await pool.publish(keyPackages(60));
      taken += given(
        await over(
          1,
          15 * MINUTE_MS,
          eachOf(
            pool,
            Array.from({ length: 70 }, () => `c-${++crowd}`),
          ),
        ),
      );
    }
    expect(taken).toBeLessThanOrEqual(796);
    expect(taken).toBeGreaterThan(700);
  });

  it("keeps a share for a friend who has not asked for a while, while drainers are at work", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(200));
    const drainers = Array.from({ length: 8 }, (_, index) => `drainer-${index}`);
    await over(12, 5 * MINUTE_MS, eachOf(pool, drainers));
    while (given(await over(1, 0, eachOf(pool, drainers))) > 0);
    expect(only(await pool.claim({}, { claimer: "friend" })).status).toBe("claimed");
  });

  it("stores 2,000 packages of one client in a day, and 10,000 of all clients of a user", async () => {
    const pool = await poolOf();
    const stored = async (client: string, steps: number, stepMs: number) => {
      let count = 0;
      for (let step = 0; step < steps; step++) {
        for (;;) {
          const packages = keyPackages(100);
          const answer = await pool.stub().preflight({
            ...pool.base,
            client,
            mode: "replace",
            packages: packages.map(({ ref, ciphersuite, lastResort }) => ({ ref, ciphersuite, lastResort })),
            unreadable: 0,
          });
          if (answer.outcome === "uploads_exhausted") break;
          expect(answer.outcome).toBe("ready");
          await pool.publish(packages, client, "replace");
          count += 100;
        }
        later(stepMs);
      }
      return count;
    };
    const day = await stored("phone", 24, HOUR_MS);
    expect(day).toBeLessThanOrEqual(2_000);
    expect(day).toBeGreaterThanOrEqual(1_900);
    let all = 0;
    for (let client = 0; client < 8; client++) {
      await pool.register(`client-${client}`);
      all += await stored(`client-${client}`, 1, 0);
    }
    // Half of a day's budget at once, less what the phone still has on the user's account.
    expect(all).toBeLessThanOrEqual(5_000);
    expect(all).toBeGreaterThan(3_500);
  });

  it("takes 30 registrations of a user in an hour, and none is counted that changes nothing", async () => {
    const pool = await poolOf();
    let taken = 1;
    for (let minute = 0; minute < 60; minute++) {
      for (let index = 0; index < 3; index++) {
        expect((await pool.register("phone")).outcome).toBe("unchanged");
        const { outcome } = await pool.register(`client-${taken}`);
        if (outcome === "created") taken += 1;
        else expect(outcome).toBe("registrations_exhausted");
      }
      later(MINUTE_MS);
    }
    expect(taken).toBe(30);
  });
});

describe("the budget of a pair", () => {
  it("lets one user claim ten times and then once every half hour, from whichever device", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(20));
    let device = 0;
    const claim = async () => only(await pool.claim({}, { claimer: "bob", device: ++device }));
    for (let index = 0; index < 10; index++) expect((await claim()).status).toBe("claimed");
    const limited = await claim();
    expect(limited).toMatchObject({ status: "rate_limited" });
    expect("retryAfterSeconds" in limited && limited.retryAfterSeconds).toBe(1_800);
    later(HOUR_MS / 2);
    expect((await claim()).status).toBe("claimed");
    expect((await claim()).status).toBe("rate_limited");
    expect(only(await pool.claim({}, { claimer: "carol" })).status).toBe("claimed");
  });

  it("costs nothing for a repeated claim", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(20));
    for (let index = 0; index < 20; index++) {
      expect(only(await pool.claim({}, { claimer: "bob", key: "k" })).status).toBe("claimed");
    }
    expect((await pool.inventory())[0]?.available).toBe(19);
  });

  it("does not lock out a device that registered anew", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(20));
    for (let index = 0; index < 11; index++) await pool.claim({}, { claimer: "bob" });
    expect(only(await pool.claim({}, { claimer: "bob" })).status).toBe("rate_limited");
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    await pool.register("phone");
    await pool.publish(keyPackages(1));
    expect(only(await pool.claim({}, { claimer: "bob" })).status).toBe("claimed");
  });

  it("stands in the journal where it kept somebody from a package", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(20));
    for (let index = 0; index < 11; index++) await pool.claim({}, { claimer: "bob" });
    expect((await entries(pool)).at(-1)).toMatchObject({
      event: "missed",
      reason: "rate_limited",
      claimer: { user: "bob" },
    });
  });
});

describe("claims in vain", () => {
  it("count: ten of one user at once, and 20 in an hour, are answered, and then a time to wait", async () => {
    const pool = await poolOf();
    const claim = async () => only(await pool.claim({ ciphersuites: [7] }, { claimer: "bob" }));
    for (let index = 0; index < 10; index++) expect((await claim()).status).toBe("exhausted");
    const limited = await claim();
    expect(limited.status).toBe("rate_limited");
    expect("retryAfterSeconds" in limited && limited.retryAfterSeconds).toBeGreaterThan(0);
    const hour = await over(60, 60_000, async () => [await claim()]);
    expect(hour.filter((status) => status === "exhausted")).toHaveLength(10);
    expect(await entries(pool)).toHaveLength(20);
  });

  it("of one user neither keep it from what there is, nor a friend's from the owner's journal", async () => {
    const pool = await poolOf();
    for (let index = 0; index < 300; index++) await pool.claim({ ciphersuites: [7] }, { claimer: "bob" });
    await pool.claim({}, { claimer: "friend" });
    expect((await entries(pool)).at(-1)).toMatchObject({ event: "missed", claimer: { user: "friend" } });
    await pool.publish(keyPackages(1));
    expect(only(await pool.claim({}, { claimer: "bob" })).status).toBe("claimed");
  });
});

describe("the budget of a target", () => {
  it("answers rate_limited where there is no last resort, and the owner is told of the missed claim", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(100));
    for (let index = 0; index < 30; index++) await pool.claim();
    const answer = await pool.claim();
    expect(answer).toMatchObject({ outcome: "answered", status: "rate_limited" });
    expect((await entries(pool)).at(-1)).toMatchObject({ event: "missed", reason: "rate_limited" });
  });

  it("is each client's own: a drained phone does not close the tablet", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(70), "phone");
    for (let index = 0; index < 30; index++) await pool.claim();
    await pool.register("tablet");
    await pool.publish(keyPackages(5), "tablet");
    expect(await pool.claim()).toMatchObject({
      status: "partial",
      clients: [{ status: "rate_limited" }, { status: "claimed" }],
    });
  });
});

describe("a clock that was ahead for a moment", () => {
  it("locks no budget", async () => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(30, { notAfter: nowSeconds() + 80 * 86_400 })]);
    const now = Date.now();
    vi.setSystemTime(now + 20 * 86_400_000);
    for (let index = 0; index < 11; index++) await pool.claim({}, { claimer: "bob" });
    await pool.stub().publish({ ...pool.base, client: "phone", mode: "add", keyPackages: [], refused: 200 });
    vi.setSystemTime(now);
    for (const claimer of ["bob", "carol"]) expect(only(await pool.claim({}, { claimer })).status).toBe("claimed");
    const packages = [{ ref: new Uint8Array(32), ciphersuite: 1, lastResort: false }];
    const call = { ...pool.base, client: "phone", mode: "add", packages, unreadable: 0 } as const;
    expect((await pool.stub().preflight(call)).outcome).toBe("ready");
  });
});

const entries = async (pool: TestPool) => {
  const page = await pool.stub().journal({ ...pool.base, client: "phone", after: undefined, limit: 500 });
  if (page.outcome !== "page") throw new Error(page.outcome);
  return page.entries;
};

/** Asks for leave to check so many packages that nobody knows. */
const askToCheck = async (pool: TestPool, packages = 1, client = "phone") => {
  const named = keyPackages(packages).map(({ ref, ciphersuite, lastResort }) => ({ ref, ciphersuite, lastResort }));
  return pool.stub().preflight({ ...pool.base, client, mode: "add", packages: named, unreadable: 0 });
};

describe("the budget of refusals", () => {
  it("closes the door on a client whose packages are refused again and again, and opens it later", async () => {
    const pool = await poolOf();
    const preflight = () => askToCheck(pool);
    const refuse = async () =>
      pool.stub().publish({ ...pool.base, client: "phone", mode: "add", keyPackages: [], refused: 100 });
    expect((await preflight()).outcome).toBe("ready");
    await refuse();
    await refuse();
    expect(await preflight()).toMatchObject({ outcome: "refusals_exhausted" });
    vi.setSystemTime(Date.now() + 60_000);
    expect((await preflight()).outcome).toBe("ready");
  });
});

describe("checks under way", () => {
  it("are two full uploads of a client at most, until one of them ends or is given up", async () => {
    const pool = await poolOf();
    await pool.register("tablet");
    const begin = async (client = "phone", packages = 100) => (await askToCheck(pool, packages, client)).outcome;
    const end = (refused: number, checked?: number) =>
      pool.stub().publish({
        ...pool.base,
        client: "phone",
        mode: "add",
        keyPackages: [],
        refused,
        ...(checked ? { checked } : {}),
      });
    expect([await begin(), await begin(), await begin(), await begin("phone", 0)]).toEqual([
      "ready",
      "ready",
      "busy",
      "ready",
    ]);
    expect(await begin("tablet")).toBe("ready");
    await end(1, 100);
    expect(await begin()).toBe("busy");
    later(300);
    expect([await begin(), await begin()]).toEqual(["ready", "busy"]);
    vi.setSystemTime(Date.now() + CHECK_TIMEOUT_MS);
    expect([await begin(), await begin(), await begin()]).toEqual(["ready", "ready", "busy"]);
  });
});

describe("the budget of refusals, once more", () => {
  it("is not bought back by revoking and registering anew", async () => {
    const pool = await poolOf();
    const preflight = () => askToCheck(pool);
    await pool.stub().publish({ ...pool.base, client: "phone", mode: "add", keyPackages: [], refused: 300 });
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    await pool.register("phone");
    expect(await preflight()).toMatchObject({ outcome: "refusals_exhausted" });
  });
});

describe("the arithmetic of a bucket", () => {
  it("fits a burst, then one event an interval, and never saves up more than the burst", () => {
    const rate = { burst: 3, intervalMs: 100 };
    let arrival = 0;
    const take = (now: number) => {
      const wait = waitMs(rate, arrival, now);
      if (wait === 0) arrival = arrivalAfter(rate, arrival, now);
      return wait;
    };
    expect([1000, 1000, 1000, 1000, 1050, 1100, 1100].map(take)).toEqual([0, 0, 0, 100, 50, 0, 100]);
    expect([9000, 9000, 9000, 9000].map(take)).toEqual([0, 0, 0, 100]);
  });

  it("lets through no more than its count in any window, wherever it begins, and reaches it", () => {
    const windowMs = 3_600_000;
    for (const count of [1, 2, 3, 5, 20, 40, 60, 199]) {
      const rate = withinWindow(count, windowMs);
      let arrival = 0;
      const taken: number[] = [];
      for (let now = 1; now < 4 * windowMs; now += 1_000) {
        while (waitMs(rate, arrival, now) === 0) {
          arrival = arrivalAfter(rate, arrival, now);
          taken.push(now);
        }
      }
      const most = Math.max(...taken.map((from) => taken.filter((at) => at >= from && at < from + windowMs).length));
      expect(most).toBe(count);
    }
  });

  it("does not wait for an arrival that only a wrong clock can have written", () => {
    const rate = { burst: 3, intervalMs: 100 };
    expect(waitMs(rate, 1e15, 1_000)).toBe(0);
    expect(arrivalAfter(rate, 1e15, 1_000)).toBe(1_100);
    // A clock that was set back by a minute makes the wait a minute longer, and no more is given for it.
    expect(waitMs(rate, 61_300, 1_000)).toBe(60_100);
  });
});
