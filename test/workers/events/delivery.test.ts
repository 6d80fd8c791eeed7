/** Delivery to a receiver that fails, is slow, loses answers, or wants no more: at least once, in order, and bounded. */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  EVENT_ATTEMPTS,
  EVENT_REJECTED_ATTEMPTS,
  EVENT_RETRY_MAX_MS,
  EVENT_RETRY_MIN_MS,
  EVENT_RUN_MS,
  EVENT_TIMEOUT_MS,
  MAX_PENDING_EVENTS,
} from "../../../src/config/limits.ts";
import { deliver } from "../../../src/pool/events/delivery.ts";
import { fakeTimersUntilSet } from "../support/clock.ts";
import { alarmAt, claimTimes, pass, plan, received, type TestPool, typesOf } from "../support/events.ts";
import { keyPackage, keyPackages, poolOf } from "../support/pool-calls.ts";

const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.spyOn(console, "warn").mockImplementation((line: string) => void lines.push(line));
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** A client of which three events wait: the last package, the last resort, and the same of a second client. */
async function withEvents(): Promise<TestPool> {
  const pool = await poolOf();
  await pool.register("tablet");
  for (const client of ["phone", "tablet"]) {
    await pool.publish([...keyPackages(1), keyPackage({ lastResort: true })], client);
  }
  await pool.ring();
  await claimTimes(pool, 2);
  return pool;
}

const ALL = [
  ["key_packages.exhausted", "phone"],
  ["key_packages.exhausted", "tablet"],
  ["last_resort.used", "phone"],
  ["last_resort.used", "tablet"],
];

const told = async (user: string) => (await received(user)).map(({ payload: { type, data } }) => [type, data.client]);

const pending = (pool: TestPool): Promise<number> =>
  runInDurableObject(pool.stub(), (_, { storage: { sql } }) => {
    const [row] = sql.exec<{ pending: string }>("SELECT pending FROM events").toArray();
    return (JSON.parse(row?.pending ?? "[]") as unknown[]).length;
  });

/** Fills itself with the data points that are written from now on. */
async function pointsOf(pool: TestPool): Promise<readonly AnalyticsEngineDataPoint[]> {
  const points: AnalyticsEngineDataPoint[] = [];
  await runInDurableObject(pool.stub(), (instance) => {
    const events = (instance as unknown as { env: { METRICS: AnalyticsEngineDataset } }).env.METRICS;
    vi.spyOn(events, "writeDataPoint").mockImplementation((point) => void points.push(point ?? {}));
  });
  return points;
}

/** The pause until the alarm rings again, in milliseconds. */
const pauseOf = async (pool: TestPool): Promise<number> => ((await alarmAt(pool)) ?? 0) - Date.now();

describe("a receiver that fails", () => {
  it("gets every event later, in order, the first of them again under the same id", async () => {
    const pool = await withEvents();
    await plan(pool.user, 204, 500, 503);
    await pass(pool, 2);
    expect(await told(pool.user)).toEqual(ALL.slice(0, 2));
    await pass(pool, 120);
    expect(await told(pool.user)).toEqual([ALL[0], ALL[1], ALL[1], ALL[1], ALL[2], ALL[3]]);
    const ids = (await received(pool.user)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    expect(ids[2]).toBe(ids[1]);
    const bodies = (await received(pool.user)).map(({ body }) => body);
    expect(bodies[3]).toBe(bodies[1]);
    expect(await pending(pool)).toBe(0);
  });

  it("is asked with pauses that double up to an hour, whatever happens meanwhile, and given up after 80 attempts", async () => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(1), keyPackage({ lastResort: true })]);
    await pool.ring();
    await claimTimes(pool, 1);
    await plan(pool.user, ...Array.from({ length: EVENT_ATTEMPTS }, () => 500));
    for (let attempt = 1; attempt < EVENT_ATTEMPTS; attempt++) {
      await pass(pool, Math.max(0, await pauseOf(pool)) / 1000);
      const full = Math.min(EVENT_RETRY_MAX_MS, EVENT_RETRY_MIN_MS * 2 ** (attempt - 1));
      expect(await pauseOf(pool)).toBeGreaterThanOrEqual(full / 2);
      expect(await pauseOf(pool)).toBeLessThanOrEqual(full);
      // What is behind waits with it.
      if (attempt !== 10) continue;
      await claimTimes(pool, 1);
      expect(await pauseOf(pool)).toBeGreaterThanOrEqual(full / 2);
    }
    expect(await pending(pool)).toBe(2);
    await pass(pool, (await pauseOf(pool)) / 1000);
    expect(await pending(pool)).toBe(1);
    await pass(pool, 3_600);
    const events = await received(pool.user);
    expect(new Set(events.slice(0, EVENT_ATTEMPTS).map(({ id }) => id)).size).toBe(1);
    expect(events.slice(EVENT_ATTEMPTS).map(({ payload }) => payload.type)).toEqual(["last_resort.used"]);
  });

  it("may say when to come back, within an hour", async () => {
    const pool = await withEvents();
    const status = 429;
    await plan(
      pool.user,
      { status, headers: { "Retry-After": "1800" } },
      { status, headers: { "Retry-After": "999999" } },
    );
    await pass(pool, 2);
    expect(await pauseOf(pool)).toBeGreaterThan(1_790_000);
    await pass(pool, 1_800);
    expect(await pauseOf(pool)).toBeGreaterThan(1_800_000);
    await pass(pool, 3_600);
    expect(await told(pool.user)).toEqual([ALL[0], ALL[0], ...ALL]);
  });

  it("is not followed to another address", async () => {
    const pool = await withEvents();
    const other = await poolOf();
    await plan(pool.user, { status: 307, headers: { Location: `/received/${other.user}` } });
    await pass(pool, 2);
    expect(await told(pool.user)).toEqual([ALL[0]]);
    await pass(pool, 60);
    expect(await told(pool.user)).toEqual([ALL[0], ...ALL]);
  });

  it("keeps back nobody's events but those of the user", async () => {
    const pool = await withEvents();
    const other = await withEvents();
    await plan(pool.user, ...Array.from({ length: 5 }, () => 500));
    await pass(pool, 2);
    await pass(other, 2);
    expect(await told(other.user)).toEqual(ALL);
  });
});

