/** Every refusal, by its code: its detail says what was expected and what came, and its type names its place in the docs. */
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { BODY_READ_TIMEOUT_MS, CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR } from "../../../src/config/limits.ts";
import { app } from "../../../src/http/app.ts";
import { REASON_HEADER } from "../../../src/http/audited.ts";
import type { Bindings } from "../../../src/http/bindings.ts";
import { PROBLEMS, type ProblemCode } from "../../../src/http/refusals/problem-codes.ts";
import { POOL_DETAILS } from "../../../src/http/resources/key-packages/batch.ts";
import full from "../../../src/worker-full.ts";
import { ADMIN, CLAIM, token } from "../support/auth.ts";
import { fakeTimersUntilSet, stopClock } from "../support/clock.ts";
import { base64url } from "../support/forge-for-now.ts";
import {
  call,
  claimer,
  clientPath,
  freshName,
  isTelling,
  type Json,
  ORIGIN,
  registeredOwner,
  registration,
} from "../support/http.ts";

const owner = await registeredOwner();
const bob = await claimer();
const operator = await token({ user: freshName("operator"), client: undefined, scope: ADMIN });
const good = base64url(owner.forge());
const proven = await registration({ user: owner.user, client: "phone" }, owner.signer);
const JSON_TYPE = { "Content-Type": "application/json" };
const KEY_PACKAGES = `${owner.path}/key-packages`;

type Asked = { readonly json: Json };
type Ask = () => Promise<Asked>;

const publish = (options: Parameters<typeof call>[2]) => call("POST", KEY_PACKAGES, { token: owner.token, ...options });
const publishAs = async (claims: Parameters<typeof token>[0]) =>
  publish({ token: await token({ user: owner.user, ...claims }), body: { key_packages: [good] } });

/** A request in an environment that differs. */
async function within(
  bindings: object,
  method: string,
  path: string,
  bearer?: string,
  body?: unknown,
  more: Readonly<Record<string, string>> = {},
  worker: { readonly fetch: (request: Request, env: Bindings) => Response | Promise<Response> } = app,
): Promise<Asked> {
  const headers = {
    ...JSON_TYPE,
    [REASON_HEADER]: "a test",
    ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
    ...more,
  };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const answer = await worker.fetch(new Request(ORIGIN + path, init), { ...env, ...bindings });
  return { json: await answer.json() };
}

async function upload(body: ReadableStream): Promise<Asked> {
  const headers = { ...JSON_TYPE, Authorization: `Bearer ${owner.token}` };
  const answer = await app.request(ORIGIN + KEY_PACKAGES, { method: "POST", body, headers }, env);
  return { json: await answer.json() };
}

/** Pools that answer every call with this, or fail with it. */
const poolsThat = (answer: object | Error) => ({
  POOL: {
    getByName: () =>
      new Proxy({}, { get: () => async () => (answer instanceof Error ? Promise.reject(answer) : answer) }),
  },
});
/** An object for operators' records that has these methods alone. */
const recordsThat = (methods: object) => ({ OPERATOR_RECORDS: { getByName: () => methods } });
const BLOCK = `/v1/admin/users/${freshName("user")}/block`;

const claimWhere = (answer: object | Error) =>
  within(poolsThat(answer), "POST", `/v1/users/${owner.user}/claims`, bob.token, {});
const publishWhere = (answer: object) =>
  within(poolsThat(answer), "POST", KEY_PACKAGES, owner.token, { key_packages: [good] });
const registerWhere = (answer: object) => within(poolsThat(answer), "PUT", owner.path, owner.token, proven);

const TAKEN = { CLAIM_CAPABILITIES: "on" };
const SECRET = base64url(new Uint8Array(32).fill(1));
const capabilityWhere = (answer: object) => {
  const body = { secret_sha256: SECRET };
  const place = `${owner.path}/claim-capabilities/door`;
  return within({ ...TAKEN, ...poolsThat(answer) }, "PUT", place, owner.token, body, {}, full);
};
const claimByCapability = (answer: object) =>
  within(
    { ...TAKEN, ...poolsThat(answer) },
    "POST",
    `/v1/users/${owner.user}/claims`,
    undefined,
    {},
    { Authorization: `Capability ${SECRET}` },
    full,
  );

