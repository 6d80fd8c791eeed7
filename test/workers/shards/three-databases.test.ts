/** The directory in three databases, as DIRECTORY_BINDINGS of this project's Worker says; before, it was in one. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_MOVED_ROUTES, ROUTES_PER_STATEMENT } from "../../../src/config/limits.ts";
import { findClients, readClients } from "../../../src/directory/queries.ts";
import { readShardEpoch } from "../../../src/directory/restore-epoch.ts";
import { findRoutes, type Route, writeRoutes } from "../../../src/directory/routes.ts";
import { allShards, directoryOf, shardIndex } from "../../../src/directory/shards.ts";
import { poolFor, poolName } from "../../../src/pool/address.ts";
import { ADMIN, token } from "../support/auth.ts";
import { call, claimer, type Json, registeredOwner } from "../support/http.ts";
import { freshUser, poolOf } from "../support/pool-calls.ts";
import { project, snapshot } from "../support/snapshots.ts";

const directory = directoryOf(env);
const old = (env as unknown as { DB: D1Database }).DB;

/** The directory as it was when it had one database. */
const former = { name: "DB", db: old };
const beforeMove = { ...directory, homeOf: () => former };

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

const routeOf = (user: string, index: number, notAfter: number): Route => ({
  ref: new Uint8Array(32).with(0, index >> 8).with(1, index & 0xff),
  user,
  client: "phone",
  notAfter,
});
const keyOf = ({ ref, user, client, notAfter }: Route) => `${ref.toHex()} ${user} ${client} ${notAfter}`;

async function usersOfRoutes(db: D1Database): Promise<string[]> {
  const { results } = await db.prepare("SELECT DISTINCT user FROM routes").all<{ user: string }>();
  return results.map(({ user }) => user);
}

beforeEach(async () => {
  for (const { db } of allShards(directory)) {
    await db.batch([db.prepare("DELETE FROM clients"), db.prepare("DELETE FROM routes")]);
  }
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

  it("takes routes along: who was claimed from before is found when the former database is gone", async () => {
    const pool = await beforeTheMove(freshUser());
    const now = Math.floor(Date.now() / 1000);
    const left = Array.from({ length: ROUTES_PER_STATEMENT + 3 }, (_, index) => routeOf(pool.user, index, now + 600));
    const ended = routeOf(pool.user, 10_000, now - 1);
    const others = routeOf(freshUser(), 10_001, now + 600);
    await writeRoutes(beforeMove, [...left, ended, others], now);
    // One that an isolate of the new settings has written, and that a move which broke off had copied.
    await writeRoutes(directory, left.slice(0, 1), now);
    const id = env.POOL.idFromName(poolName(pool.user)).toString();
    expect((await as("POST", `/pools/${id}/resync`)).json).toEqual({ pool: id, status: "delivered" });
    const home = directory.homeOf(pool.user);
    const alone = { ...directory, shards: [home], abandoned: [] };
    const refs = left.map(({ ref }) => ref);
    expect(new Set((await findRoutes(alone, refs, now)).map(keyOf))).toEqual(new Set(left.map(keyOf)));
    expect(await usersOfRoutes(old)).toEqual([others.user]);
  });

  it("is not done as long as routes are left in the former database, and loses none of them", async () => {
    const pool = await beforeTheMove(freshUser());
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const now = Math.floor(Date.now() / 1000);
    const route = routeOf(pool.user, 1, now + 86_400);
    await writeRoutes(beforeMove, [route], now);
    const home = directory.homeOf(pool.user).name;
    await runInDurableObject(pool.stub(), async (instance) => {
      const db = (instance as unknown as { env: Record<string, D1Database> }).env[home] as D1Database;
      const prepare = db.prepare.bind(db);
      const broken = vi.spyOn(db, "prepare").mockImplementation((sql) => {
        if (sql.includes("INTO routes")) throw new Error("D1_ERROR: the test broke it");
        return prepare(sql);
      });
      expect(await instance.resync(pool.base)).toEqual({ outcome: "queued" });
      broken.mockRestore();
    });
    expect((await findRoutes(directory, [route.ref], now)).map(keyOf)).toEqual([keyOf(route)]);
    expect(await usersOfRoutes(old)).toEqual([pool.user]);
    vi.setSystemTime(Date.now() + 600_000);
    await pool.ring();
    expect(await usersOfRoutes(old)).toEqual([]);
    expect((await findRoutes(directory, [route.ref], now)).map(keyOf)).toEqual([keyOf(route)]);
  });

  it("moves so many routes at once and no more, and goes on by itself until none is left", async () => {
    const pool = await beforeTheMove(freshUser());
    const now = Math.floor(Date.now() / 1000);
    const left = Array.from({ length: MAX_MOVED_ROUTES + 1 }, (_, index) => routeOf(pool.user, index, now + 86_400));
    await writeRoutes(beforeMove, left, now);
    const id = env.POOL.idFromName(poolName(pool.user)).toString();
    expect((await as("POST", `/pools/${id}/resync`)).json).toEqual({ pool: id, status: "queued" });
    expect(await usersOfRoutes(old)).toEqual([pool.user]);
    vi.setSystemTime(Date.now() + 600_000);
    await pool.ring();
    expect(await usersOfRoutes(old)).toEqual([]);
    const ends = left.filter((_, index) => index % MAX_MOVED_ROUTES === 0).map(({ ref }) => ref);
    expect(await findRoutes(directory, ends, now)).toHaveLength(2);
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

describe("a user's export", () => {
  it("has the routes of every database, each with the name of its database", async () => {
    const owner = await registeredOwner();
    const now = Math.floor(Date.now() / 1000);
    const names = allShards(directory).map(({ name }) => name);
    for (const [index, shard] of allShards(directory).entries()) {
      await writeRoutes({ ...directory, homeOf: () => shard }, [routeOf(owner.user, index, now + 600)], now);
    }
    const routes: Json[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const { json } = await as("GET", `/users/${owner.user}/data${after && `?after=${encodeURIComponent(after)}`}`);
      routes.push(...json.routes);
      after = json.next;
    }
    expect(routes.map(({ database }) => database)).toEqual(names);
    expect(new Set(routes.map((route) => route.key_package_ref)).size).toBe(names.length);
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
