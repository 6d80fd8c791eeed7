/**
 * Each I/O step of the calls that change something, twice: it failed and was not applied; it was applied and its
 * reply was lost. Between a Worker and its pool there are three: the statements of the transaction, the reply, and
 * the write to the directory.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { POOL_CALL_ATTEMPTS, POOL_CALL_TIMEOUT_MS, POOL_RETRY_PAUSE_MS } from "../../../src/config/limits.ts";
import type { AdmittedKeyPackage } from "../../../src/contract/admitted-key-package.ts";
import { readClients } from "../../../src/directory/queries.ts";
import { callPool, type RemotePool } from "../../../src/http/upstream/pool-client.ts";
import { poolName } from "../../../src/pool/address.ts";
import type { Pool } from "../../../src/pool/pool.ts";
import { anything, keyPackage, keyPackages, nowSeconds, poolOf } from "../support/pool-calls.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

type TestPool = Awaited<ReturnType<typeof poolOf>>;
type Callable = Pick<RemotePool, "publish" | "claim" | "revoke"> & { readonly alarm: () => Promise<void> };

type Step = {
  readonly name: string;
  /** The same call each time it is made for the same stock, as a claimer that repeats makes it. */
  readonly call: (pool: TestPool, stock: Stock) => (target: Callable) => Promise<unknown>;
  /** Usable one-time packages of the client after it, of three before; undefined for a client that is gone. */
  readonly left: number | undefined;
};

/** Three packages in the pool, two more that are not yet, and one that expires within two hours. */
type Stock = { readonly fresh: readonly AdmittedKeyPackage[] };

const put = (mode: "add" | "replace") => (pool: TestPool, stock: Stock) => (target: Callable) =>
  target.publish({ ...pool.base, client: pool.client, mode, keyPackages: stock.fresh, refused: 0 });

const STEPS: readonly Step[] = [
  { name: "publish", call: put("add"), left: 5 },
  { name: "replace", call: put("replace"), left: 2 },
  {
    name: "claim",
    call: (pool) => (target) =>
      target.claim({
        ...pool.base,
        claimer: { user: "bob", client: "laptop" },
        criteria: anything,
        idempotency: { key: "k", bodyHash: new Uint8Array(32) },
      }),
    left: 2,
  },
  { name: "revoke", call: (pool) => (target) => target.revoke({ ...pool.base, client: pool.client }), left: undefined },
  { name: "alarm", call: () => (target) => target.alarm(), left: 2 },
];

async function stocked(step: Step): Promise<{ readonly pool: TestPool; readonly stock: Stock }> {
  const pool = await poolOf();
  const short = keyPackage({ notAfter: nowSeconds() + 7200 });
  await pool.publish([...keyPackages(2), step.name === "alarm" ? short : keyPackage()]);
  await pool.ring();
  const stock = { fresh: keyPackages(2) };
  if (step.name === "alarm") vi.setSystemTime(Date.now() + 7201_000);
  return { pool, stock };
}

async function left(pool: TestPool): Promise<number | undefined> {
  const found = await pool.stub().getClient({ ...pool.base, client: pool.client });
  if (found.outcome !== "found") return undefined;
  return found.view.inventory.reduce((sum, suite) => sum + suite.available, 0);
}

/** Everything that the pool has stored, but for the numbers of its dealings with the directory. */
const dump = (pool: TestPool): Promise<string> =>
  runInDurableObject(pool.stub(), (_, { storage: { sql } }) =>
    JSON.stringify(
      ["clients", "chunks", "fingerprints", "claims"].map((table) => sql.exec(`SELECT * FROM ${table}`).toArray()),
      (_, value) => (value instanceof ArrayBuffer ? new Uint8Array(value).toHex() : value),
    ),
  );

/** The pool as a claimer within it, one whose calls need no stub. */
const inside = (instance: Pool): Callable => instance as unknown as Callable;

/** How many statements the first transaction of the call has; it is rolled back, so that the call can be made again. */
async function statementsInTransaction(pool: TestPool, call: (target: Callable) => Promise<unknown>): Promise<number> {
  return runInDurableObject(pool.stub(), async (instance, { storage }) => {
    let statements = 0;
    let within = 0;
    const exec = storage.sql.exec.bind(storage.sql);
    const transactionSync = storage.transactionSync.bind(storage);
    const counted = vi.spyOn(storage.sql, "exec").mockImplementation(((...args: Parameters<typeof exec>) => {
      if (within > 0) statements += 1;
      return exec(...args);
    }) as typeof exec);
    const undone = vi.spyOn(storage, "transactionSync").mockImplementation(((body: () => unknown) => {
      within += 1;
      try {
        return transactionSync(() => {
          const result = body();
          if (within === 1) throw new Error("the test rolls it back");
          return result;
        });
      } finally {
        within -= 1;
      }
    }) as typeof transactionSync);
    try {
      await call(inside(instance)).catch(() => undefined);
      return statements;
    } finally {
      counted.mockRestore();
      undone.mockRestore();
    }
  });
}

