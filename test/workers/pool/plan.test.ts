import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { oldest } from "../../../src/pool/tables/chunks-table.ts";
import { keyPackages, nowSeconds, poolOf } from "../support/pool-calls.ts";

const BY_KEY = "SEARCH chunks USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";

it("finds the oldest package by the key of its chunk, without sorting the stock", async () => {
  const pool = await poolOf();
  // The second chunk is looked for by its lifetimes too: nothing in the first one lives that long.
  await pool.publish(keyPackages(3));
  await pool.publish(keyPackages(3, { notAfter: nowSeconds() + 7200 }));
  const plan = await runInDurableObject(pool.stub(), (_, state) => {
    const { sql } = state.storage;
    const asked: [query: string, values: unknown[]][] = [];
    const spying = {
      exec: (query: string, ...values: unknown[]) => {
        asked.push([query, values]);
        return sql.exec(query, ...values);
      },
    } as unknown as SqlStorage;
    oldest(spying, 1, 1, { now: nowSeconds(), aliveUntil: Number.MAX_SAFE_INTEGER });
    return asked.flatMap(([query, values]) =>
      sql
        .exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values)
        .toArray()
        .map((row) => row.detail),
    );
  });
  expect(plan).toEqual([BY_KEY, BY_KEY]);
});