/** One way to each code. */
const ASKS: Readonly<Record<ProblemCode, Ask>> = {
  empty_body: () => publish({ headers: JSON_TYPE }),
  invalid_json: () => publish({ raw: '{"key_packages":[}', headers: JSON_TYPE }),
  invalid_request: () => publish({ body: { key_packages: 7 } }),
  invalid_identifier: () => call("GET", "/v1/users/%00/clients", { token: bob.token }),
  invalid_base64: () => publish({ body: { key_packages: ["a+b"] } }),
  malformed_messages: () => publish({ raw: new Uint8Array([0, 1, 0, 5]), headers: { "Content-Type": "message/mls" } }),
  invalid_idempotency_key: () => bob.claim(owner.user, {}, { "Idempotency-Key": "a b" }),
  idempotency_key_missing: () =>
    within({ WELCOME_ROUTES: "on-request" }, "POST", `/v1/users/${owner.user}/claims`, bob.token, { route: true }),
  routes_not_kept: () => bob.claim(owner.user, { route: true }, { "Idempotency-Key": "route" }),
  token_missing: () => call("GET", owner.path),
  token_invalid: () => publish({ token: "a.b.c", body: {} }),
  token_expired: () => publishAs({ expiresIn: -60 }),
  wrong_issuer: () => publishAs({ issuer: "https://evil.test" }),
  wrong_audience: () => publishAs({ audience: "elsewhere" }),
  insufficient_scope: () => publishAs({ scope: CLAIM }),
  reason_missing: () => call("DELETE", `/v1/admin/users/${owner.user}`, { token: operator, reason: null }),
  caller_blocked: async () => {
    const user = freshName("blocked");
    await call("PUT", `/v1/admin/users/${user}/block`, { token: operator, body: {} });
    const refused = await call("GET", clientPath(user), { token: await token({ user }) });
    await call("DELETE", `/v1/admin/users/${user}/block`, { token: operator });
    return refused;
  },
  not_owner: () => publishAs({ client: "tablet" }),
  token_predates_revocation: () => registerWhere({ outcome: "token_predates_revocation", endedAt: 5 }),
  route_not_found: () => call("GET", "/v1/nothing"),
  unknown_user: () => bob.peek(freshName("nobody")),
  unknown_pool: () => call("POST", "/v1/admin/pools/7/resync", { token: operator }),
  client_not_registered: async () => {
    const user = freshName("nobody");
    return call("GET", clientPath(user), { token: await token({ user }) });
  },
  method_not_allowed: () => call("PATCH", "/v1/policy"),
  body_incomplete: () => upload(new ReadableStream({ pull: (body) => body.error(new Error("broken off")) })),
  body_timeout: async () => {
    const waiting = fakeTimersUntilSet(BODY_READ_TIMEOUT_MS);
    const answer = upload(new ReadableStream({ pull: () => new Promise(() => undefined) }));
    await waiting;
    await vi.advanceTimersByTimeAsync(BODY_READ_TIMEOUT_MS);
    return answer.finally(stopClock);
  },
  signature_key_conflict: async () =>
    owner.as("PUT", "", {
      body: await registration({ user: owner.user, client: "phone" }, (await registeredOwner()).signer),
    }),
  signature_key_in_use: () => registerWhere({ outcome: "signature_key_in_use", scheme: 0x0807 }),
  restore_epoch_older: () =>
    within({ RESTORE_EPOCH: "9" }, "POST", "/v1/admin/restore-epoch", operator, { restore_epoch: 5 }),
  body_too_large: () => publish({ raw: "x".repeat(1024 * 1024 + 1), headers: JSON_TYPE }),
  uri_too_long: () => call("GET", `/v1/${"x".repeat(17_000)}`),
  unsupported_media_type: () => publish({ raw: "x", headers: { "Content-Type": "text/plain" } }),
  too_many_values: () => bob.claim(owner.user, { exclude_clients: Array(5_000).fill("a") }),
  too_many_key_packages: () => publish({ body: { key_packages: Array(101).fill(good) } }),
  too_many_refs: () => owner.as("DELETE", "/key-packages", { body: { refs: Array(1_001).fill("AA") } }),
  too_many_users: () => bob.claimMany({ users: Array.from({ length: 101 }, (_, index) => `user-${index}`) }),
  too_many_blocked_callers: () =>
    within(
      recordsThat({ begin: async () => 1, complete: async () => undefined, block: async () => false }),
      "PUT",
      BLOCK,
      operator,
      {},
    ),
  too_many_clients: () => registerWhere({ outcome: "too_many_clients" }),
  invalid_signature_key: () => owner.as("PUT", "", { body: { ...proven, signature_keys: { ed25519: "AAAA" } } }),
  invalid_key_package: () =>
    owner.as("PUT", "", { body: { ...proven, signature_keys: undefined, key_packages: ["AAAA"] } }),
  possession_unproven: () => owner.as("PUT", "", { body: { ...proven, proofs: { ed25519: "AAAA" } } }),
  proof_expired: () => owner.as("PUT", "", { body: { ...proven, signed_at: 5 } }),
  batch_refused: () => owner.replace([owner.forge({ breakSignature: true })]),
  empty_replacement: () => owner.replace([]),
  capability_refused: () => claimByCapability({ outcome: "capability_refused" }),
  capability_exists: () => capabilityWhere({ outcome: "capability_exists" }),
  too_many_capabilities: () => capabilityWhere({ outcome: "too_many_capabilities" }),
  capability_refusals_exhausted: async () => {
    for (let count = 0; count < CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR; count++) {
      await claimByCapability({ outcome: "capability_refused" });
    }
    return claimByCapability({ outcome: "capability_refused" });
  },
  not_offered: () => call("POST", `/v1/users/${owner.user}/claims?receipt=true`, { token: bob.token, body: {} }),
  idempotency_key_reused: () => claimWhere({ outcome: "idempotency_key_reused" }),
  too_many_requests: () =>
    within({ RATE_LIMIT: { limit: async () => ({ success: false }) } }, "GET", owner.path, owner.token),
  rate_limited: () =>
    claimWhere({
      outcome: "answered",
      status: "rate_limited",
      clients: [{ client: "phone", status: "rate_limited", retryAfterSeconds: 7 }],
      replayed: false,
      at: 5,
      claimId: undefined,
    }),
  unknown_users_exhausted: async () => {
    const nobody = () => `/v1/users/${freshName("nobody")}/claims`;
    const asker = (await claimer()).token;
    const claim = () => within({ UNKNOWN_USER_BUDGET_PER_HOUR: "1" }, "POST", nobody(), asker, {});
    await claim();
    return claim();
  },
  refusals_exhausted: () => publishWhere({ outcome: "refusals_exhausted", retryAfterSeconds: 7 }),
  uploads_exhausted: () => publishWhere({ outcome: "uploads_exhausted", retryAfterSeconds: 7 }),
  registrations_exhausted: () => registerWhere({ outcome: "registrations_exhausted", retryAfterSeconds: 7 }),
  internal_error: () => within({ RATE_LIMIT: {} }, "GET", owner.path, owner.token),
  authentication_not_configured: () => within({ AUTH_ISSUER: "" }, "GET", owner.path),
  authentication_unavailable: async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new Error("no network")));
    const keys = { AUTH_JWKS: "", AUTH_JWKS_URL: "https://unreachable.test/jwks" };
    return within(keys, "GET", owner.path, owner.token).finally(() => vi.unstubAllGlobals());
  },
  setting_invalid: () => within({ CIPHERSUITES: "99" }, "GET", "/healthz"),
  not_ready: () => within({ AUTH_ISSUER: "" }, "GET", "/readyz"),
  pool_unavailable: () => claimWhere(new Error("gone")),
  pool_schema_newer: () => claimWhere(new Error("pool_schema_newer: 9")),
  pool_overloaded: () => claimWhere(Object.assign(new Error("busy"), { overloaded: true })),
  operator_records_unavailable: () => within(recordsThat({}), "PUT", BLOCK, operator, {}),
  directory_unavailable: () =>
    within({ DB: { prepare: () => Promise.reject(new Error("gone")) } }, "GET", "/v1/admin/users", operator),
};

