/** The restore epoch is read beside requests. This file is an isolate of its own: its first test is its first request. */
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { RESTORE_EPOCH_CACHE_MS, RESTORE_EPOCH_SETTLED_SECONDS } from "../../../src/config/limits.ts";
import { app } from "../../../src/http/app.ts";
import { keeperOf, poolFor } from "../../../src/pool/address.ts";
import { ADMIN, CLAIM, token } from "../support/auth.ts";
import { START_MS } from "../support/clock.ts";
import { base64url, forgeMany, newSigner } from "../support/forge-for-now.ts";
import { call, freshName, type Json, ORIGIN } from "../support/http.ts";
import { ED25519, keyPackages, poolOf } from "../support/pool-calls.ts";

/** A database that takes every question and answers none; how often it was asked. */
function silentDatabase() {
  let asked = 0;
  const never = (): Promise<never> => {
    asked += 1;
    return new Promise(() => undefined);
  };
  const statement: object = { bind: () => statement, first: never, all: never, run: never };
  const db: object = { prepare: () => statement, batch: never, withSession: () => db };
  return { db, asked: () => asked };
}

const bearer = (user: string, scope: string) => token({ user, client: "phone", scope });

async function request(bindings: object, method: string, path: string, scope: string, body: unknown, user = "bob") {
  const response = await app.request(
    ORIGIN + path,
    {
      method,
      body: JSON.stringify(body),
      headers: { Authorization: `Bearer ${await bearer(user, scope)}`, "Content-Type": "application/json" },
    },
    bindings,
  );
  return (await response.json()) as Json;
}

/** Before any request of this isolate: a pool is called past the Worker's HTTP face. */
async function stockedPool() {
  const pool = await poolOf(freshName("owner"));
  await pool.publish(keyPackages(3));
  return pool;
}

test("a claim and an upload do not wait for the directory, not even the first request of an isolate", async () => {
  const pool = await stockedPool();
  const silent = silentDatabase();
  const bindings = { ...env, DB: silent.db };
  const claim = () => request(bindings, "POST", `/v1/users/${pool.user}/claims`, CLAIM, {});
  expect((await claim()).status).toBe("ok");
  expect(silent.asked()).toBe(1);
  // One read at a time, however many requests come.
  expect((await claim()).status).toBe("ok");
  expect(silent.asked()).toBe(1);
  vi.setSystemTime(START_MS + RESTORE_EPOCH_CACHE_MS);
  expect((await claim()).status).toBe("ok");
  expect(silent.asked()).toBe(2);
});

test("an upload does not wait for the pool's own write to the directory", async () => {
  const user = freshName("owner");
  const signer = newSigner();
  const signatureKeys = [{ scheme: ED25519, publicKey: signer.publicKey }];
  await poolFor(env, user).register({ user, restoreEpoch: 0, client: "phone", signatureKeys });
  const batch = vi.spyOn((env as unknown as { DB: D1Database }).DB, "batch");
  batch.mockImplementation(() => new Promise(() => undefined));
  try {
    const path = `/v1/users/${user}/clients/phone/key-packages`;
    const packages = forgeMany(2, { identity: user, signer }).map(base64url);
    const answer = await request(env, "POST", path, "key-packages:publish", { key_packages: packages }, user);
    expect(answer.results).toMatchObject([{ code: "stored" }, { code: "stored" }]);
  } finally {
    batch.mockRestore();
  }
});

test("after a restore the epoch is known within the span, and a pool that was told keeps it", async () => {
  const [early, late] = [await stockedPool(), await stockedPool()];
  const claim = async (user: string) =>
    (await request(env, "POST", `/v1/users/${user}/claims`, CLAIM, {})).clients[0].status;
  // Set by another isolate: this one has not heard of it.
  const now = START_MS / 1000;
  vi.setSystemTime(START_MS + 5_000);
  await env.DB.prepare("INSERT INTO restore_epoch (id, epoch, set_at) VALUES (1, ?, ?)")
    .bind(now + 5, now + 5)
    .run();
  expect(await claim(early.user)).toBe("claimed");
  // The first request after the span has the epoch read, and does not wait for it.
  vi.setSystemTime(START_MS + 2 * RESTORE_EPOCH_CACHE_MS);
  expect(["claimed", "exhausted"]).toContain(await claim(early.user));
  await vi.waitFor(async () => expect(await claim(late.user)).toBe("exhausted"));
  expect(await claim(early.user)).toBe("exhausted");
  // With whatever an isolate says that knows of no restore.
  expect((await late.claim()).outcome).toBe("answered");
  expect(await poolFor(env, late.user).view(late.base)).toMatchObject({ restoreEpoch: now + 5 });
  expect((await late.inventory())[0]?.available).toBe(0);
});

test("an operator is told from when on it holds everywhere", async () => {
  vi.setSystemTime(START_MS + 3600_000);
  const olga = await token({ user: "olga", client: undefined, scope: ADMIN });
  const now = START_MS / 1000 + 3600;
  const { json } = await call("POST", "/v1/admin/restore-epoch", { token: olga, body: {} });
  expect(json).toEqual({ restore_epoch: now + 1, holds_everywhere_at: now + RESTORE_EPOCH_SETTLED_SECONDS });
  expect(RESTORE_EPOCH_SETTLED_SECONDS * 1000).toBeGreaterThan(RESTORE_EPOCH_CACHE_MS);
});

test("an epoch that D1 and the object have lost is learned from a pool that was told, and written back", async () => {
  const { user } = await stockedPool();
  const base = START_MS / 1000;
  const restoreEpoch = base + 7200;
  await poolFor(env, user).view({ user, restoreEpoch });
  vi.setSystemTime((restoreEpoch + 60) * 1000);
  const olga = await token({ user: "olga", client: undefined, scope: ADMIN });
  const asked = await call("GET", `/v1/admin/users/${user}`, { token: olga });
  expect(asked.json.restore_epoch).toBe(restoreEpoch);
  expect((await call("GET", "/v1/admin/restore-epoch", { token: olga })).json.restore_epoch).toBe(restoreEpoch);
  const row = await env.DB.prepare("SELECT epoch FROM restore_epoch").first();
  expect([row, (await keeperOf(env).read()).epoch]).toEqual([{ epoch: restoreEpoch }, restoreEpoch]);
  // Beside requests, once per minute, too.
  await env.DB.prepare("DELETE FROM restore_epoch").run();
  vi.setSystemTime(Date.now() + RESTORE_EPOCH_CACHE_MS);
  await call("GET", "/v1/policy");
  await vi.waitFor(async () =>
    expect(await env.DB.prepare("SELECT epoch FROM restore_epoch").first()).toEqual({ epoch: restoreEpoch }),
  );
});
