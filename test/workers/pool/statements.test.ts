/**
 * How many statements a start and a claim take. Each object has a connection of its own, which compiles every statement
 * anew: on a pool that is seldom asked, that is most of what a claim costs beyond its flush (bench/README.md).
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { poolFor } from "../../../src/pool/address.ts";
import { Pool } from "../../../src/pool/pool.ts";
import { anything, freshBytes, freshUser, keyPackages, poolOf } from "../support/pool-calls.ts";

/** Statements, by their first words, of whatever `work` does in an instance that has just started. */
async function statementsOf(
  claims: number,
  before: (instance: Pool) => Promise<void> = async () => undefined,
): Promise<{ readonly start: string[]; readonly claims: string[][] }> {
  const pool = await poolOf();
  await pool.publish(keyPackages(5));
  return runInDurableObject(pool.stub(), async (_, state) => {
    const spy = vi.spyOn(state.storage.sql, "exec");
    const taken = () => spy.mock.calls.splice(0).map(([text]) => /(?:FROM|INTO|UPDATE) (\w+)/.exec(text)?.[0] ?? text);
    try {
      const instance = new Pool(state, env);
      const start = taken();
      await before(instance);
      taken();
      const seen: string[][] = [];
      for (let index = 0; index < claims; index++) {
        await instance.claim({
          user: pool.user,
          restoreEpoch: 0,
          claimer: { user: "bob", client: "laptop" },
          criteria: anything,
          idempotency: { key: `${index}`, bodyHash: new Uint8Array(32) },
        });
        seen.push(taken());
      }
      return { start, claims: seen };
    } finally {
      spy.mockRestore();
    }
  });
}

const ALWAYS = ["UPDATE chunks", "UPDATE clients", "INTO claims"];

it("starts with two statements, and claims with six, three of which write", async () => {
  const { start, claims } = await statementsOf(1);
  expect(start).toEqual(["FROM sqlite_master", "FROM pool"]);
  expect(claims).toEqual([["FROM clients", "FROM claims", "FROM chunks", ...ALWAYS]]);
});

it("reads nothing but the claimer's key again for a claim that follows", async () => {
  const { claims } = await statementsOf(3);
  expect(claims.slice(1).map((statements) => statements.filter((text) => text !== "FROM chunks"))).toEqual([
    ["FROM claims", ...ALWAYS],
    ["FROM claims", ...ALWAYS],
  ]);
});

it("does not go by the row that it started with once its alarm may have changed it", async () => {
  const { claims } = await statementsOf(1, (instance) => instance.alarm());
  expect(claims).toEqual([["FROM pool", "FROM clients", "FROM claims", "FROM chunks", ...ALWAYS]]);
});

it("refuses a secret after the same reads and outside of any transaction, whatever there is of the user", async () => {
  const [wrong, over] = [freshBytes(32), freshBytes(32)];
  const withCapabilities = async (count: number, secretHash = freshBytes(32), expiresAt?: number) => {
    const pool = await poolOf();
    await pool.publish(keyPackages(1));
    for (let index = 0; index < count; index++) {
      const name = `capability ${index}`;
      const capability = { client: pool.client, name, expiresAt, maxClaims: undefined };
      const hash = index === 0 ? secretHash : freshBytes(32);
      const made = await pool.stub().createCapability({ ...pool.base, ...capability, secretHash: hash });
      expect(made.outcome).toBe("created");
    }
    return pool.user;
  };
  const inASecond = Math.floor(Date.now() / 1000) + 1;
  const users: readonly (readonly [user: string, secretHash: Uint8Array])[] = [
    [freshUser(), wrong],
    [await withCapabilities(0), wrong],
    [await withCapabilities(1), wrong],
    [await withCapabilities(32), wrong],
    [await withCapabilities(1, over, inASecond), over],
  ];
  vi.setSystemTime(Date.now() + 1_000);
  const work = await Promise.all(
    users.map(([user, secretHash]) =>
      runInDurableObject(poolFor(env, user), async (instance, { storage }) => {
        const statements = vi.spyOn(storage.sql, "exec");
        const transactions = vi.spyOn(storage, "transactionSync");
        const call = { user, restoreEpoch: 0, criteria: anything, idempotency: undefined, secretHash };
        const { outcome } = await instance.claimWithCapability(call);
        const done = {
          outcome,
          statements: statements.mock.calls.length,
          transactions: transactions.mock.calls.length,
        };
        statements.mockRestore();
        transactions.mockRestore();
        return done;
      }),
    ),
  );
  expect(work).toEqual(users.map(() => ({ outcome: "capability_refused", statements: 2, transactions: 0 })));
});
