/**
 * What one would build without Workers: Hono on Node with PostgreSQL. One process, the work of one claim in one
 * prepared statement and one round trip: replay lookup, FOR UPDATE SKIP LOCKED, journal and replay record; then a line for the access
 * log.
 */
import { createServer, type IncomingMessage } from "node:http";
import { Hono } from "hono";
import { createLocalJWKSet, jwtVerify } from "jose";
import { Pool } from "pg";
import type { Issuer } from "../../tools/lib/tokens.ts";

export type OpponentSettings = {
  readonly databasePort: number;
  readonly databaseUser: string;
  readonly trust: Issuer["settings"];
  /** How a claim ends a package: the row goes, or it stays without its bytes, outside of the partial index. */
  readonly ending: "delete" | "update";
};

export type OpponentOrder =
  | { readonly start: OpponentSettings }
  | { readonly seed: { readonly users: readonly string[]; readonly count: number } };
export type OpponentReply = { readonly port: number } | { readonly seeded: true } | { readonly failure: string };

/** More sessions than processors: those that wait for a flush share it. */
const SESSIONS = 24;
const REPLAY_SECONDS = 24 * 3_600;

const SCHEMA = `
  CREATE TABLE key_packages (
    sequence bigserial PRIMARY KEY, username text NOT NULL, client text NOT NULL, ciphersuite int NOT NULL,
    state int NOT NULL DEFAULT 0, ref bytea NOT NULL, not_after bigint NOT NULL, ended_at bigint, key_package bytea);
  CREATE INDEX key_packages_live ON key_packages (username, ciphersuite, sequence) WHERE state = 0;
  ALTER TABLE key_packages SET (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
  CREATE TABLE journal (
    sequence bigserial PRIMARY KEY, username text NOT NULL, client text NOT NULL, at bigint NOT NULL,
    event text NOT NULL, ciphersuite int NOT NULL, ref bytea NOT NULL, claimer_user text NOT NULL,
    claimer_client text NOT NULL);
  CREATE INDEX journal_client ON journal (username, client, sequence);
  CREATE TABLE claims (
    caller text NOT NULL, idempotency_key text NOT NULL, body text NOT NULL, client text NOT NULL, ref bytea NOT NULL,
    key_package bytea NOT NULL, ciphersuite int NOT NULL, not_after bigint NOT NULL, expires_at bigint NOT NULL,
    PRIMARY KEY (caller, idempotency_key));
  CREATE INDEX claims_expiry ON claims (expires_at)`;

const ENDINGS = {
  delete: "DELETE FROM key_packages AS k USING picked WHERE k.sequence = picked.sequence",
  update: `UPDATE key_packages AS k SET state = 1, ended_at = $8, key_package = NULL FROM picked
    WHERE k.sequence = picked.sequence`,
} as const;

const claimWith = (ending: OpponentSettings["ending"]): string => `
  WITH prior AS (
    SELECT client, ref, key_package, ciphersuite, not_after, body FROM claims
    WHERE caller = $1 AND idempotency_key = $2 AND expires_at > $8),
  picked AS (
    SELECT sequence, client, ref, key_package, ciphersuite, not_after FROM key_packages
    WHERE username = $4 AND ciphersuite = ANY ($5) AND state = 0 AND not_after >= $9 AND NOT EXISTS (SELECT FROM prior)
    ORDER BY sequence LIMIT 1 FOR UPDATE SKIP LOCKED),
  ended AS (
    ${ENDINGS[ending]}),
  entered AS (
    INSERT INTO journal (username, client, at, event, ciphersuite, ref, claimer_user, claimer_client)
    SELECT $4, client, $8, 'claimed', ciphersuite, ref, $6, $7 FROM picked),
  kept AS (
    INSERT INTO claims (caller, idempotency_key, body, client, ref, key_package, ciphersuite, not_after, expires_at)
    SELECT $1, $2, $3, client, ref, key_package, ciphersuite, not_after, $10 FROM picked)
  SELECT client, ref, key_package, ciphersuite, not_after, $3 AS body FROM picked
  UNION ALL SELECT client, ref, key_package, ciphersuite, not_after, body FROM prior`;

