/**
 * The Worker as deployed, and beside it, under /bench, the routes that it is compared with. One script and one
 * workerd, so that both sides share the same event loop and the same disk.
 */

import { PLAIN_PROVIDERS } from "../../src/admission/crypto-providers.ts";
import { deploymentOf } from "../../src/config/deployment.ts";
import type { Bindings } from "../../src/http/bindings.ts";
import { judge, namedOf, prepareBatch, readBatch } from "../../src/http/resources/key-packages/batch.ts";
import { admissionContext } from "../../src/http/resources/key-packages/publish-batch.ts";
import { poolName } from "../../src/pool/address.ts";
import { unixSeconds } from "../../src/shared/time.ts";
import directory from "../../src/worker.ts";
import { syntheticKeyPackage } from "../../tools/lib/synthetic-package.ts";
import type { Pool, SeedCall } from "./bench-pool.ts";
import type { Bare, LeastWrite } from "./least-write.ts";

export { OperatorRecords } from "../../src/pool/operator-records.ts";
export { RestoreEpochKeeper } from "../../src/pool/restore-epoch-keeper.ts";
export { Pool } from "./bench-pool.ts";
export { Bare, LeastWrite } from "./least-write.ts";

type BenchEnv = Omit<Bindings, "POOL"> & {
  readonly POOL: DurableObjectNamespace<Pool>;
  readonly LEAST: DurableObjectNamespace<LeastWrite>;
  readonly BARE: DurableObjectNamespace<Bare>;
  readonly DB: D1Database;
};

export type SeedRequest = Omit<SeedCall, "client"> & { readonly users: readonly string[] };

const CLIENT = "phone";
const BATCH_PACKAGES = 100;

const D1_TABLES = [
  "CREATE TABLE IF NOT EXISTS bench_packages (id INTEGER PRIMARY KEY, user TEXT NOT NULL, key_package BLOB NOT NULL) STRICT",
  "CREATE INDEX IF NOT EXISTS bench_packages_user ON bench_packages (user, id)",
];

/** The same claim where D1 holds the packages: found and taken in one statement. */
const D1_CLAIM = `DELETE FROM bench_packages WHERE id =
  (SELECT id FROM bench_packages WHERE user = ?1 ORDER BY id LIMIT 1) RETURNING key_package`;

const D1_SEED = `INSERT INTO bench_packages (user, key_package)
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) SELECT ?1, randomblob(330) FROM n`;

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/bench/")) return directory.fetch(request, env, ctx);
    const [, , route, user = ""] = pathname.split("/");
    switch (route) {
      case "empty":
        return Response.json({ ok: true });
      case "least":
        await env.LEAST.getByName(user).write();
        return Response.json({ ok: true });
      case "wake":
        return Response.json({ ok: true, startedMs: await poolOf(env, user).wake() });
      case "wake-least":
        return Response.json({ ok: true, startedMs: await env.LEAST.getByName(user).wake() });
      case "wake-bare":
        return Response.json({ ok: true, startedMs: await env.BARE.getByName(user).wake() });
      case "d1":
        return claimFromD1(env, user);
      case "admit":
        return admitOnly(request, env, user);
      case "put":
        return put(env, user);
      case "trim":
        return trim(env, user);
      case "rpc":
        return Response.json({ taken: await env.LEAST.getByName(user).take(batch()) });
      case "tables":
        return makeTables(env);
      case "seed":
        return seed(env, await request.json());
      case "seed-d1":
        return seedD1(env, await request.json());
      default:
        return new Response("no such route", { status: 404 });
    }
  },
} satisfies ExportedHandler<BenchEnv>;

async function claimFromD1(env: BenchEnv, user: string): Promise<Response> {
  const row = await env.DB.prepare(D1_CLAIM).bind(user).first<{ key_package: number[] }>();
  if (!row) return new Response("empty", { status: 404 });
  const text = Uint8Array.from(row.key_package).toBase64({ alphabet: "base64url", omitPadding: true });
  return Response.json({ status: "ok", key_package: text });
}

/** Reading and judging a batch, and nothing else of publishing it. */
async function admitOnly(request: Request, env: BenchEnv, user: string): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  const deployment = deploymentOf(env);
  const items = readBatch("application/json", body, deployment.settings);
  if (!items.ok) return new Response(items.error.code, { status: 400 });
  const owned = { user, client: CLIENT };
  const crypto = PLAIN_PROVIDERS[deployment.cryptoProvider];
  const deps = { deployment, crypto, x509: undefined, now: () => unixSeconds(Date.now()) };
  const prepared = await prepareBatch(items.value, admissionContext(deps, owned, []));
  const packages = namedOf(prepared);
  const call = { user, client: CLIENT, restoreEpoch: 0, mode: "add", packages, unreadable: 0 } as const;
  const found = await poolOf(env, user).preflight(call);
  if (found.outcome !== "ready") return new Response(found.outcome, { status: 400 });
  const context = admissionContext(deps, owned, found.signatureKeys);
  const judged = await judge(prepared, found.known, context);
  return Response.json({ good: judged.filter((item) => item.ok).length });
}

/** The pool's part of publishing: 100 records that were never there. */
async function put(env: BenchEnv, user: string): Promise<Response> {
  const keyPackages = batch();
  const call = { user, client: CLIENT, restoreEpoch: 0, mode: "add", keyPackages, refused: 0 } as const;
  const answer = await poolOf(env, user).publish(call);
  if (answer.outcome !== "published") return new Response(answer.outcome, { status: 400 });
  return Response.json({ stored: answer.codes.filter((code) => code === "stored").length });
}

async function trim(env: BenchEnv, user: string): Promise<Response> {
  return Response.json({ trimmed: await poolOf(env, user).trim(CLIENT) });
}

async function makeTables(env: BenchEnv): Promise<Response> {
  await env.DB.batch(D1_TABLES.map((statement) => env.DB.prepare(statement)));
  return Response.json({ ok: true });
}

async function seed(env: BenchEnv, request: SeedRequest): Promise<Response> {
  for (const user of request.users) {
    const pool = poolOf(env, user);
    const signatureKeys = [{ scheme: 0x0807, publicKey: SIGNATURE_KEY }];
    await pool.register({ user, client: CLIENT, restoreEpoch: 0, signatureKeys });
    await pool.seed({ ...request, client: CLIENT });
  }
  return Response.json({ ok: true });
}

async function seedD1(env: BenchEnv, { users, count }: SeedRequest): Promise<Response> {
  const statement = env.DB.prepare(D1_SEED);
  await env.DB.batch(users.map((user) => statement.bind(user, count)));
  return Response.json({ ok: true });
}

/** Of every seeded client; nothing that carries it is ever verified. */
const SIGNATURE_KEY = new Uint8Array(32).fill(1);

const batch = () => Array.from({ length: BATCH_PACKAGES }, () => syntheticKeyPackage(SIGNATURE_KEY));

const poolOf = (env: BenchEnv, user: string) => env.POOL.getByName(poolName(user));
