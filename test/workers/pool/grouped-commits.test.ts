import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { GroupedCommits } from "../../../src/pool/runtime/grouped-commits.ts";
import { poolOf } from "../support/pool-calls.ts";

/** A table to write into, and a group of jobs that all wait for the same flush. */
async function inPool<T>(body: (storage: DurableObjectStorage, commits: GroupedCommits) => Promise<T>): Promise<T> {
  const pool = await poolOf();
  return runInDurableObject(pool.stub(), (_, state) => {
    state.storage.sql.exec("CREATE TABLE written (n INTEGER)");
    return body(state.storage, new GroupedCommits(state.storage));
  });
}

const write = (storage: DurableObjectStorage, n: number) => () => {
  storage.sql.exec("INSERT INTO written VALUES (?)", n);
  return n;
};

const written = (storage: DurableObjectStorage) =>
  storage.sql
    .exec<{ n: number }>("SELECT n FROM written ORDER BY rowid")
    .toArray()
    .map((row) => row.n);

it("runs those who wait in the order of their arrival", async () => {
  const seen = await inPool(async (storage, commits) => {
    await Promise.all([1, 2, 3, 4].map((n) => commits.run(write(storage, n))));
    return written(storage);
  });
  expect(seen).toEqual([1, 2, 3, 4]);
});

it("rolls back only the one that fails, and tells only him", async () => {
  const [outcomes, seen] = await inPool(async (storage, commits) => {
    const results = await Promise.allSettled([
      commits.run(write(storage, 1)),
      commits.run(write(storage, 2)),
      commits.run(() => {
        write(storage, 3)();
        throw new Error("the third fails");
      }),
      commits.run(write(storage, 4)),
    ]);
    return [results.map((result) => result.status), written(storage)] as const;
  });
  expect(outcomes).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(seen).toEqual([1, 2, 4]);
});

it("tells nobody of a success before the whole group is committed", async () => {
  const outcomes = await inPool(async (storage, commits) => {
    const transactionSync = storage.transactionSync.bind(storage);
    let depth = 0;
    storage.transactionSync = ((body: () => unknown) => {
      depth += 1;
      try {
        return transactionSync(() => {
          const result = body();
          if (depth === 1) throw new Error("the commit fails");
          return result;
        });
      } finally {
        depth -= 1;
      }
    }) as typeof storage.transactionSync;
    const results = await Promise.allSettled([commits.run(write(storage, 1)), commits.run(write(storage, 2))]);
    storage.transactionSync = transactionSync;
    return [results.map((result) => result.status), written(storage)];
  });
  expect(outcomes).toEqual([["rejected", "rejected"], []]);
});

it("commits a lone call without waiting for its flush, and those who come during it together", async () => {
  const commits: number[] = [];
  let flushes = 0;
  const grouped = new GroupedCommits({
    transactionSync: (body) => {
      const result = body();
      commits.push((result as readonly unknown[]).length);
      return result;
    },
    sync: async () => {
      flushes += 1;
    },
  });
  expect(await grouped.run(() => "alone")).toBe("alone");
  expect([commits, flushes]).toEqual([[1], 0]);
  expect(await Promise.all([1, 2, 3].map((n) => grouped.run(() => n)))).toEqual([1, 2, 3]);
  expect([commits, flushes]).toEqual([[1, 3], 1]);
});
