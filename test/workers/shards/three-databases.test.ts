/** The directory in three databases, as DIRECTORY_BINDINGS of this project's Worker says; before, it was in one. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { findClients, readClients } from "../../../src/directory/queries.ts";
import { readShardEpoch } from "../../../src/directory/restore-epoch.ts";
import { allShards, directoryOf, shardIndex } from "../../../src/directory/shards.ts";
import { poolFor, poolName } from "../../../src/pool/address.ts";
import { ADMIN, token } from "../support/auth.ts";
import { call, claimer, type Json, registeredOwner } from "../support/http.ts";
import { freshUser, poolOf } from "../support/pool-calls.ts";
import { project, snapshot } from "../support/snapshots.ts";

const directory = directoryOf(env);
const old = (env as unknown as { DB: D1Database }).DB;

const olga = await token({ user: "olga", client: undefined, scope: ADMIN });
const as = (method: string, path: string, body?: unknown) =>
  call(method, `/v1/admin${path}`, { token: olga, ...(body === undefined ? {} : { body }) });

/** Names of the databases that have rows of the user. */
async function databasesOf(user: string): Promise<string[]> {
  const found = await Promise.all(
    allShards(directory).map(async ({ name, db }) => ((await readClients(db, user)) ? [name] : [])),
  );
  return found.flat();
}

/** As it was before the number of databases changed: the pool has told the one database, and nobody else. */
async function beforeTheMove(user: string) {
  const pool = await poolOf(user);
  const { db } = directory.homeOf(user);
  await db.prepare("DELETE FROM clients WHERE user = ?").bind(user).run();
  await project(user, 1, [snapshot("phone", 7)], old);
  await runInDurableObject(pool.stub(), (_, state) => {
    state.storage.sql.exec("UPDATE pool SET projected_to = 'DB'");
  });
  return pool;
}

beforeEach(async () => {
  for (const { db } of allShards(directory)) await db.prepare("DELETE FROM clients").run();
});

