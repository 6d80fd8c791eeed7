/** Each capability has the budgets of a claimer, and costs one row where its claims are counted. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { PAIR_BUDGET_BURST_CLAIMS } from "../../../src/config/limits.ts";
import { poolFor } from "../../../src/pool/address.ts";
import { RowMeter, rowsOf } from "../../../tools/lib/cost/row-meter.ts";
import { anything, freshBytes, keyPackages, poolOf } from "../support/pool-calls.ts";

async function withCapabilities(...bounds: readonly { readonly maxClaims?: number }[]) {
  const pool = await poolOf();
  await pool.publish(keyPackages(40));
  const hashes = bounds.map(() => freshBytes(32));
  for (const [index, secretHash] of hashes.entries()) {
    const made = await pool.stub().createCapability({
      ...pool.base,
      client: pool.client,
      name: `capability ${index}`,
      secretHash,
      expiresAt: undefined,
      maxClaims: bounds[index]?.maxClaims,
    });
    expect(made.outcome).toBe("created");
  }
  const claim = async (index: number, key?: string) => {
    const idempotency = key === undefined ? undefined : { key, bodyHash: new Uint8Array(32) };
    const secretHash = hashes[index] ?? new Uint8Array(32);
    const answer = await pool.stub().claimWithCapability({ ...pool.base, criteria: anything, idempotency, secretHash });
    return answer.outcome === "answered" ? answer.clients[0]?.status : answer.outcome;
  };
  return { pool, claim };
}

test("a capability that has claimed its share must wait, and another is served", async () => {
  const { claim } = await withCapabilities({}, {});
  for (let count = 0; count < PAIR_BUDGET_BURST_CLAIMS; count++) expect(await claim(0)).toBe("claimed");
  expect(await claim(0)).toBe("rate_limited");
  expect(await claim(1)).toBe("claimed");
});

test("a claim with one writes no row more than with a token, and one more where its claims are counted", async () => {
  const { pool, claim } = await withCapabilities({}, { maxClaims: 5 });
  const meter = new RowMeter();
  await runInDurableObject(poolFor(env, pool.user), (_, { storage }) => meter.watchStorage(storage));
  const rows = async (what: () => Promise<unknown>) => {
    meter.take();
    await what();
    return rowsOf(meter.take());
  };
  expect(await rows(() => claim(0, "a"))).toBe(4);
  expect(await rows(() => claim(1, "b"))).toBe(5);
  expect(await rows(() => claim(1, "b"))).toBe(0);
  expect(await rows(() => claim(2, "c"))).toBe(0);
});
