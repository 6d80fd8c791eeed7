/**
 * Tokens in the form in which well-known issuers write them, under the settings that docs/issuers.md gives for each.
 * They are signed with a key of the test; nothing was asked of the issuers themselves.
 */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { expect, test } from "vitest";
import page from "../../../docs/issuers.md?raw";
import { readDeployment } from "../../../src/config/deployment.ts";
import { issuersOf } from "../../../src/http/auth/issuers.ts";
import { verifyToken } from "../../../src/http/auth/verify-token.ts";

const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
const AUTH_JWKS = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256", use: "sig" }] });

const IAT = 1_800_000_000;
const NOW = new Date((IAT + 60) * 1000);
const times = { iat: IAT, exp: IAT + 3600 };

type Settings = Readonly<Record<string, string>>;

/** A recipe of the page by its name: the block below the comment that has it. */
function block(name: string): string {
  const [, text] = page.split(`<!-- ${name} -->\n`);
  const [, body = ""] = /^```\w+\n([\s\S]*?)```/.exec(text ?? "") ?? [];
  if (body === "") throw new Error(`docs/issuers.md has no recipe ${name}`);
  return body;
}

/** Its settings, but for the address of keys, in whose place the tests have a key of their own. */
function recipe(name: string): Settings {
  const settings = [...block(name).matchAll(/^(\w+) = "(.*)"$/gm)].map(
    ([, key = "", value = ""]) => [key, value] as const,
  );
  return Object.fromEntries(settings.filter(([key]) => key !== "AUTH_JWKS_URL"));
}
type Shape = {
  readonly typ: string | undefined;
  readonly payload: JWTPayload;
  readonly user: string;
  readonly client: string;
  readonly scopes: readonly string[];
};

const AUTH0 = { AUTH_ISSUER: "https://tenant.eu.auth0.com/", AUTH_AUDIENCE: "https://directory.example.com" };
const KEYCLOAK = { AUTH_ISSUER: "https://id.example.com/realms/main", AUTH_AUDIENCE: "mls-key-directory" };
const OKTA = { AUTH_ISSUER: "https://example.okta.com/oauth2/default", AUTH_AUDIENCE: "api://directory" };
const ENTRA = {
  AUTH_ISSUER: "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
  AUTH_AUDIENCE: "66666666-7777-8888-9999-000000000000",
};
const ACCESS = {
  AUTH_ISSUER: "https://team.cloudflareaccess.com",
  AUTH_AUDIENCE: "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228",
};
const FIREBASE = { AUTH_ISSUER: "https://securetoken.google.com/project-1", AUTH_AUDIENCE: "project-1" };

const auth0Payload = {
  ...times,
  iss: AUTH0.AUTH_ISSUER,
  sub: "auth0|507f1f77bcf86cd799439011",
  aud: [AUTH0.AUTH_AUDIENCE, "https://tenant.eu.auth0.com/userinfo"],
  azp: "my_client_id",
  "https://example.com/client": "phone",
};

const keycloakPayload = {
  ...times,
  jti: "d58f5dc8-fd8f-462b-8a19-716f8f83985b",
  iss: KEYCLOAK.AUTH_ISSUER,
  aud: ["mls-key-directory", "account"],
  sub: "36fa0f91-f94d-4a0c-afed-6b7d952e47da",
  typ: "Bearer",
  azp: "app",
  sid: "2a88c258-f73a-4103-b862-e1fbd8f4e04e",
  realm_access: { roles: ["offline_access", "uma_authorization"] },
  resource_access: { "mls-key-directory": { roles: ["directory:admin"] }, account: { roles: ["view-profile"] } },
  scope: "openid profile key-packages:publish key-packages:claim",
  device_id: "phone",
};

const entraPayload = {
  ...times,
  nbf: IAT,
  iss: ENTRA.AUTH_ISSUER,
  aud: ENTRA.AUTH_AUDIENCE,
  azp: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
  azpacr: "0",
  oid: "99999999-8888-7777-6666-555555555555",
  sub: "pairwise-and-different-for-each-application",
  tid: "11111111-2222-3333-4444-555555555555",
  ver: "2.0",
  extn: { device_id: "phone" },
};

const firebasePayload = {
  ...times,
  iss: FIREBASE.AUTH_ISSUER,
  aud: FIREBASE.AUTH_AUDIENCE,
  auth_time: IAT - 100,
  user_id: "Zk3b1",
  sub: "Zk3b1",
  firebase: { identities: {}, sign_in_provider: "custom" },
  device_id: "phone",
};

const accessPayload = {
  ...times,
  nbf: IAT,
  iss: ACCESS.AUTH_ISSUER,
  aud: [ACCESS.AUTH_AUDIENCE],
  email: "user@example.com",
  type: "app",
  identity_nonce: "6ei69kawdKzMIAPF",
  sub: "7335d417-61da-459d-899c-0a01c76a2f94",
  country: "US",
  custom: { device_id: "phone", groups: ["key-packages:claim", "staff"] },
};

