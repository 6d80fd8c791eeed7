/**
 * What a transaction that is rolled back must leave behind in the object's memory, where the storage cannot take it
 * back: nothing. Claims that wait share a transaction, so one that fails takes the others' first try with it.
 */
import { runInDurableObject } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import { ALARM_RETRY_MAX_MS, ALARM_RETRY_MIN_MS } from "../../../src/config/limits.ts";
import type { ClaimCall } from "../../../src/contract/claim-messages.ts";
import type { Pool } from "../../../src/pool/pool.ts";
import { AlarmScheduler } from "../../../src/pool/runtime/alarm-scheduler.ts";
import { anything, keyPackages, nowSeconds, poolOf } from "../support/pool-calls.ts";

type TestPool = Awaited<ReturnType<typeof poolOf>>;

const claimOf = (pool: TestPool, claimer: string, restoreEpoch = 0): ClaimCall => ({
  user: pool.user,
  restoreEpoch,
  claimer: { user: claimer, client: "laptop" },
  criteria: anything,
  idempotency: { key: "k", bodyHash: new Uint8Array(32) },
});

/** Makes every statement fail that has these words in its text or among its values. */
function breakFor(storage: DurableObjectStorage, words: string) {
  const real = storage.sql.exec.bind(storage.sql);
  return vi.spyOn(storage.sql, "exec").mockImplementation(((...args: Parameters<typeof real>) => {
    if (args.some((arg) => typeof arg === "string" && arg.includes(words))) throw new Error("the test broke it");
    return real(...args);
  }) as typeof real);
}

/** All claims at once: the first is committed alone, the others wait for its flush and share the next commit. */
const together = (instance: Pool, calls: readonly ClaimCall[]) =>
  Promise.allSettled(calls.map((call) => instance.claim(call)));

it("gives the claims beside one that fails what they would have had without it", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(5));
  const results = await runInDurableObject(pool.stub(), async (instance, { storage }) => {
    const broken = breakFor(storage, "mallory");
    const settled = await together(
      instance,
      ["ada", "bob", "mallory", "cyd"].map((claimer) => claimOf(pool, claimer)),
    );
    broken.mockRestore();
    return settled;
  });
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  const refs = results.flatMap((result) =>
    result.status === "fulfilled" && result.value.outcome === "answered"
      ? result.value.clients.flatMap((claim) => ("package" in claim ? [claim.package.keyPackageRef.toHex()] : []))
      : [],
  );
  expect(new Set(refs).size).toBe(3);
  expect((await pool.inventory())[0]?.available).toBe(2);
});

it("applies a restore epoch that was first met in a group that failed", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(3));
  const epoch = nowSeconds() + 1;
  const statuses = await runInDurableObject(pool.stub(), async (instance, { storage }) => {
    const broken = breakFor(storage, "mallory");
    await together(instance, [claimOf(pool, "ada"), claimOf(pool, "mallory", epoch)]);
    broken.mockRestore();
    const later = await instance.claim(claimOf(pool, "bob", epoch));
    return later.outcome === "answered" ? later.clients.map(({ status }) => status) : [later.outcome];
  });
  expect(statuses).toEqual(["exhausted"]);
});

it("knows a client that was registered between two claims, and forgets one that was revoked", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(2));
  await pool.claim();
  await pool.register("tablet");
  const both = await pool.claim();
  expect(both.outcome === "answered" && both.clients.map(({ client }) => client)).toEqual(["phone", "tablet"]);
  await pool.stub().revoke({ ...pool.base, client: "phone" });
  const rest = await pool.claim();
  expect(rest.outcome === "answered" && rest.clients.map(({ client }) => client)).toEqual(["tablet"]);
});

it("knows again what is in stock after a group of claims that failed", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(2));
  const statuses = await runInDurableObject(pool.stub(), async (instance, { storage }) => {
    const broken = breakFor(storage, "mallory");
    await together(instance, [claimOf(pool, "mallory"), claimOf(pool, "mallory"), claimOf(pool, "mallory")]);
    broken.mockRestore();
    const settled = await together(instance, [claimOf(pool, "ada"), claimOf(pool, "bob"), claimOf(pool, "cyd")]);
    return settled.map((result) =>
      result.status === "fulfilled" && result.value.outcome === "answered"
        ? result.value.clients.map(({ status }) => status).join()
        : result.status,
    );
  });
  expect(statuses).toEqual(["claimed", "claimed", "exhausted"]);
});

