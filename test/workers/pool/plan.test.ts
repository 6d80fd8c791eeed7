import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { oldest } from "../../../src/pool/tables/chunks.ts";
import { keyPackages, poolOf } from "../support/pool.ts";

it("finds the oldest package by the key of its chunk, without sorting the stock", async () => {
  const pool = await poolOf();
  await pool.publish(keyPackages(3));
  const plan = await runInDurableObject(pool.stub(), (_, state) => {
    const { sql } = state.storage;
    const asked: string[] = [];
    const spying = {
      exec: (query: string, ...values: unknown[]) => {
        asked.push(query);
        return sql.exec(query, ...values);
      },
    } as unknown as SqlStorage;
    oldest(spying, 1, 1, { now: 0, aliveUntil: 0 });
    return asked.flatMap((query) =>
      sql
        .exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, 1, 2, 0, 0)
        .toArray()
        .map((row) => row.detail),
    );
  });
  expect(plan).toEqual(["SEARCH chunks USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]);
});
