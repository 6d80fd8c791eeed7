/** What `/readyz` says of a deployment of which a part is missing. The app is called with such an environment. */
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { READINESS_CACHE_MS, READINESS_TIMEOUT_MS } from "../../../src/config/limits.ts";
import { NEEDED_MIGRATION } from "../../../src/directory/needed-migration.ts";
import { app } from "../../../src/http/app.ts";
import { fakeTimersUntilSet, START_MS } from "../support/clock.ts";
import { call, type Json, ORIGIN } from "../support/http.ts";

async function readyz(bindings: object) {
  const response = await app.request(`${ORIGIN}/readyz`, {}, bindings);
  return { status: response.status, headers: response.headers, json: (await response.json()) as Json };
}

/** A database of which every statement is answered by `first`. */
function databaseWith(first: (sql: string) => Promise<unknown>) {
  let asked = 0;
  const db: object = {
    withSession: () => db,
    prepare: (sql: string) => {
      const statement: object = {
        bind: () => statement,
        first: () => {
          if (!sql.includes("restore_epoch")) asked += 1;
          return first(sql);
        },
      };
      return statement;
    },
  };
  return { db, asked: () => asked };
}

const READY = { part: "settings", ready: true };
const AUTHENTICATED = { part: "authentication", ready: true };

test("a deployment that has all it needs is ready", async () => {
  const { status, json, headers } = await call("GET", "/readyz");
  expect(json).toEqual({
    status: "ready",
    parts: [READY, AUTHENTICATED, { part: "database", name: "DB", ready: true }],
    version: env.CF_VERSION_METADATA.id,
  });
  expect([status, headers.get("Cache-Control")]).toEqual([200, "no-store"]);
});

test("the version that answers is named where the platform deploys versions, and nowhere else", async () => {
  const metadata = { id: "a-version", tag: "", timestamp: "" };
  expect((await readyz({ ...env, CF_VERSION_METADATA: metadata })).json.version).toBe("a-version");
  expect((await readyz({ ...env, CF_VERSION_METADATA: undefined })).json).not.toHaveProperty("version");
});

test("the migration that is waited for is the newest one", () => {
  expect(env.TEST_MIGRATIONS.at(-1)?.name).toBe(NEEDED_MIGRATION);
});

test("a database without its tables is not ready, whether it was never migrated or is behind", async () => {
  for (const first of [
    () => Promise.resolve(null),
    (sql: string) => Promise.resolve(sql.includes("sqlite_master") ? { 1: 1 } : null),
  ]) {
    const { status, json, headers } = await readyz({ ...env, DB: databaseWith(first).db });
    expect([status, json.code, headers.get("Retry-After")]).toEqual([503, "not_ready", "5"]);
    expect(json.detail).toBe(
      `expected every part to be ready, got: DB: the migration ${NEEDED_MIGRATION} was not applied`,
    );
    expect(json.parts.map((part: Json) => part.ready)).toEqual([true, true, false]);
  }
});

test("a database that is truly empty is told from one that is migrated by what D1 answers", async () => {
  await env.DB.exec("ALTER TABLE d1_migrations RENAME TO set_aside");
  try {
    expect((await readyz({ ...env })).status).toBe(503);
  } finally {
    await env.DB.exec("ALTER TABLE set_aside RENAME TO d1_migrations");
  }
  expect((await readyz({ ...env })).status).toBe(200);
});

test("a database that fails is named, and what it said is not repeated", async () => {
  const broken = databaseWith(() => Promise.reject(new Error("D1_ERROR: secret-host gone")));
  const { status, json } = await readyz({ ...env, DB: broken.db });
  expect([status, json.detail]).toEqual([503, "expected every part to be ready, got: DB: the database did not answer"]);
  expect(JSON.stringify(json)).not.toContain("secret-host");
});

test("a database that never answers is given up in time", async () => {
  const silent = databaseWith(() => new Promise(() => undefined));
  const waiting = fakeTimersUntilSet(READINESS_TIMEOUT_MS);
  const answer = readyz({ ...env, DB: silent.db });
  await waiting;
  await vi.advanceTimersByTimeAsync(READINESS_TIMEOUT_MS);
  expect((await answer).json.detail).toBe("expected every part to be ready, got: DB: the database did not answer");
});

test("without an issuer it is not ready, and the setting is named", async () => {
  const { status, json } = await readyz({ ...env, AUTH_ISSUER: "" });
  expect([status, json.detail]).toEqual([
    503,
    "expected every part to be ready, got: authentication: AUTH_ISSUER is not set",
  ]);
});

test("a setting that cannot be read is named", async () => {
  const { status, json } = await readyz({ ...env, STOCK_TARGET: "many" });
  expect([status, json.code]).toEqual([503, "setting_invalid"]);
  expect(json.detail).toContain("STOCK_TARGET");
});

test("however often it is asked, a database is read once per span, and then again", async () => {
  const counted = databaseWith(() => Promise.resolve({ 1: 1 }));
  const bindings = { ...env, DB: counted.db };
  for (let times = 0; times < 5; times++) expect((await readyz(bindings)).status).toBe(200);
  const once = counted.asked();
  expect(once).toBe(2);
  vi.setSystemTime(START_MS + READINESS_CACHE_MS);
  await readyz(bindings);
  expect(counted.asked()).toBe(2 * once);
});

test("it says nothing of keys and addresses", async () => {
  const text = JSON.stringify((await call("GET", "/readyz")).json);
  for (const secret of ["auth.test", "mls-key-directory-test", "kty"]) expect(text).not.toContain(secret);
});
