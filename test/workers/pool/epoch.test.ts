import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import {
  MAX_TOTAL_LIFETIME_SECONDS,
  UPLOAD_BACKDATING_SECONDS,
  UPLOAD_CLOCK_SKEW_SECONDS,
} from "../../../src/config/limits.ts";
import type { AdmittedKeyPackage } from "../../../src/contract/admitted-key-package.ts";
import type { ReconcileAnswer } from "../../../src/contract/stock-messages.ts";
import { refsDigest } from "../../../src/shared/refs-digest.ts";
import { keyPackage, keyPackages, nowSeconds, only, poolOf, refOf } from "../support/pool-calls.ts";

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
    expect((await pool.inventory())[0]?.lastResort).toBeDefined();
    const copy = await copyOf(pool);
    const consumed = refOf(await pool.claim());
    await rollBack(pool, copy);
    expect((await pool.inventory())[0]?.available).toBe(3);
    const restoreEpoch = nowSeconds() + 1;
    const after = await pool.claim({}, { restoreEpoch });
    expect(only(after).status).toBe("exhausted");
    expect(refOf(after)).not.toBe(consumed);
    expect(await pool.inventory()).toMatchObject([{ available: 0, lastResort: undefined, needsUpload: true }]);
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
    const young = keyPackage({ notBefore: restoreEpoch - UPLOAD_BACKDATING_SECONDS });
    const answer = await pool
      .stub()
      .publish({ ...pool.base, restoreEpoch, client: "phone", mode: "add", keyPackages: [...old, young], refused: 0 });
    expect(answer).toMatchObject({
      codes: ["before_restore_epoch", "before_restore_epoch", "stored"],
      inventory: [{ available: 1 }],
      restoreEpoch,
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

  it("voids a last resort, so that one that was replaced or revoked since the copy does not come back", async () => {
    const pool = await poolOf();
    await pool.publish([keyPackage({ lastResort: true })]);
    const copy = await copyOf(pool);
    await pool.publish([keyPackage({ lastResort: true })]);
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    await rollBack(pool, copy);
    expect(only(await pool.claim()).status).toBe("last_resort");
    expect(only(await pool.claim({}, { restoreEpoch: nowSeconds() + 1 })).status).toBe("exhausted");
  });
});

/** Why each package is not in stock, by its reference in hex. */
const reasonsOf = (answer: ReconcileAnswer) =>
  "missing" in answer && Object.fromEntries(answer.missing.map(({ ref, reason }) => [ref.toHex(), reason]));

/** A package that came, and was claimed, after the copy to which the storage was set back; a minute later an epoch. */
async function forgotten() {
  const pool = await poolOf();
  const kept = keyPackage();
  await pool.publish([kept]);
  const copy = await copyOf(pool);
  const published = keyPackage();
  await pool.publish([published]);
  await pool.claim();
  const bob = refOf(await pool.claim());
  await rollBack(pool, copy);
  expect(bob).toBe(published.ref.toHex());
  vi.setSystemTime(Date.now() + 60_000);
  const restoreEpoch = nowSeconds();
  const call = { ...pool.base, restoreEpoch, client: "phone" };
  const reconcile = (held: readonly Uint8Array[]) =>
    pool.stub().reconcile({ ...call, held, digest: refsDigest(held), prune: false });
  const publish = (keyPackages: readonly AdmittedKeyPackage[], mode: "add" | "replace" = "add") =>
    pool.stub().publish({ ...call, mode, keyPackages, refused: 0 });
  return { pool, kept, published, restoreEpoch, call, reconcile, publish };
}

