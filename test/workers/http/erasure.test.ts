/** What is left of a user who was erased: nothing, in both stores, looked for by the bytes of the name. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { JOURNAL_RETENTION_SECONDS } from "../../../src/config/limits.ts";
import { poolFor, poolName } from "../../../src/pool/address.ts";
import { ADMIN, DATA, token } from "../support/auth.ts";
import { call, claimer, freshName, type Json, registeredOwner } from "../support/http.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const olga = await token({ user: "olga", client: undefined, scope: ADMIN });
const erase = (user: string) => call("DELETE", `/v1/admin/users/${user}/data`, { token: olga });

const forget = (owner: string, body: { users: readonly string[]; dry_run?: boolean }) =>
  call("POST", `/v1/admin/pools/${env.POOL.idFromName(poolName(owner))}/forget`, { token: olga, body });

/** Every row of every table of a pool, as text; the names of its tables. */
const poolText = (user: string) =>
  runInDurableObject(poolFor(env, user) as DurableObjectStub, async (_, state) => {
    const tables = state.storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray()
      .map(({ name }) => name);
    const rows = tables.map((name) => state.storage.sql.exec(`SELECT * FROM ${name}`).toArray());
    return { tables, text: JSON.stringify(rows), alarm: await state.storage.getAlarm() };
  });

async function directoryText(): Promise<string> {
  return JSON.stringify((await env.DB.prepare("SELECT * FROM clients").all()).results);
}

/** A user with packages, tombstones, a journal, an answer under a key and a client that was revoked. */
async function livedIn() {
  const owner = await registeredOwner(freshName("erased"));
  const tablet = await registeredOwner(owner.user, "tablet");
  await owner.publish(owner.forgeMany(3));
  await tablet.as("DELETE", "");
  const bob = await claimer();
  await bob.claim(owner.user, {}, { "Idempotency-Key": "1" });
  return { owner, bob };
}

test("nothing of the user is left in the pool and in the directory, and the operator has a receipt", async () => {
  const { owner, bob } = await livedIn();
  expect((await poolText(owner.user)).text).toContain(owner.user);
  expect((await poolText(owner.user)).text).toContain(bob.user);
  expect(await directoryText()).toContain(owner.user);
  const now = Math.floor(Date.now() / 1000);
  const receipt = await erase(owner.user);
  expect([receipt.status, receipt.json]).toEqual([
    200,
    {
      user: owner.user,
      erased_at: now,
      existed: true,
      journals_of_others_end_at: now + JOURNAL_RETENTION_SECONDS,
    },
  ]);
  expect(await poolText(owner.user)).toEqual({ tables: [], text: "[]", alarm: null });
  expect(await directoryText()).not.toContain(owner.user);
  expect((await bob.claim(owner.user)).json.code).toBe("unknown_user");
  expect((await bob.peek(owner.user)).status).toBe(404);
});

test("other users keep what they have, and the name of the erased one is taken out of their pools", async () => {
  const { owner, bob } = await livedIn();
  const carol = await registeredOwner();
  await carol.publish(carol.forgeMany(2));
  await (await claimer(owner.user)).claim(carol.user);
  await erase(owner.user);
  expect((await carol.inventory())[0].available).toBe(1);
  const { json } = await carol.as("GET", "/journal");
  expect(json.entries[0].claimer.user).toBe(owner.user);
  expect((await poolText(carol.user)).text).toContain(owner.user);

  const counted = await forget(carol.user, { users: [owner.user], dry_run: true });
  expect(counted.json).toMatchObject({ claims: 1, clients: 0, dry_run: true });
  expect((await poolText(carol.user)).text).toContain(owner.user);
  expect((await forget(carol.user, { users: [owner.user] })).json).toMatchObject({ claims: 1, dry_run: false });
  expect((await poolText(carol.user)).text).not.toContain(owner.user);
  expect(await directoryText()).not.toContain(owner.user);
  // What was claimed is the owner's to know.
  const { claimer: erased, ...kept } = (await carol.as("GET", "/journal")).json.entries[0];
  expect([erased, kept]).toEqual([null, { ...json.entries[0], claimer: undefined }]);
  expect((await forget(carol.user, { users: [owner.user] })).json).toMatchObject({ claims: 0, clients: 0 });
  expect((await bob.claim(carol.user)).json.status).toBe("ok");
});