test.each(Object.entries(ASKS))("%s", async (code, ask) => {
  const { json } = await ask();
  expect(json.code).toBe(code);
  expect(json.title).toBe(PROBLEMS[code as ProblemCode].title);
  expect(isTelling(json.detail), json.detail).toBe(true);
  // test/node/web/docs.test.ts has the places of all codes on that page.
  expect(json.type).toBe(`${ORIGIN}/docs#${code}`);
});

test("a package that the pool does not take is told the same way", () => {
  expect(Object.values(POOL_DETAILS).filter((detail) => !isTelling(detail))).toEqual([]);
});

test("details show what was sent, only so much of it, and nothing of a token", async () => {
  const long = "a".repeat(300);
  expect((await bob.claim(owner.user, { exclude_clients: [long] })).json.detail).toBe(
    `/exclude_clients/0: expected at most 256 characters, got 300`,
  );
  expect((await bob.claim(owner.user, { format: long })).json.detail).toBe(
    `/format: expected key_package or mls_message, got "${"a".repeat(64)}" and 236 more characters`,
  );
  expect((await bob.claim(owner.user, { ciphersuites: [] })).json.detail).toBe(
    "/ciphersuites: expected at least 1 items, got 0",
  );
  expect((await bob.claim(owner.user, { allow_last_resort: null })).json.detail).toBe(
    "/allow_last_resort: expected boolean, got null",
  );
  const secret = await token({ user: owner.user, audience: "elsewhere" });
  const refused = await publish({ token: secret, body: {} });
  for (const part of secret.split(".")) expect(JSON.stringify(refused.json)).not.toContain(part);
  expect(JSON.stringify(refused.json)).not.toContain("elsewhere");
});
