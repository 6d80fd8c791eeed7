/** When the pool's one alarm is set: setting it is a write, and an alarm that never comes is later work never done. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { ALARM_LOST_MS, MAX_ALARM_AHEAD_MS, MIN_ALARM_AHEAD_MS } from "../../../src/config/limits.ts";
import { AlarmScheduler } from "../../../src/pool/runtime/alarm-scheduler.ts";
import { anything, keyPackage, keyPackages, poolOf } from "../support/pool-calls.ts";

type TestPool = Awaited<ReturnType<typeof poolOf>>;

const HOUR_MS = 3600_000;

/** When the alarm is set for by what `body` does, in the order of setting, in milliseconds from now. */
const settings = (pool: TestPool, body: (instance: TestPool) => Promise<unknown>) =>
  runInDurableObject(pool.stub(), async (_, { storage }) => {
    const spy = vi.spyOn(storage, "setAlarm");
    await body(pool);
    const times = spy.mock.calls.map(([at]) => Number(at) - Date.now());
    spy.mockRestore();
    return times;
  });

/** A scheduler of its own on the pool's storage. */
async function withScheduler(
  nextDueMs: () => number | undefined,
  body: (scheduler: AlarmScheduler) => void | Promise<void>,
): Promise<number[]> {
  const pool = await poolOf();
  return runInDurableObject(pool.stub(), async (_, state) => {
    const spy = vi.spyOn(state.storage, "setAlarm");
    const startMs = Date.now();
    await body(new AlarmScheduler(state, nextDueMs));
    const times = spy.mock.calls.map(([at]) => Number(at) - startMs);
    spy.mockRestore();
    return times;
  });
}

const claimIn = (pool: TestPool, claimer: string, key?: string) =>
  runInDurableObject(pool.stub(), (instance) =>
    instance.claim({
      ...pool.base,
      claimer: { user: claimer, client: "laptop" },
      criteria: anything,
      idempotency: key ? { key, bodyHash: new Uint8Array(32) } : undefined,
    }),
  );

describe("an ordinary claim", () => {
  it.each([
    ["in an instance that has just woken", true],
    ["in one that is warm", false],
  ])("sets no alarm %s, with a key and without", async (_, isCold) => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(60), keyPackage({ ciphersuite: 2, lastResort: true })]);
    await pool.ring();
    if (isCold) await evictDurableObject(pool.stub());
    expect(
      await settings(pool, async () => {
        await claimIn(pool, "ada");
        await claimIn(pool, "bob", "k");
        await claimIn(pool, "bob", "k");
      }),
    ).toEqual([]);
  });

  it("sets one where it takes the last package that is not asked for yet, and none for the claims after it", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(51));
    await pool.ring();
    expect(await settings(pool, () => claimIn(pool, "ada"))).toEqual([]);
    const times = await settings(pool, () => claimIn(pool, "bob"));
    expect(times).toHaveLength(1);
    expect(times[0]).toBeLessThanOrEqual(1000);
    expect(await settings(pool, () => claimIn(pool, "cyd"))).toEqual([]);
  });
});

describe("the scheduler", () => {
  it("sets the alarm once for requests that it will ring for in time, and again for an earlier one", async () => {
    expect(
      await withScheduler(
        () => undefined,
        (scheduler) => {
          for (const ahead of [5_000, 9_000, 5_000, 2_000]) {
            scheduler.request(Date.now() + ahead);
            scheduler.flush();
          }
        },
      ),
    ).toEqual([5_000, 2_000]);
  });

  it("sets it for the earliest of what was requested at once", async () => {
    expect(
      await withScheduler(
        () => undefined,
        (scheduler) => {
          for (const ahead of [5_000, 2_000, 9_000]) scheduler.request(Date.now() + ahead);
          scheduler.flush();
          scheduler.flush();
        },
      ),
    ).toEqual([2_000]);
  });

  it("sets none nearer than a tenth of a second, also for what is long due", async () => {
    for (const ahead of [0, 1, 99, -HOUR_MS]) {
      const times = await withScheduler(
        () => undefined,
        (scheduler) => {
          scheduler.request(Date.now() + ahead);
          scheduler.flush();
        },
      );
      expect(times).toEqual([MIN_ALARM_AHEAD_MS]);
    }
  });

  it("sets none farther ahead than a year", async () => {
    const times = await withScheduler(
      () => undefined,
      (scheduler) => {
        scheduler.request(Number.MAX_SAFE_INTEGER);
        scheduler.flush();
      },
    );
    expect(times).toEqual([MAX_ALARM_AHEAD_MS]);
  });

  it("does not trust an alarm that should have rung a minute ago, and sets it anew", async () => {
    expect(
      await withScheduler(
        () => undefined,
        (scheduler) => {
          scheduler.request(Date.now() + 1_000);
          scheduler.flush();
          vi.setSystemTime(Date.now() + 1_000 + ALARM_LOST_MS);
          scheduler.request(Date.now() + HOUR_MS);
          scheduler.flush();
          vi.setSystemTime(Date.now() + 1);
          scheduler.request(Date.now() + HOUR_MS);
          scheduler.flush();
        },
      ),
    ).toEqual([1_000, 1_000 + ALARM_LOST_MS + 1 + HOUR_MS]);
  });

  it("sets it anew after it has rung", async () => {
    expect(
      await withScheduler(
        () => undefined,
        (scheduler) => {
          scheduler.request(Date.now() + 1_000);
          scheduler.flush();
          scheduler.fired();
          scheduler.request(Date.now() + 5_000);
          scheduler.flush();
        },
      ),
    ).toEqual([1_000, 5_000]);
  });

  it("of an instance that has just woken keeps what an earlier one was waiting for", async () => {
    expect(
      await withScheduler(
        () => Date.now() + 3_000,
        (scheduler) => {
          scheduler.request(Date.now() + 60_000);
          scheduler.flush();
        },
      ),
    ).toEqual([3_000]);
  });

  it("asks storage for nothing where nothing was requested", async () => {
    const nextDueMs = vi.fn(() => 0);
    expect(await withScheduler(nextDueMs, (scheduler) => scheduler.flush())).toEqual([]);
    expect(nextDueMs).not.toHaveBeenCalled();
  });
});

describe("a pool that has just woken", () => {
  it("sets the alarm for what is due soon, though the call asks for later", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(60));
    await runInDurableObject(pool.stub(), (_, { storage }) => {
      storage.sql.exec("UPDATE pool SET outbox_due_ms = ?", Date.now() + 300);
    });
    await evictDurableObject(pool.stub());
    const times = await settings(pool, () =>
      runInDurableObject(pool.stub(), (instance) =>
        instance.publish({ ...pool.base, client: pool.client, mode: "add", keyPackages: keyPackages(1), refused: 0 }),
      ),
    );
    expect(times).toEqual([300]);
  });
});