test("another claimer's name, its records and its repeated answers stay", async () => {
  const carol = await registeredOwner();
  await carol.publish(carol.forgeMany(2));
  const [mallory, bob] = [await claimer(), await claimer()];
  await mallory.claim(carol.user, {}, { "Idempotency-Key": "m" });
  const { json } = await bob.claim(carol.user, {}, { "Idempotency-Key": "b" });
  await forget(carol.user, { users: [mallory.user] });
  const { entries } = (await carol.as("GET", "/journal")).json;
  expect(entries.map((entry: Json) => entry.claimer?.user)).toEqual([undefined, bob.user]);
  expect((await bob.claim(carol.user, {}, { "Idempotency-Key": "b" })).json).toEqual(json);
});

test("a pool that holds no such name, or nothing at all, is left as it is", async () => {
  const carol = await registeredOwner();
  const before = await poolText(carol.user);
  expect((await forget(carol.user, { users: ["mallory", "trudy"] })).json).toMatchObject({ claims: 0, clients: 0 });
  expect(await poolText(carol.user)).toEqual(before);
  const nobody = freshName("nobody");
  expect((await forget(nobody, { users: ["mallory"] })).json).toMatchObject({ claims: 0, clients: 0 });
  expect((await poolText(nobody)).tables).toEqual([]);
});

test("names to forget are bounded, and the pool must be one", async () => {
  const carol = await registeredOwner();
  for (const users of [[], Array.from({ length: 101 }, (_, index) => `user-${index}`), [""]]) {
    expect((await forget(carol.user, { users })).json.code).toBe("invalid_request");
  }
  const path = `/v1/admin/pools/${"0".repeat(64)}/forget`;
  expect((await call("POST", path, { token: olga, body: { users: ["a"] } })).json.code).toBe("unknown_pool");
});

test("users erase themselves with a scope of its own", async () => {
  const { owner } = await livedIn();
  const own = await token({ user: owner.user, client: "laptop", scope: DATA });
  const receipt = await call("DELETE", `/v1/users/${owner.user}/data`, { token: own });
  expect(receipt.json).toMatchObject({ user: owner.user, existed: true });
  expect((await poolText(owner.user)).tables).toEqual([]);
  expect(await directoryText()).not.toContain(owner.user);
});

test("a directory that fails is named, and the same request again goes on from there", async () => {
  const { owner } = await livedIn();
  const broken = await runInDurableObject(poolFor(env, owner.user) as DurableObjectStub, (instance) =>
    vi.spyOn((instance as unknown as { env: { DB: D1Database } }).env.DB, "prepare").mockImplementation(() => {
      throw new Error("D1_ERROR: broken");
    }),
  );
  expect((await erase(owner.user)).json.code).toBe("directory_unavailable");
  expect((await poolText(owner.user)).tables).toEqual([]);
  broken.mockRestore();
  expect(await directoryText()).toContain(owner.user);
  expect((await erase(owner.user)).json).toMatchObject({ existed: false });
  expect(await directoryText()).not.toContain(owner.user);
});

test("a snapshot that is on its way to the directory does not bring the user back", async () => {
  const { owner } = await livedIn();
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  await runInDurableObject(poolFor(env, owner.user) as DurableObjectStub, (instance) => {
    const { DB } = (instance as unknown as { env: { DB: D1Database } }).env;
    const batch = DB.batch.bind(DB);
    vi.spyOn(DB, "batch").mockImplementationOnce(async (statements) => {
      begun.resolve();
      await gate.promise;
      return batch(statements);
    });
  });
  const resync = call("POST", `/v1/admin/users/${owner.user}/resync`, { token: olga });
  await begun.promise;
  const erased = erase(owner.user);
  // The call reaches the pool while the batch is held.
  await runInDurableObject(poolFor(env, owner.user) as DurableObjectStub, () => gate.resolve());
  await Promise.all([resync, erased]);
  expect((await erased).status).toBe(200);
  expect(await directoryText()).not.toContain(owner.user);
});

test("a user who is not there has nothing to erase, and no trace is left of the question", async () => {
  const user = freshName("nobody");
  expect((await erase(user)).json).toMatchObject({ user, existed: false });
  expect((await poolText(user)).tables).toEqual([]);
});

test("the user may begin again, with nothing of before", async () => {
  const { owner, bob } = await livedIn();
  await erase(owner.user);
  const again = await registeredOwner(owner.user);
  await again.publish(again.forgeMany(1));
  expect((await again.inventory())[0].available).toBe(1);
  expect((await again.as("GET", "/journal")).json.entries).toEqual([]);
  expect((await bob.claim(owner.user)).json.status).toBe("ok");
  expect(await directoryText()).toContain(owner.user);
});