it("tells the directory of claims that came while a batch was under way", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(60));
  await pool.ring();
  const pending = await runInDurableObject(pool.stub(), async (instance) => {
    await instance.claim(claimOf(pool, "ada"));
    const { DB } = (instance as unknown as { env: { DB: D1Database } }).env;
    const real = DB.batch.bind(DB);
    const slow = vi.spyOn(DB, "batch").mockImplementationOnce(async (statements) => {
      // Packed already: this claim is not in the batch, and must be marked once more.
      await instance.claim(claimOf(pool, "bob"));
      return real(statements);
    });
    await instance.alarm();
    slow.mockRestore();
    const view = instance.view(pool.base);
    return view.outcome === "found" && view.directoryPending;
  });
  expect(pending).toBe(true);
});

it("sets an alarm that was asked for after one that was rolled back", async () => {
  const pool = await poolOf();
  const [inside, outside] = await runInDurableObject(pool.stub(), async (_, state) => {
    const { storage } = state;
    await storage.deleteAlarm();
    // What the platform does to an alarm that is set in a transaction: it goes with it.
    const rolledBack = () =>
      storage.transactionSync(() => {
        void storage.setAlarm(Date.now() + 60_000);
        throw new Error("the test rolls it back");
      });
    expect(rolledBack).toThrow("rolls it back");
    const lost = await storage.getAlarm();

    const clock = new AlarmScheduler(state, () => undefined);
    clock.request(Date.now() + 60_000);
    clock.discard();
    clock.flush();
    const dropped = await storage.getAlarm();
    clock.request(Date.now() + 120_000);
    clock.flush();
    return [[lost, dropped], await storage.getAlarm()] as const;
  });
  expect(inside).toEqual([null, null]);
  expect(outside).toBeGreaterThan(Date.now() + 60_000);
});

it("claims on when a flush reported a failure", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(3));
  const statuses = await runInDurableObject(pool.stub(), async (instance, { storage }) => {
    const failing = vi.spyOn(storage, "sync").mockRejectedValueOnce(new Error("the test broke the flush"));
    const settled = await together(instance, [claimOf(pool, "ada"), claimOf(pool, "bob"), claimOf(pool, "cyd")]);
    failing.mockRestore();
    return settled.map(({ status }) => status);
  });
  expect(statuses).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
});

it("asks for the alarm again when setting it failed", async () => {
  const pool = await poolOf();
  const at = await runInDurableObject(pool.stub(), async (_, state) => {
    await state.storage.deleteAlarm();
    const clock = new AlarmScheduler(state, () => undefined);
    const failing = vi.spyOn(state.storage, "setAlarm").mockRejectedValueOnce(new Error("the test broke it"));
    clock.request(Date.now() + 60_000);
    clock.flush();
    // Whoever asked first is told first: the scheduler knows of the failure before this line goes on.
    await Promise.allSettled(failing.mock.results.map(({ value }) => value));
    failing.mockRestore();
    clock.request(Date.now() + 120_000);
    clock.flush();
    return state.storage.getAlarm();
  });
  expect(at).toBeGreaterThan(Date.now() + 60_000);
});

it("rings soon again after an alarm that failed, whatever was claimed in between", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(60));
  const at = await runInDurableObject(pool.stub(), async (instance, { storage }) => {
    const broken = breakFor(storage, "DELETE FROM fingerprints");
    await expect(instance.alarm()).rejects.toThrow("the test broke it");
    broken.mockRestore();
    await instance.claim(claimOf(pool, "ada"));
    return storage.getAlarm();
  });
  expect(at).toBe(Date.now() + ALARM_RETRY_MIN_MS);
});

it("rings later and later while its alarm fails, however long, and as before once it works or the clock is set back", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(60));
  const pauses = await runInDurableObject(pool.stub(), async (instance, { storage }) => {
    // There is something to do at once.
    storage.sql.exec("UPDATE pool SET outbox_due_ms = 0");
    const seen: number[] = [];
    const pause = async () => seen.push(((await storage.getAlarm()) ?? 0) - Date.now());
    const broken = breakFor(storage, "DELETE FROM fingerprints");
    for (let failed = 0; failed < 12; failed++) {
      await expect(instance.alarm()).rejects.toThrow("the test broke it");
      await pause();
    }
    broken.mockRestore();
    vi.setSystemTime(Date.now() - 20 * 24 * 3600_000);
    await instance.publish({ ...pool.base, client: pool.client, mode: "add", keyPackages: keyPackages(1), refused: 0 });
    await pause();
    return seen;
  });
  expect(pauses.slice(0, 4)).toEqual([1, 2, 4, 8].map((times) => times * ALARM_RETRY_MIN_MS));
  expect(pauses[11]).toBe(ALARM_RETRY_MAX_MS);
  expect(pauses[12]).toBeLessThanOrEqual(1000);
});
