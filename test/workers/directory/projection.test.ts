import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type ClientSnapshot, projectionStatements } from "../../../src/directory/projection.ts";
import { listStock, listUsers, readClients } from "../../../src/directory/queries.ts";
import { readRestoreEpoch, writeRestoreEpoch } from "../../../src/directory/restore-epoch.ts";

const snapshot = (client: string, available: number, change: Partial<ClientSnapshot> = {}): ClientSnapshot => ({
  client,
  registeredAt: 1,
  revoked: false,
  signatureKeys: [],
  offers: [
    { ciphersuite: 1, available, lastResort: true, nextExpiry: 900, needsUpload: available < 50, capabilities: [] },
  ],
  ...change,
});

const project = (user: string, version: number, snapshots: readonly ClientSnapshot[]) =>
  env.DB.batch(projectionStatements(env.DB, user, version, 1, snapshots));

const available = async (user: string) => (await readClients(env.DB, user))?.map(({ offers }) => offers[0]?.available);

describe("a projected row", () => {
  it("is never overwritten by an older version, in either table", async () => {
    await project("u1", 5, [snapshot("phone", 5)]);
    await project("u1", 3, [snapshot("phone", 3)]);
    expect(await available("u1")).toEqual([5]);
    const stock = await listStock(env.DB, { filter: "all", after: undefined, limit: 10, expiringBefore: 0 });
    expect(stock.rows).toMatchObject([{ user: "u1", available: 5 }]);
    await project("u1", 6, [snapshot("phone", 6)]);
    expect(await available("u1")).toEqual([6]);
  });

  it("may be written twice", async () => {
    await project("u2", 5, [snapshot("phone", 5)]);
    await project("u2", 5, [snapshot("phone", 5)]);
    expect(await available("u2")).toEqual([5]);
  });

  it("stays revoked against a late write of an older version", async () => {
    await project("u3", 5, [snapshot("phone", 5)]);
    await project("u3", 7, [snapshot("phone", 0, { revoked: true, offers: [] })]);
    await project("u3", 6, [snapshot("phone", 6)]);
    expect(await readClients(env.DB, "u3")).toEqual([]);
    const stock = await listStock(env.DB, { filter: "all", after: undefined, limit: 10, expiringBefore: 0 });
    expect(stock.rows.filter((row) => row.user === "u3")).toEqual([]);
  });
});

describe("an operator's list", () => {
  it("finds what is low, empty but for a last resort, exhausted or about to expire, page by page", async () => {
    await project("v1", 1, [snapshot("a", 60), snapshot("b", 10), snapshot("c", 0)]);
    const none = {
      ciphersuite: 1,
      available: 0,
      lastResort: false,
      nextExpiry: null,
      needsUpload: true,
      capabilities: [],
    };
    await project("v2", 1, [snapshot("d", 0, { offers: [none] })]);
    const list = async (filter: "low" | "last_resort_only" | "exhausted" | "expiring", expiringBefore = 1) =>
      (
        await listStock(env.DB, { filter, after: { user: "v", client: "", ciphersuite: 0 }, limit: 10, expiringBefore })
      ).rows.map((row) => row.client);
    expect(await list("low")).toEqual(["b", "c", "d"]);
    expect(await list("last_resort_only")).toEqual(["c"]);
    expect(await list("exhausted")).toEqual(["d"]);
    expect(await list("expiring", 901)).toEqual(["a", "b", "c"]);
    expect(await list("expiring", 900)).toEqual([]);
    const first = await listStock(env.DB, {
      filter: "low",
      after: { user: "v", client: "", ciphersuite: 0 },
      limit: 2,
      expiringBefore: 1,
    });
    expect(first).toMatchObject({ more: true, rows: [{ client: "b" }, { client: "c" }] });
    expect(await listUsers(env.DB, { after: "v1", limit: 10 })).toEqual(["v2"]);
  });
});

describe("the restore epoch", () => {
  it("is 0 until it is set, and never goes back", async () => {
    expect(await readRestoreEpoch(env.DB)).toBe(0);
    expect(await writeRestoreEpoch(env.DB, 100, 1)).toBe(100);
    expect(await writeRestoreEpoch(env.DB, 50, 2)).toBe(100);
    expect(await readRestoreEpoch(env.DB)).toBe(100);
  });
});
