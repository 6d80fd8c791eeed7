/** What an operator sees of the issuers' keys and does about them, and what anyone may know. */
import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { JWKS_FETCH_SPACING_MS, ORDERS_CACHE_MS, TOKEN_CACHE_MS } from "../../../src/config/limits.ts";
import { app } from "../../../src/http/app.ts";
import { rememberOrders } from "../../../src/http/upstream/standing-orders.ts";
import { recordsOf } from "../../../src/pool/address.ts";
import { ADMIN, AUDIENCE, CLAIM, ISSUER, token } from "../support/auth.ts";
import { START_MS } from "../support/clock.ts";
import { call, freshName, type Json, ORIGIN } from "../support/http.ts";

const pairs = {
  old: await generateKeyPair("ES256", { extractable: true }),
  new: await generateKeyPair("ES256", { extractable: true }),
};
type Kid = keyof typeof pairs;

let issuer: string;
/** One environment is one isolate here: what it knows of the issuers is its own. */
let bindings: object;
let published: readonly Kid[] | undefined;

beforeEach(() => {
  issuer = `https://${freshName("issuer")}.test`;
  bindings = { ...env, AUTH_JWKS: "", AUTH_ISSUER: issuer, AUTH_JWKS_URL: `${issuer}/keys` };
  published = ["old", "new"];
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    if (!published) return new Response(null, { status: 500 });
    const keys = published.map(async (kid) => ({ ...(await exportJWK(pairs[kid].publicKey)), kid }));
    return Response.json({ keys: await Promise.all(keys) });
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  rememberOrders({ blocked: [], keyMarks: [] });
});

const sign = (kid: Kid, scope: string) =>
  new SignJWT({ sub: "olga", device_id: "desk", scope, jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: "ES256", kid })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setExpirationTime(Math.floor(Date.now() / 1000) + 3_600)
    .sign(pairs[kid].privateKey);

async function ask(method: string, path: string, jwt?: string) {
  const headers = {
    "Operator-Reason": "a test",
    ...(jwt === undefined ? {} : { Authorization: `Bearer ${jwt}` }),
  };
  const response = await app.request(`${ORIGIN}${path}`, { method, headers }, bindings);
  return { status: response.status, json: (await response.json()) as Json };
}

const KEYS = "/v1/admin/issuer-keys";

test("a refresh ends a key and the tokens that were verified with it, here and by the next reading of orders elsewhere", async () => {
  const [operator, stolen] = [await sign("new", ADMIN), await sign("old", CLAIM)];
  const claims = async () => (await ask("GET", "/v1/users/nobody/clients", stolen)).json.code;
  expect(await claims()).toBe("unknown_user");
  published = ["new"];
  const at = START_MS + JWKS_FETCH_SPACING_MS;
  vi.setSystemTime(at);
  expect(await claims()).toBe("unknown_user");
  const refreshed = await ask("POST", KEYS, operator);
  expect(refreshed.json).toEqual({
    issuers: [
      {
        issuer,
        from: "address",
        fetched_at: at / 1000,
        last_fetch_failed: false,
        key_ids: ["new"],
        outcome: "fetched",
      },
    ],
    holds_everywhere_at: at / 1000 + 120,
  });
  expect(await claims()).toBe("token_invalid");
  expect(await recordsOf(env).orders()).toMatchObject({
    keyMarks: expect.arrayContaining([{ issuer, sinceMs: at }]),
  });
  const { json } = await call("GET", "/v1/admin/audit-trail?limit=1", {
    token: await token({ user: "o", scope: ADMIN }),
  });
  expect(json.records).toMatchObject([
    { operation: "refreshIssuerKeys", target: null, why: "a test", outcomes: [{ name: "fetched", value: 1 }] },
  ]);
});

test("an isolate that has older keys hears of the refresh with its next reading of orders", async () => {
  const stolen = await sign("old", CLAIM);
  const claims = async () => (await ask("GET", "/v1/users/nobody/clients", stolen)).json.code;
  expect(await claims()).toBe("unknown_user");
  published = ["new"];
  // Another isolate's refresh.
  vi.setSystemTime(START_MS + JWKS_FETCH_SPACING_MS);
  await recordsOf(env).markIssuerKeys({ issuer, sinceMs: Date.now() });
  vi.setSystemTime(START_MS + ORDERS_CACHE_MS + TOKEN_CACHE_MS / 2);
  await claims();
  await vi.waitFor(async () => expect(await claims()).toBe("token_invalid"));
});

test("a refresh that fails changes nothing, and says so", async () => {
  const operator = await sign("old", ADMIN);
  await ask("GET", KEYS, operator);
  published = undefined;
  vi.setSystemTime(START_MS + 1);
  const [early] = (await ask("POST", KEYS, operator)).json.issuers;
  expect(early).toMatchObject({ outcome: "too_soon", key_ids: ["old", "new"] });
  vi.setSystemTime(START_MS + JWKS_FETCH_SPACING_MS);
  const { json } = await ask("POST", KEYS, operator);
  expect(json).toMatchObject({
    issuers: [{ outcome: "failed", last_fetch_failed: true, fetched_at: START_MS / 1000 }],
    holds_everywhere_at: null,
  });
  expect((await recordsOf(env).orders()).keyMarks.filter((mark) => mark.issuer === issuer)).toEqual([]);
  expect((await ask("GET", KEYS, operator)).status).toBe(200);
});

test("keys that are a setting are shown and stay, and an issuer must be one of the deployment", async () => {
  const olga = await token({ user: "olga", scope: ADMIN });
  const issuers = [{ issuer: ISSUER, from: "setting", fetched_at: null, last_fetch_failed: false, key_ids: ["test"] }];
  expect((await call("GET", KEYS, { token: olga })).json).toEqual({ issuers });
  expect((await call("POST", `${KEYS}?issuer=${encodeURIComponent(ISSUER)}`, { token: olga })).json).toEqual({
    issuers: [{ ...issuers[0], outcome: "of_a_setting" }],
    holds_everywhere_at: null,
  });
  const { status, json } = await call("POST", `${KEYS}?issuer=https://elsewhere.test`, { token: olga });
  expect([status, json.code, json.detail]).toEqual([
    400,
    "invalid_request",
    `/issuer: expected ${ISSUER}, got "https://elsewhere.test"`,
  ]);
});

const authentication = async () => {
  const { status, json } = await ask("GET", "/readyz");
  return [status, json.parts.find(({ part }: Json) => part === "authentication")];
};

test("readiness says when keys were fetched, to anyone and without a fetch, and names no issuer", async () => {
  const part = { part: "authentication", ready: true };
  expect(await authentication()).toEqual([200, { ...part, keys_fetched_at: null }]);
  expect(fetch).not.toHaveBeenCalled();
  await ask("GET", KEYS, await sign("old", ADMIN));
  vi.setSystemTime(START_MS + 60_000);
  expect(await authentication()).toEqual([200, { ...part, keys_fetched_at: START_MS / 1000 }]);
  expect(JSON.stringify((await ask("GET", "/readyz")).json)).not.toContain(issuer);
});

test("without any keys of any issuer that was asked it is not ready", async () => {
  published = undefined;
  await ask("GET", KEYS, await sign("old", ADMIN));
  expect(await authentication()).toEqual([
    503,
    {
      part: "authentication",
      ready: false,
      detail: "no issuer's keys could be fetched",
      keys_fetched_at: null,
    },
  ]);
});
