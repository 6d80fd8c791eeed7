/** A pool whose tables are of a later version than the code, as after a rollback over a change of the schema. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { NEWER_SCHEMA_ALARM_MS } from "../../../src/config/limits.ts";
import { poolFor } from "../../../src/pool/address.ts";
import { SCHEMA_VERSION } from "../../../src/pool/tables/pool-schema.ts";
import { ADMIN, token } from "../support/auth.ts";
import { call, claimer, registeredOwner } from "../support/http.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const TABLES = ["pool", "clients", "chunks", "fingerprints", "claims"];

/** All that is stored, and whether an alarm is set. */
const storageOf = (user: string) =>
  runInDurableObject(poolFor(env, user), (_, { storage }) =>
    TABLES.map((table) => storage.sql.exec(`SELECT * FROM ${table}`).toArray()),
  );

async function setVersion(user: string, version: number): Promise<void> {
  await runInDurableObject(poolFor(env, user), (_, { storage }) => {
    storage.sql.exec("UPDATE pool SET schema_version = ?", version);
  });
  await evictDurableObject(poolFor(env, user));
}

test("it says so, serves nothing and writes nothing, and is back when the newer code is", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(2));
  await setVersion(owner.user, SCHEMA_VERSION + 1);
  const before = await storageOf(owner.user);
  const bob = await claimer();
  const answers = [
    await owner.as("GET", "/inventory"),
    await owner.publish(owner.forgeMany(1)),
    await bob.claim(owner.user),
    await bob.claim(owner.user, {}, { "Idempotency-Key": "k" }),
    await call("DELETE", `/v1/admin/users/${owner.user}`, {
      token: await token({ user: "olga", client: undefined, scope: ADMIN }),
    }),
  ];
  for (const { status, json, headers } of answers) {
    expect([status, json.code, headers.get("Retry-After")]).toEqual([503, "pool_schema_newer", "60"]);
  }
  const many = await bob.claimMany({ users: [owner.user] });
  expect(many.json.users).toMatchObject([{ status: "failed", code: "pool_schema_newer" }]);
  expect(logged.mock.calls.map(([line]) => String(line)).join()).toContain("pool_schema_newer");
  expect(await storageOf(owner.user)).toEqual(before);
  await setVersion(owner.user, SCHEMA_VERSION);
  expect((await bob.claim(owner.user)).json.status).toBe("ok");
});

test("its alarm does nothing, and is set again for later", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(2));
  await setVersion(owner.user, SCHEMA_VERSION + 1);
  const before = await storageOf(owner.user);
  const atMs = await runInDurableObject(poolFor(env, owner.user), async (instance, { storage }) => {
    await instance.alarm();
    return storage.getAlarm();
  });
  expect(atMs).toBe(Date.now() + NEWER_SCHEMA_ALARM_MS);
  expect(await storageOf(owner.user)).toEqual(before);
});