/** Lets `survivors` statements through and fails the next. Returns whether one failed, and lets all pass again. */
async function failStatement(pool: TestPool, survivors: number, call: (target: Callable) => Promise<unknown>) {
  return runInDurableObject(pool.stub(), async (instance, { storage }) => {
    let seen = 0;
    const real = storage.sql.exec.bind(storage.sql);
    const spy = vi.spyOn(storage.sql, "exec").mockImplementation(((...args: Parameters<typeof real>) => {
      seen += 1;
      if (seen === survivors + 1) throw new Error("SQLITE_FULL: the test broke it");
      return real(...args);
    }) as typeof real);
    try {
      await call(inside(instance));
      return false;
    } catch {
      return true;
    } finally {
      spy.mockRestore();
    }
  });
}

describe.each(STEPS)("the transaction of $name", (step) => {
  it("changes nothing if any one of its statements fails, and works when it is made again", async () => {
    const { pool, stock } = await stocked(step);
    const call = step.call(pool, stock);
    // What follows the transaction (the directory) fails without the call; its statements are not among these.
    const before = await dump(pool);
    const inTransaction = await statementsInTransaction(pool, call);
    expect(inTransaction).toBeGreaterThan(3);
    for (let survivors = 0; survivors < inTransaction; survivors++) {
      expect(await failStatement(pool, survivors, call)).toBe(true);
      expect(await dump(pool), `after statement ${survivors + 1} of ${inTransaction} failed`).toBe(before);
    }
    await runInDurableObject(pool.stub(), (instance) => call(inside(instance)));
    expect(await left(pool)).toBe(step.left);
  });

  it("has taken effect once when its reply was lost and it is made again", async () => {
    const { pool, stock } = await stocked(step);
    const call = step.call(pool, stock);
    const first = await runInDurableObject(pool.stub(), (instance) => call(inside(instance)));
    const after = await dump(pool);
    const again = await runInDurableObject(pool.stub(), (instance) => call(inside(instance)));
    expect(await left(pool)).toBe(step.left);
    expect(withoutClock(await dump(pool))).toBe(withoutClock(after));
    if (step.name === "claim") expect(again).toEqual({ ...(first as object), replayed: true });
    if (step.name === "publish" || step.name === "replace") {
      expect(again).toMatchObject({ applied: true, codes: ["duplicate", "duplicate"] });
    }
    if (step.name === "revoke") expect(again).toEqual({ outcome: "client_not_registered" });
  });

  it("has taken effect wholly or not at all when the object dies before its reply", async () => {
    const { pool, stock } = await stocked(step);
    const call = step.call(pool, stock);
    await expect(
      runInDurableObject(pool.stub(), async (instance, state) => {
        void call(inside(instance)).catch(() => undefined);
        state.abort("the test killed it");
      }),
    ).rejects.toThrow();
    expect([step.name === "alarm" ? 2 : 3, step.left]).toContain(await left(pool));
    await runInDurableObject(pool.stub(), (instance) => call(inside(instance)));
    expect(await left(pool)).toBe(step.left);
  });
});

/** `changes` counts how often a client was marked for the directory: a repeated replacement marks it again. */
const withoutClock = (text: string): string => text.replaceAll(/"(projected_)?changes":\d+/g, "");

describe.each(STEPS.filter(({ name }) => name !== "claim"))("the directory write of $name", (step) => {
  for (const applied of [false, true]) {
    it(`${applied ? "applied with its reply lost" : "failed"} leaves the call standing, and the alarm makes the directory agree`, async () => {
      const { pool, stock } = await stocked(step);
      await runInDurableObject(pool.stub(), async (instance) => {
        const { DB } = (instance as unknown as { env: { DB: D1Database } }).env;
        const real = DB.batch.bind(DB);
        const spy = vi.spyOn(DB, "batch").mockImplementation(async (statements) => {
          if (applied) await real(statements);
          throw new Error("D1_ERROR: the test broke it");
        });
        await step.call(pool, stock)(inside(instance));
        spy.mockRestore();
      });
      expect(await left(pool)).toBe(step.left);
      vi.setSystemTime(Date.now() + 600_000);
      await pool.ring();
      const [listed] = (await readClients(env.DB, pool.user)) ?? [];
      expect(listed?.offers.reduce((sum, offer) => sum + offer.available, 0)).toBe(step.left);
    });
  }
});

