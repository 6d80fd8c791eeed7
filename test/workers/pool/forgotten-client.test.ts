/** Found by the model: what a swept client leaves behind must not become the next one's. */
import { runInDurableObject } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import { MAX_CLIENT_ID } from "../../../src/pool/tables/chunks-table.ts";
import { keyPackages, nowSeconds, only, poolOf } from "../support/pool-calls.ts";

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

it("registers no client beyond the numbers that a chunk's key can hold", async () => {
  const pool = await poolOf();
  await runInDurableObject(pool.stub(), (_, { storage }) => {
    storage.sql.exec(
      `INSERT INTO clients (client_id, client, registered_at, revoked_at, changes, next_sequence, signature_keys, queues, budgets)
       VALUES (?, 'the last', 0, 1, 0, 1, '[]', '[]', '{}')`,
      MAX_CLIENT_ID,
    );
  });
  expect(await pool.register("one more")).toEqual({ outcome: "too_many_clients" });
  expect((await pool.register("phone")).outcome).toBe("unchanged");
});