const SHAPES: Readonly<Record<string, Shape>> = {
  Own: {
    typ: "at+jwt",
    payload: {
      ...times,
      iss: "https://auth.example.com",
      aud: "mls-key-directory",
      sub: "alice",
      device_id: "phone",
      client_id: "app",
      jti: "1",
      scope: "key-packages:publish key-packages:claim",
    },
    user: "alice",
    client: "phone",
    scopes: ["key-packages:claim", "key-packages:publish"],
  },
  "Auth0, scope": {
    typ: "JWT",
    payload: { ...auth0Payload, scope: "openid key-packages:publish", permissions: ["directory:admin"] },
    user: "auth0|507f1f77bcf86cd799439011",
    client: "phone",
    scopes: ["key-packages:publish"],
  },
  "Auth0, permissions of RBAC": {
    typ: "at+jwt",
    payload: { ...auth0Payload, scope: "openid", permissions: ["key-packages:publish", "key-packages:claim"] },
    user: "auth0|507f1f77bcf86cd799439011",
    client: "phone",
    scopes: ["key-packages:claim", "key-packages:publish"],
  },
  "Keycloak, scope": {
    typ: "JWT",
    payload: keycloakPayload,
    user: "36fa0f91-f94d-4a0c-afed-6b7d952e47da",
    client: "phone",
    scopes: ["key-packages:claim", "key-packages:publish"],
  },
  "Keycloak, roles of the client beside scope": {
    typ: "JWT",
    payload: keycloakPayload,
    user: "36fa0f91-f94d-4a0c-afed-6b7d952e47da",
    client: "phone",
    scopes: ["directory:admin", "key-packages:claim", "key-packages:publish"],
  },
  Okta: {
    typ: undefined,
    payload: {
      ...times,
      ver: 1,
      jti: "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
      iss: OKTA.AUTH_ISSUER,
      aud: OKTA.AUTH_AUDIENCE,
      cid: "nmdP1fcyvdVO11AL7ECm",
      uid: "00ujmkLgagxeRrAg20g3",
      scp: ["openid", "key-packages:publish"],
      auth_time: IAT - 10,
      sub: "user@example.com",
      device_id: "phone",
    },
    user: "00ujmkLgagxeRrAg20g3",
    client: "phone",
    scopes: ["key-packages:publish"],
  },
  "Entra, delegated (scp)": {
    typ: "JWT",
    payload: { ...entraPayload, scp: "key-packages:claim key-packages:publish", roles: ["directory:admin"] },
    user: "99999999-8888-7777-6666-555555555555",
    client: "phone",
    scopes: ["key-packages:claim", "key-packages:publish"],
  },
  "Entra, an application of its own (roles)": {
    typ: "JWT",
    payload: { ...entraPayload, roles: ["directory:admin"] },
    user: "99999999-8888-7777-6666-555555555555",
    client: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
    scopes: ["directory:admin"],
  },
  "Cloudflare Access": {
    typ: "JWT",
    payload: accessPayload,
    user: "user@example.com",
    client: "phone",
    scopes: ["key-packages:claim"],
  },
  "Firebase, default scopes": {
    typ: "JWT",
    payload: firebasePayload,
    user: "Zk3b1",
    client: "phone",
    scopes: ["key-packages:claim", "key-packages:publish"],
  },
};

async function verified(settings: Settings, typ: string | undefined, payload: JWTPayload) {
  const issuers = issuersOf(readDeployment({ AUTH_JWKS, ...settings }));
  if (!issuers.ok) throw new Error(issuers.error.code);
  const header = { alg: "RS256", kid: "k1", ...(typ === undefined ? {} : { typ }) };
  const jwt = await new SignJWT(payload).setProtectedHeader(header).sign(privateKey);
  return verifyToken(jwt, issuers.value, { now: NOW, inBackground: () => undefined });
}

test.each(Object.entries(SHAPES))("a token of %s names user, client, scopes and time", async (issuer, shape) => {
  const { typ, payload, user, client, scopes } = shape;
  const read = await verified(recipe(issuer), typ, payload);
  expect(read).toEqual({ ok: true, value: { user, client, scopes: expect.any(Set), issuedAt: IAT } });
  expect(read.ok && [...read.value.scopes].sort()).toEqual(scopes);
});

test("a claim's setting is a name or a JSON Pointer, and reaches nothing but the token's own members", async () => {
  const { payload } = SHAPES["Keycloak, scope"] as Shape;
  const clientOf = async (claim: string, members: object = {}) => {
    const read = await verified({ ...KEYCLOAK, AUTH_CLIENT_CLAIM: claim }, "JWT", { ...payload, ...members });
    return read.ok ? read.value.client : read.error.detail;
  };
  expect(await clientOf("a.b", { "a.b": "dotted", a: { b: "nested" } })).toBe("dotted");
  expect(await clientOf("/a/b", { "a.b": "dotted", a: { b: "nested" } })).toBe("nested");
  expect(await clientOf("/a~1b/c~0d", { "a/b": { "c~d": "escaped" } })).toBe("escaped");
  for (const claim of ["constructor", "/constructor/name", "/scope/length", "/a/b/c", "/a/0", "toString", "/"]) {
    expect([claim, await clientOf(claim, { a: { b: "text" } })]).toEqual([claim, undefined]);
  }
  expect(await clientOf("/aud/length")).toBe("expected an identifier as /aud/length, got another value");
});