describe("a receiver that rejects one event for good", () => {
  it.each([400, 401, 403, 404, 422])(
    "holds up those behind it for about an hour, and no longer (%i)",
    async (status) => {
      const pool = await withEvents();
      const points = await pointsOf(pool);
      await plan(pool.user, 204, ...Array.from({ length: EVENT_REJECTED_ATTEMPTS }, () => status));
      await pass(pool, 15 * 60);
      expect(await told(pool.user)).not.toContainEqual(ALL[2]);
      await pass(pool, 65 * 60);
      const rejected = Array.from({ length: EVENT_REJECTED_ATTEMPTS }, () => ALL[1]);
      expect(await told(pool.user)).toEqual([ALL[0], ...rejected, ALL[2], ALL[3]]);
      expect(await pending(pool)).toBe(0);
      const outcomes = points.flatMap(({ indexes, blobs }) => (indexes?.[0] === "event" ? [blobs?.[1]] : []));
      expect(outcomes).toEqual(["delivered", ...rejected.map(() => "rejected"), "given_up", "delivered", "delivered"]);
      expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject(
        rejected.map((_, index) => ({ reason: "rejected", attempt: index + 1, status })),
      );
    },
  );

  it("goes on with the next soon after it was given up", async () => {
    const pool = await withEvents();
    await plan(pool.user, ...Array.from({ length: EVENT_REJECTED_ATTEMPTS }, () => 400));
    while ((await pending(pool)) === 4) await pass(pool, Math.max(0, await pauseOf(pool)) / 1000);
    expect(await pauseOf(pool)).toBeLessThanOrEqual(EVENT_RETRY_MIN_MS);
  });

  it.each([408, 409, 425, 429, 500, 307])("is told from one that says not now (%i)", async (status) => {
    const pool = await withEvents();
    await plan(pool.user, ...Array.from({ length: EVENT_REJECTED_ATTEMPTS + 4 }, () => status));
    await pass(pool, 24 * 3600);
    expect((await told(pool.user)).slice(-4)).toEqual(ALL);
    expect(await pending(pool)).toBe(0);
  });

  it("is forgiven the rejections of an hour", async () => {
    const pool = await withEvents();
    await plan(pool.user, ...Array.from({ length: EVENT_REJECTED_ATTEMPTS - 1 }, () => 404));
    await pass(pool, 3 * 3600);
    expect((await told(pool.user)).slice(-4)).toEqual(ALL);
  });
});

describe("a receiver that loses its answer", () => {
  it("gets the event twice, under one id", async () => {
    const pool = await withEvents();
    await plan(pool.user, "drop");
    await pass(pool, 60);
    expect(await told(pool.user)).toEqual([ALL[0], ...ALL]);
    const ids = (await received(pool.user)).map(({ id }) => id);
    expect(ids[1]).toBe(ids[0]);
  });
});

describe("a slow receiver", () => {
  it("is given up after ten seconds, and gets the event again", async () => {
    const pool = await withEvents();
    await plan(pool.user, "hang");
    const waiting = fakeTimersUntilSet(EVENT_TIMEOUT_MS);
    const ringing = pool.ring();
    await waiting;
    while ((await received(pool.user)).length === 0) await Promise.resolve();
    vi.advanceTimersByTime(EVENT_TIMEOUT_MS);
    await ringing;
    const nowMs = Date.now();
    vi.useRealTimers();
    vi.setSystemTime(nowMs);
    expect(await pending(pool)).toBe(4);
    await pass(pool, 60);
    expect(await told(pool.user)).toEqual([ALL[0], ...ALL]);
  });

  it("keeps the alarm for so long and no longer: the rest is sent by the next", async () => {
    const pool = await withEvents();
    const real = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (...args) => {
      const response = await real(...args);
      if (String(args[0]).endsWith("/hook")) vi.setSystemTime(Date.now() + EVENT_RUN_MS / 2 + 1);
      return response;
    });
    await pool.ring();
    expect(await told(pool.user)).toEqual(ALL.slice(0, 2));
    expect(await pauseOf(pool)).toBeLessThanOrEqual(1_000);
    vi.restoreAllMocks();
    await pass(pool, 2);
    expect(await told(pool.user)).toEqual(ALL);
  });
});

