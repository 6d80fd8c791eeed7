/** Found by the model: what a swept client leaves behind must not become the next one's. */
import { expect, it, vi } from "vitest";
import { keyPackages, nowSeconds, only, poolOf } from "../support/pool.ts";

it("gives a new client nothing of a revoked one that the alarm has forgotten", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(1, { notAfter: nowSeconds() + 7200 }));
  await pool.stub().revoke({ ...pool.base, client: pool.client });
  vi.setSystemTime(Date.now() + 7201_000);
  await pool.ring();
  await pool.register("tablet");
  expect(await pool.inventory("tablet")).toEqual([]);
  expect(only(await pool.claim({ ciphersuites: [2] })).status).toBe("exhausted");
});
