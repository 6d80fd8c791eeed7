import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { readClients } from "../../../src/directory/queries.ts";
import { project, revoked, snapshot } from "../support/snapshots.ts";

const available = async (user: string) => (await readClients(env.DB, user))?.map(({ offers }) => offers[0]?.available);

/** Makes D1 refuse every row of clients of that name, as it refuses one that is too large. */
const refuseRowsOf = (client: string) =>
  env.DB.prepare(
    `CREATE TRIGGER refuse_${client} BEFORE INSERT ON clients WHEN NEW.client = '${client}'
     BEGIN SELECT RAISE(ABORT, 'string or blob too big'); END`,
  ).run();

describe("a projected row", () => {
  it("is never overwritten by an older version", async () => {
    await project("u1", 5, [snapshot("phone", 5)]);
    await project("u1", 3, [snapshot("phone", 3)]);
    expect(await available("u1")).toEqual([5]);
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
    await project("u3", 7, [revoked("phone")]);
    await project("u3", 6, [snapshot("phone", 6)]);
    expect(await readClients(env.DB, "u3")).toEqual([]);
  });

  it("is deleted when its client is forgotten, unless the client has registered again", async () => {
    await project("u4", 5, [snapshot("phone", 5), snapshot("tablet", 5)]);
    await project("u4", 6, [revoked("phone"), revoked("tablet")]);
    await project("u4", 8, [snapshot("tablet", 8)]);
    // Sent before the registration, and late.
    await project("u4", 7, ["phone", "tablet"]);
    expect((await readClients(env.DB, "u4"))?.map(({ client }) => client)).toEqual(["tablet"]);
    const { results } = await env.DB.prepare("SELECT client FROM clients WHERE user = 'u4'").all();
    expect(results).toEqual([{ client: "tablet" }]);
  });

  it("of a client that is registered is never deleted as that of a forgotten one", async () => {
    await project("u5", 5, [snapshot("phone", 5)]);
    await project("u5", 6, ["phone"]);
    expect(await available("u5")).toEqual([5]);
  });
});

describe("a row that D1 refuses", () => {
  it("holds no other back", async () => {
    await refuseRowsOf("poison");
    const written = await project("u6", 5, [snapshot("phone", 5), snapshot("poison", 5), snapshot("tablet", 5)]);
    expect([...written.delivered].toSorted()).toEqual(["phone", "tablet"]);
    expect(String(written.error)).toContain("too big");
    expect(written.isSilent).toBe(false);
    expect(await available("u6")).toEqual([5, 5]);
  });
});

describe("a database in trouble", () => {
  const broken = (batch: () => Promise<never>) => {
    const spy = vi.fn(batch);
    return { spy, db: { prepare: (text: string) => env.DB.prepare(text), batch: spy } as unknown as D1Database };
  };
  const both = [snapshot("phone", 5), snapshot("tablet", 5)];

  it("that answers with an error is asked for each client, and none counts as delivered", async () => {
    const { spy, db } = broken(() => Promise.reject(new Error("D1_ERROR: gone")));
    const { delivered, isSilent, error } = await project("u7", 5, both, db);
    expect([spy.mock.calls.length, delivered.size, isSilent, String(error)]).toEqual([
      3,
      0,
      false,
      "Error: D1_ERROR: gone",
    ]);
  });

  it("that does not answer is asked once", async () => {
    const { spy, db } = broken(() => new Promise(() => undefined));
    const { delivered, isSilent } = await project("u8", 5, both, db, 20);
    expect([spy.mock.calls.length, delivered.size, isSilent]).toEqual([1, 0, true]);
  });
});