const SEED = `
  INSERT INTO key_packages (username, client, ciphersuite, ref, not_after, key_package)
  SELECT name, 'phone', 1, decode(repeat(md5(random()::text), 2), 'hex'), $3,
    decode(repeat(md5(random()::text), 21), 'hex')
  FROM unnest($1::text[]) AS name, generate_series(1, $2::int)`;

type ClaimRow = {
  client: string;
  ref: Buffer;
  key_package: Buffer;
  ciphersuite: number;
  not_after: string;
  body: string;
};

let database: Pool | undefined;

process.on("message", (order: OpponentOrder) => {
  obey(order).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ failure: String(error) } satisfies OpponentReply),
  );
});

async function obey(order: OpponentOrder): Promise<OpponentReply> {
  if ("start" in order) return { port: await start(order.start) };
  const expiry = Math.floor(Date.now() / 1000) + 30 * 24 * 3_600;
  await database?.query({ text: SEED, values: [order.seed.users, order.seed.count, expiry] });
  await database?.query("VACUUM ANALYZE key_packages");
  return { seeded: true };
}

async function start(settings: OpponentSettings): Promise<number> {
  const pool = new Pool({
    host: "127.0.0.1",
    port: settings.databasePort,
    user: settings.databaseUser,
    database: "postgres",
    max: SESSIONS,
  });
  // The database is shut down before this process: its lost connections are no error.
  pool.on("error", () => undefined);
  database = pool;
  await pool.query(SCHEMA);
  const app = claimApp(pool, settings);
  const server = createServer((incoming, outgoing) => {
    answer(app, incoming).then(
      async (response) => {
        const body = Buffer.from(await response.arrayBuffer());
        outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), "content-length": body.length });
        outgoing.end(body);
      },
      (error: unknown) => {
        outgoing.writeHead(500).end(String(error));
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP port");
  return address.port;
}

function claimApp(pool: Pool, { trust, ending }: OpponentSettings): Hono {
  const claim = claimWith(ending);
  const keys = createLocalJWKSet(JSON.parse(trust.AUTH_JWKS));
  const { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = trust;
  const app = new Hono();
  app.use(async (c, next) => {
    const startedAt = Date.now();
    await next();
    const { method } = c.req;
    console.log(JSON.stringify({ event: "request", method, status: c.res.status, ms: Date.now() - startedAt }));
  });
  return app.post("/v1/users/:user/claims", async (c) => {
    const token = c.req.header("Authorization")?.slice("Bearer ".length) ?? "";
    const { payload } = await jwtVerify(token, keys, { algorithms: ["ES256"], issuer, audience });
    const text = await c.req.text();
    const request = JSON.parse(text) as { ciphersuites: number[] };
    const user = c.req.param("user");
    const now = Math.floor(Date.now() / 1000);
    const { rows } = await pool.query<ClaimRow>({
      name: "claim",
      text: claim,
      values: [
        JSON.stringify([payload.sub, payload.device_id]),
        c.req.header("Idempotency-Key"),
        text,
        user,
        request.ciphersuites,
        payload.sub,
        payload.device_id,
        now,
        now + 3_600,
        now + REPLAY_SECONDS,
      ],
    });
    const row = rows[0];
    if (!row) return c.json({ user, status: "none", clients: [] });
    if (row.body !== text) return c.json({ code: "idempotency_key_reused" }, 409);
    const given = {
      client: row.client,
      status: "claimed",
      key_package: row.key_package.toString("base64url"),
      key_package_ref: row.ref.toString("base64url"),
      ciphersuite: row.ciphersuite,
      not_after: Number(row.not_after),
    };
    return c.json({ user, status: "ok", clients: [given] });
  });
}

async function answer(app: Hono, incoming: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (typeof value === "string") headers.set(name, value);
  }
  const method = incoming.method ?? "GET";
  const body = method === "GET" || method === "HEAD" ? null : Buffer.concat(chunks);
  return app.fetch(new Request(`http://127.0.0.1${incoming.url ?? "/"}`, { method, headers, body }));
}