test("default scopes are for tokens without any of the scope claims, and not for empty ones", async () => {
  const settings = { ...FIREBASE, AUTH_SCOPE_CLAIMS: "scope,permissions", AUTH_DEFAULT_SCOPES: "key-packages:claim" };
  const scopesOf = async (members: object, more: Settings = {}) => {
    const read = await verified({ ...settings, ...more }, "JWT", { ...firebasePayload, ...members });
    return read.ok ? [...read.value.scopes] : read.error.kind;
  };
  expect(await scopesOf({})).toEqual(["key-packages:claim"]);
  expect(await scopesOf({ scope: "" })).toEqual([]);
  expect(await scopesOf({ permissions: [] })).toEqual([]);
  expect(await scopesOf({ permissions: ["key-packages:publish"] })).toEqual(["key-packages:publish"]);
  expect(await scopesOf({}, { AUTH_DEFAULT_SCOPES: "" })).toEqual([]);
  for (const scope of [7, null, { a: 1 }, ["key-packages:claim", 7]]) {
    expect([scope, await scopesOf({ scope })]).toEqual([scope, "bad_claim"]);
  }
});

test.each([
  ["Keycloak", KEYCLOAK, "JWT", { ...keycloakPayload, typ: "ID" }],
  ["Keycloak, refresh", KEYCLOAK, "JWT", { ...keycloakPayload, typ: "Refresh" }],
  ["Keycloak, DPoP", KEYCLOAK, "JWT", { ...keycloakPayload, typ: "DPoP" }],
  ["Okta", OKTA, undefined, { ...times, iss: OKTA.AUTH_ISSUER, aud: OKTA.AUTH_AUDIENCE, sub: "00u", at_hash: "f" }],
  ["Auth0 with at+jwt required", { ...AUTH0, AUTH_TOKEN_TYP: "at+jwt" }, "JWT", { ...auth0Payload, nonce: "n" }],
])(
  "what is not an access token of %s is refused, though its audience is right",
  async (_who, settings, typ, payload) => {
    expect(await verified(settings, typ, payload)).toMatchObject({ ok: false, error: { kind: "wrong_type" } });
  },
);

test("every recipe of the page has a token of its shape here", () => {
  const named = [...page.matchAll(/^<!-- (.+) -->\n```toml/gm)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(Object.keys(SHAPES).toSorted());
});

/** The entries of the page's list, each with a key of its own in place of its address, and a token signed by each. */
async function moving() {
  const entries = JSON.parse(block("Moving, with a service beside")) as Record<string, unknown>[];
  return Promise.all(
    entries.map(async ({ jwks_url: _, jwks: __, ...entry }, index) => {
      const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
      const kid = `key-${index}`;
      const sign = (claims: object, typ = "at+jwt") =>
        new SignJWT({ ...times, iss: String(entry.issuer), aud: "mls-key-directory", device_id: "phone", ...claims })
          .setProtectedHeader({ alg: "ES256", kid, typ })
          .sign(privateKey);
      return { entry: { ...entry, jwks: { keys: [{ ...(await exportJWK(publicKey)), kid }] } }, sign };
    }),
  );
}

test("two issuers while a deployment moves, and a service that acts for users, name the same user and device", async () => {
  const [old, next, service] = await moving();
  if (!old || !next || !service) throw new Error("the page lists three issuers");
  const issuers = issuersOf(
    readDeployment({ AUTH_ISSUERS: JSON.stringify([old, next, service].map((one) => one.entry)) }),
  );
  if (!issuers.ok) throw new Error(issuers.error.code);
  const read = async (jwt: string) => {
    const token = await verifyToken(jwt, issuers.value, { now: NOW, inBackground: () => undefined });
    return token.ok ? [token.value.user, token.value.client, ...token.value.scopes] : token.error.kind;
  };
  const alice = ["alice", "phone", "key-packages:claim"];
  expect(await read(await old.sign({ sub: "alice", scope: "key-packages:claim" }))).toEqual(alice);
  const moved = { sub: "00u1", legacy_id: "alice", scp: ["key-packages:claim"] };
  expect(await read(await next.sign(moved))).toEqual(alice);
  // The one that does not carry the old identifier would be somebody else: it is refused.
  expect(await read(await next.sign({ sub: "alice", scp: ["key-packages:claim"] }))).toBe("bad_claim");
  const exchanged = { sub: "alice", act: { sub: "groups" }, scope: "key-packages:claim" };
  expect(await read(await service.sign(exchanged))).toEqual(alice);
  expect(await read(await service.sign(exchanged, "JWT"))).toBe("wrong_type");
  expect(await read(await old.sign(exchanged))).toEqual(alice);
  // Each verifies in its own name alone.
  expect(await read(await service.sign({ ...exchanged, iss: "https://old.example.com" }))).not.toEqual(alice);
});
