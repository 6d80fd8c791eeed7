/**
 * How many statements a start and a claim take. Each object has a connection of its own, which compiles every statement
 * anew: on a pool that is seldom asked, that is most of what a claim costs beyond its flush (bench/README.md).
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { Pool } from "../../../src/pool/pool.ts";
import { anything, keyPackages, poolOf } from "../support/pool-calls.ts";

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