type Remote = (call: unknown) => Promise<unknown>;

/** A way to the pool on which the first call fails, before or after the pool has done its work. */
function brokenWay(applied: boolean, error: object) {
  let calls = 0;
  const getByName = (name: string) =>
    new Proxy(env.POOL.getByName(name), {
      get: (stub, method) => async (call: unknown) => {
        calls += 1;
        const first = calls === 1;
        if (first && !applied) throw Object.assign(new Error("the test broke it"), error);
        // Called as a method of the stub: over RPC a function has no methods of its own.
        const answer = await (stub as unknown as Record<PropertyKey, Remote>)[method]?.(call);
        if (first) throw Object.assign(new Error("the test lost the reply"), error);
        return answer;
      },
    });
  const placement = { POOL: { getByName } as unknown as typeof env.POOL };
  return { placement, calls: () => calls };
}

describe("the way from the Worker to the pool", () => {
  const steps = STEPS.filter(({ name }) => name !== "alarm");

  for (const step of steps) {
    for (const applied of [false, true]) {
      it(`repeats ${step.name} when the call ${applied ? "was applied and its reply lost" : "did not arrive"}`, async () => {
        const { pool, stock } = await stocked(step);
        const way = brokenWay(applied, { retryable: true });
        const call = step.call(pool, stock);
        const answer = await callPool(way.placement, pool.user, "safe", (remote) =>
          call(remote as unknown as Callable),
        );
        expect(answer.ok).toBe(true);
        expect(way.calls()).toBe(2);
        expect(await left(pool)).toBe(step.left);
      });
    }
  }

  it("does not repeat a claim without a key, and answers 503 with a time to wait", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(3));
    const way = brokenWay(true, { retryable: true });
    const criteria = { criteria: anything, idempotency: undefined, claimer: { user: "bob", client: "laptop" } };
    const answer = await callPool(way.placement, pool.user, "once", (remote) =>
      remote.claim({ ...pool.base, ...criteria }),
    );
    expect(answer).toMatchObject({ ok: false, error: { code: "pool_unavailable", retryAfterSeconds: 1 } });
    expect(way.calls()).toBe(1);
    expect(await left(pool)).toBe(2);
  });

  it("repeats after a pause that grows and that chance spreads, so that claimers do not return all at once", async () => {
    const pool = await poolOf();
    const pauses: number[] = [];
    const after = vi.spyOn(globalThis, "setTimeout").mockImplementation(((done: () => void, ms: number) => {
      if (ms < POOL_CALL_TIMEOUT_MS) pauses.push(ms);
      if (ms < POOL_CALL_TIMEOUT_MS) queueMicrotask(done);
      return 0;
    }) as unknown as typeof setTimeout);
    const POOL = {
      getByName: () => ({ view: () => Promise.reject(Object.assign(new Error("away"), { retryable: true })) }),
    };
    for (const chance of [0, 0.999]) {
      vi.spyOn(Math, "random").mockReturnValue(chance);
      await callPool({ POOL: POOL as unknown as typeof env.POOL }, pool.user, "safe", (remote) =>
        remote.view(pool.base),
      );
    }
    after.mockRestore();
    const [first, second] = [POOL_RETRY_PAUSE_MS, 2 * POOL_RETRY_PAUSE_MS];
    const expected = [first * 0.5, second * 0.5, first * 1.499, second * 1.499];
    expect(pauses).toHaveLength(2 * (POOL_CALL_ATTEMPTS - 1));
    for (const [index, pause] of pauses.entries()) expect(pause).toBeCloseTo(expected[index] ?? 0);
  });

  it("does not press an overloaded pool, whatever the call", async () => {
    const pool = await poolOf();
    const way = brokenWay(false, { retryable: true, overloaded: true });
    const answer = await callPool(way.placement, pool.user, "safe", (remote) => remote.view(pool.base));
    expect(answer).toMatchObject({ ok: false, error: { code: "pool_overloaded", retryAfterSeconds: 1 } });
    expect(way.calls()).toBe(1);
  });

  it("asks for the pool by the name that stands for the user, and by nothing else", async () => {
    const pool = await poolOf();
    const asked: string[] = [];
    const POOL = { getByName: (name: string) => asked.push(name) && env.POOL.getByName(name) };
    await callPool({ POOL: POOL as unknown as typeof env.POOL }, pool.user, "safe", (remote) => remote.view(pool.base));
    expect(asked).toEqual([poolName(pool.user)]);
  });
});