describe("a user's database", () => {
  it("follows from a hash of the user, in equal shares", () => {
    const counts = [0, 0, 0];
    for (let index = 0; index < 3_000; index++) {
      const place = shardIndex(`user-${index}`, 3);
      counts[place] = (counts[place] ?? 0) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(900);
    // For all time: another function would lose every user of a deployment.
    expect([0, 1, 2, 3, 4].map((index) => shardIndex(`user-${index}`, 3))).toEqual([2, 1, 2, 1, 1]);
  });

  it("is the only one that has its rows, and where peeks look", async () => {
    const used = new Set<string>();
    const bob = await claimer();
    for (let index = 0; index < 12; index++) {
      const owner = await registeredOwner();
      await owner.publish(owner.forgeMany(1));
      const home = directory.homeOf(owner.user).name;
      expect(await databasesOf(owner.user)).toEqual([home]);
      expect((await bob.peek(owner.user)).json.clients).toMatchObject([
        { client: "phone", offers: [{ available: 1 }] },
      ]);
      used.add(home);
    }
    expect([...used].toSorted()).toEqual(["DB0", "DB1", "DB2"]);
  });
});

describe("an operator's list", () => {
  it("is one list over all databases, in order, whatever the size of its pages", async () => {
    const users: string[] = [];
    for (const name of ["ä", "𝒳", "\uffee", "b", "a", "c", "d", "e", "f"]) {
      users.push(name);
      await project(name, 1, [snapshot("phone", 10), snapshot("tablet", 0)], directory.homeOf(name).db);
    }
    const encoder = new TextEncoder();
    const inOrder = users.toSorted((a, b) => (encoder.encode(a).toHex() < encoder.encode(b).toHex() ? -1 : 1));
    for (const limit of [1, 2, 5, 100]) {
      const pages = async (path: string, rows: (json: Json) => Json[]) => {
        const all: Json[] = [];
        for (let after: string | null = ""; after !== null; ) {
          const page: Json = (await as("GET", `${path}limit=${limit}${after && `&after=${encodeURIComponent(after)}`}`))
            .json;
          all.push(...rows(page));
          after = page.next;
        }
        return all;
      };
      expect(await pages("/users?", ({ users }) => users)).toEqual(inOrder);
      const stock = await pages("/stock?filter=low&", ({ rows }) => rows);
      expect(stock.map(({ user, client }) => `${user}/${client}`)).toEqual(
        inOrder.flatMap((user) => [`${user}/phone`, `${user}/tablet`]),
      );
    }
  });

  it("has a user once whose older rows are still in the former database", async () => {
    await project("moving", 2, [snapshot("phone", 20)], directory.homeOf("moving").db);
    await project("moving", 1, [snapshot("phone", 10)], old);
    expect((await as("GET", "/stock")).json.rows).toMatchObject([{ user: "moving", available: 20 }]);
    expect((await as("GET", "/users")).json.users).toEqual(["moving"]);
  });
});

describe("a move from one database to three", () => {
  it("loses nobody on the way: who has not been moved is found in the former database", async () => {
    const pool = await beforeTheMove(freshUser());
    expect(await findClients(directory, pool.user)).toMatchObject([{ client: "phone", offers: [{ available: 7 }] }]);
    expect(await databasesOf(pool.user)).toEqual(["DB"]);
  });

  it("takes a user along, with all of its clients, when its pool has news", async () => {
    const pool = await beforeTheMove(freshUser());
    await pool.register("tablet");
    expect(await databasesOf(pool.user)).toEqual([directory.homeOf(pool.user).name]);
    expect(await findClients(directory, pool.user)).toHaveLength(2);
  });

  it("takes a user along by a resync of its pool's id, and says when that is done", async () => {
    const pool = await beforeTheMove(freshUser());
    const id = env.POOL.idFromName(poolName(pool.user)).toString();
    expect((await as("POST", `/pools/${id}/resync`)).json).toEqual({ pool: id, status: "delivered" });
    expect(await databasesOf(pool.user)).toEqual([directory.homeOf(pool.user).name]);
  });

  it("is not done as long as the former database cannot be emptied", async () => {
    const pool = await beforeTheMove(freshUser());
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await runInDurableObject(pool.stub(), async (instance) => {
      const { DB } = (instance as unknown as { env: { DB: D1Database } }).env;
      const broken = vi.spyOn(DB, "prepare").mockImplementation(() => {
        throw new Error("D1_ERROR: the test broke it");
      });
      expect(await instance.resync(pool.base)).toEqual({ outcome: "queued" });
      broken.mockRestore();
    });
    vi.setSystemTime(Date.now() + 600_000);
    await pool.ring();
    expect(await databasesOf(pool.user)).toEqual([directory.homeOf(pool.user).name]);
  });
});

describe("a resync by the id of a pool", () => {
  it("says of a pool without a user that it is empty, and of an id that is none that there is no such pool", async () => {
    const id = env.POOL.idFromName(poolName(freshUser())).toString();
    expect((await as("POST", `/pools/${id}/resync`)).json).toEqual({ pool: id, status: "empty" });
    for (const wrong of ["00", "0".repeat(64), id.toUpperCase()]) {
      expect((await as("POST", `/pools/${wrong}/resync`)).json.code).toBe("unknown_pool");
    }
  });

  it("tells the pool the restore epoch", async () => {
    const pool = await poolOf();
    const set = await as("POST", "/restore-epoch", {});
    await as("POST", `/pools/${env.POOL.idFromName(poolName(pool.user)).toString()}/resync`);
    const view = await poolFor(env, pool.user).view(pool.base);
    expect(view).toMatchObject({ restoreEpoch: set.json.restore_epoch });
  });
});

describe("the restore epoch", () => {
  it("is written to every database, and the newest that one of them has counts", async () => {
    const set = await as("POST", "/restore-epoch", {});
    const known = await Promise.all(directory.shards.map(({ db }) => readShardEpoch(db)));
    expect(known.map(({ epoch }) => epoch)).toEqual(Array(3).fill(set.json.restore_epoch));
    const [first] = directory.shards;
    await first?.db.prepare("DELETE FROM restore_epoch").run();
    expect((await as("GET", "/restore-epoch")).json).toEqual(set.json);
  });
});