describe("a receiver that wants no more (410)", () => {
  it("is not asked again with the same event", async () => {
    const pool = await withEvents();
    await plan(pool.user, 410);
    await pass(pool, 2);
    expect(await told(pool.user)).toEqual(ALL);
    expect(await pending(pool)).toBe(0);
  });
});

describe("what waits", () => {
  it("gives way to a newer event about the same, and is bounded", async () => {
    const pool = await poolOf();
    await plan(pool.user, ...Array.from({ length: 10 }, () => 500));
    for (let round = 0; round < 3; round++) {
      await pool.publish(keyPackages(1));
      await claimTimes(pool, 1);
      await pool.ring();
    }
    expect(await pending(pool)).toBe(1);
    for (const client of Array.from({ length: 50 }, (_, index) => `client-${index}`)) {
      await pool.register(client);
      await pool.publish([...keyPackages(1), ...[2, 3].map((ciphersuite) => keyPackage({ ciphersuite }))], client);
    }
    for (const ciphersuite of [1, 2, 3]) await pool.claim({ ciphersuites: [ciphersuite] });
    expect(await pending(pool)).toBe(MAX_PENDING_EVENTS);
  });

  it("is erased with the user, and nothing is sent any more", async () => {
    const pool = await withEvents();
    await pool.stub().erase(pool.base);
    await pass(pool, 3_600);
    expect(await received(pool.user)).toEqual([]);
  });

  it("outlives the object that noted it", async () => {
    const pool = await withEvents();
    await runInDurableObject(pool.stub(), (_, state) => state.abort("the test ends it")).catch(() => undefined);
    await pass(pool, 2);
    expect(await told(pool.user)).toEqual(ALL);
  });
});

describe("a transaction that is rolled back", () => {
  it("leaves no event", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(1));
    await pool.ring();
    await runInDurableObject(pool.stub(), async (instance, { storage }) => {
      const real = storage.transactionSync.bind(storage);
      const spy = vi.spyOn(storage, "transactionSync").mockImplementation(((body: () => unknown) =>
        real(() => {
          body();
          throw new Error("the test rolls it back");
        })) as typeof real);
      const claim = { ...pool.base, claimer: { user: "bob", client: "laptop" }, idempotency: undefined };
      const criteria = {
        ciphersuites: [1],
        requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
        excludeClients: [],
        minRemainingLifetimeSeconds: 1,
        allowLastResort: true,
      };
      await expect(instance.claim({ ...claim, criteria })).rejects.toThrow("rolls it back");
      spy.mockRestore();
    });
    await pass(pool, 10);
    expect(await typesOf(pool.user)).toEqual([]);
  });
});

describe("logs and data points", () => {
  it("name no user and no address, and count each attempt", async () => {
    const pool = await withEvents();
    const points = await pointsOf(pool);
    await plan(pool.user, 500);
    await pass(pool, 60);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { event: "event_not_delivered", type: "key_packages.exhausted", reason: "refused", attempt: 1, status: 500 },
    ]);
    const counted = points.filter(({ indexes }) => indexes?.[0] === "event");
    expect(counted.map(({ blobs }) => blobs)).toEqual([
      ["key_packages.exhausted", "refused"],
      ["key_packages.exhausted", "delivered"],
      ["key_packages.exhausted", "delivered"],
      ["last_resort.used", "delivered"],
      ["last_resort.used", "delivered"],
    ]);
    for (const text of [...lines, JSON.stringify(points)]) {
      expect(text).not.toContain(pool.user);
      expect(text).not.toContain("127.0.0.1");
    }
  });
});

describe("a queue in place of the webhook", () => {
  it("gets the same with the id in it, and fails as a receiver does", async () => {
    const sent: unknown[] = [];
    const queue = { send: async (...args: unknown[]) => void sent.push(args) };
    const message = { id: "evt_1", payload: { type: "key_packages.low", data: { user: "alice" } } };
    expect(await deliver({ kind: "queue", queue }, message, Date.now())).toEqual({ outcome: "delivered" });
    expect(sent).toEqual([[{ id: "evt_1", ...message.payload }, { contentType: "json" }]]);
    const broken = { send: () => Promise.reject(new Error("the queue is full")) };
    expect(await deliver({ kind: "queue", queue: broken }, message, Date.now())).toEqual({ outcome: "unreachable" });
  });
});