describe("a package that the restored storage has forgotten", () => {
  it("is not taken again after the epoch, as it may have been claimed, and a new one is", async () => {
    const { published, restoreEpoch, publish } = await forgotten();
    const younger = keyPackage();
    expect(await publish([published, younger])).toMatchObject({
      codes: ["before_restore_epoch", "stored"],
      inventory: [{ available: 1 }],
      restoreEpoch,
    });
    expect(await publish([published], "replace")).toMatchObject({ applied: false, codes: ["before_restore_epoch"] });
  });

  it("is taken again without an epoch: the directory cannot notice by itself that it was restored", async () => {
    const { pool, published } = await forgotten();
    expect((await pool.publish([published])).codes).toEqual(["stored"]);
  });

  it("is taken where the epoch is newer than its start by no more than clients date it back", async () => {
    const { restoreEpoch, publish } = await forgotten();
    const earliest = restoreEpoch - UPLOAD_BACKDATING_SECONDS;
    const [before, after] = [keyPackage({ notBefore: earliest - 1 }), keyPackage({ notBefore: earliest })];
    expect(await publish([before, after])).toMatchObject({ codes: ["before_restore_epoch", "stored"] });
  });

  it("is void if it came back before the pool was told of the epoch", async () => {
    const { pool, published, restoreEpoch, publish } = await forgotten();
    vi.setSystemTime((restoreEpoch + 30) * 1000);
    expect((await pool.publish([published])).codes).toEqual(["stored"]);
    expect(only(await pool.claim({}, { restoreEpoch })).status).toBe("exhausted");
    expect(await publish([published])).toMatchObject({ codes: ["before_restore_epoch"] });
  });

  it("is not called never seen to its owner, who is told that it may have been claimed, and since when", async () => {
    const { pool, kept, published, restoreEpoch, reconcile, publish, call } = await forgotten();
    const claimed = keyPackage();
    await publish([claimed]);
    expect(refOf(await pool.claim({}, { restoreEpoch }))).toBe(claimed.ref.toHex());
    const answer = await reconcile([kept.ref, published.ref, claimed.ref]);
    expect(answer).toMatchObject({ outcome: "different", restoreEpoch });
    expect(reasonsOf(answer)).toEqual({
      [kept.ref.toHex()]: "unknown_since_restore",
      [published.ref.toHex()]: "unknown_since_restore",
      [claimed.ref.toHex()]: "claimed",
    });
    expect(await pool.stub().getClient(call)).toMatchObject({ restoreEpoch });
  });

  it("is told from what was removed or never sent later, once all that is older has expired", async () => {
    const { restoreEpoch, reconcile, publish, pool } = await forgotten();
    const olderEndsAt = restoreEpoch + UPLOAD_CLOCK_SKEW_SECONDS + MAX_TOTAL_LIFETIME_SECONDS;
    const [atTheBound, younger] = [keyPackage({ notAfter: olderEndsAt }), keyPackage({ notAfter: olderEndsAt + 1 })];
    await publish([atTheBound, younger]);
    const which = { kind: "all" } as const;
    await pool.stub().remove({ ...pool.base, restoreEpoch, client: "phone", which });
    expect(reasonsOf(await reconcile([atTheBound.ref, younger.ref]))).toEqual({
      [atTheBound.ref.toHex()]: "unknown_since_restore",
      [younger.ref.toHex()]: "removed",
    });
    const never = keyPackage();
    vi.setSystemTime((olderEndsAt - 1) * 1000);
    expect(reasonsOf(await reconcile([never.ref]))).toEqual({ [never.ref.toHex()]: "unknown_since_restore" });
    vi.setSystemTime(olderEndsAt * 1000);
    expect(reasonsOf(await reconcile([never.ref]))).toEqual({ [never.ref.toHex()]: "never_seen" });
  });

  it("is never seen as long as there was no epoch", async () => {
    const { pool, published } = await forgotten();
    const held = [published.ref];
    const answer = await pool
      .stub()
      .reconcile({ ...pool.base, client: "phone", held, digest: refsDigest(held), prune: false });
    expect(answer).toMatchObject({ missing: [{ ref: published.ref, reason: "never_seen" }], restoreEpoch: 0 });
  });
});
