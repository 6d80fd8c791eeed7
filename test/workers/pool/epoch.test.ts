import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { keyPackage, keyPackages, nowSeconds, only, poolOf, refOf } from "../support/pool.ts";

type TestPool = Awaited<ReturnType<typeof poolOf>>;
type Row = Record<string, SqlStorageValue>;

const TABLES = ["pool", "clients", "chunks", "fingerprints", "claims"];

/** The whole storage of a pool, to be set back to later. */
const copyOf = (pool: TestPool) =>
  runInDurableObject(pool.stub(), (_, state) =>
    TABLES.map((table) => ({ table, rows: state.storage.sql.exec<Row>(`SELECT * FROM ${table}`).toArray() })),
  );

/** Sets the storage back and starts the object anew, as a restore does. */
async function rollBack(pool: TestPool, copy: Awaited<ReturnType<typeof copyOf>>): Promise<void> {
  await runInDurableObject(pool.stub(), (_, state) => {
    for (const { table, rows } of copy) {
      state.storage.sql.exec(`DELETE FROM ${table}`);
      for (const row of rows) {
        const columns = Object.keys(row);
        state.storage.sql.exec(
          `INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => "?").join()})`,
          ...columns.map((column) => row[column]),
        );
      }
    }
  });
  await evictDurableObject(pool.stub());
}

describe("a restore epoch", () => {
  it("keeps a pool that was rolled back from handing out consumed packages again", async () => {
    const pool = await poolOf();
    const lastResort = keyPackage({ lastResort: true });
    await pool.publish([...keyPackages(3), lastResort]);
    const copy = await copyOf(pool);
    const consumed = refOf(await pool.claim());
    await rollBack(pool, copy);
    expect((await pool.inventory())[0]?.available).toBe(3);
    const restoreEpoch = nowSeconds() + 1;
    const after = await pool.claim({}, { restoreEpoch });
    expect(only(after).status).toBe("last_resort");
    expect(refOf(after)).not.toBe(consumed);
    expect(await pool.inventory()).toMatchObject([{ available: 0, lastResort: { uses: 1 }, needsUpload: true }]);
  });

  it("is what stands between a rollback and a second hand-out: without it the package lives again", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(1));
    const copy = await copyOf(pool);
    const consumed = refOf(await pool.claim());
    await rollBack(pool, copy);
    expect(refOf(await pool.claim())).toBe(consumed);
  });

  it("voids at the first touch of any kind, leaves tombstones, and spares what is uploaded afterwards", async () => {
    const pool = await poolOf();
    const old = keyPackages(2);
    await pool.publish(old);
    const restoreEpoch = nowSeconds() + 1;
    vi.setSystemTime((restoreEpoch + 1) * 1000);
    const young = keyPackage();
    const answer = await pool
      .stub()
      .publish({ ...pool.base, restoreEpoch, client: "phone", mode: "add", keyPackages: [...old, young], refused: 0 });
    expect(answer).toMatchObject({
      codes: ["already_removed", "already_removed", "stored"],
      inventory: [{ available: 1 }],
    });
    expect(refOf(await pool.claim({}, { restoreEpoch }))).toBe(young.ref.toHex());
  });

  it("never goes back", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(1));
    const restoreEpoch = nowSeconds() + 1;
    expect(only(await pool.claim({}, { restoreEpoch })).status).toBe("exhausted");
    await pool.claim({}, { restoreEpoch: 5 });
    const view = await pool.stub().view(pool.base);
    expect(view).toMatchObject({ outcome: "found", restoreEpoch });
  });
});
