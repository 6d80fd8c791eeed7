import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import { expect, test } from "vitest";
import { readDeployment } from "../../../src/config/deployment.ts";
import { SettingError } from "../../../src/config/settings.ts";
import { issuerOf } from "../../../src/http/auth/issuer.ts";
import { verifyToken } from "../../../src/http/auth/verify-token.ts";
import { AUDIENCE, ISSUER, PUBLISH, token } from "../support/auth.ts";

const jwks = (env as unknown as { AUTH_JWKS: string }).AUTH_JWKS;
const configured = { AUTH_JWKS: jwks, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE };

type Change = Readonly<Record<string, string>>;

function issuer(change: Change = {}) {
  const read = issuerOf(readDeployment({ ...configured, ...change }));
  if (!read.ok) throw new Error(read.error.detail ?? read.error.code);
  return read.value;
}

async function codeOf(jwt: string, change: Change = {}): Promise<string> {
  const verified = await verifyToken(jwt, issuer(change), new Date());
  return verified.ok ? "accepted" : verified.error.code;
}

const encode = (part: unknown): string =>
  new TextEncoder().encode(JSON.stringify(part)).toBase64({ alphabet: "base64url", omitPadding: true });

const claims = { sub: "alice", device_id: "phone", scope: PUBLISH, iss: ISSUER, aud: AUDIENCE };
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

test("a token of the configured issuer names user, client and scopes", async () => {
  const verified = await verifyToken(await token({ user: "älice/1", scope: "a b" }), issuer(), new Date());
  expect(verified).toMatchObject({
    ok: true,
    value: { user: "älice/1", client: "phone", scopes: new Set(["a", "b"]) },
  });
});

test("the claim that names the client can be another one", async () => {
  const jwt = await token({ client: "phone", claims: { azp: "tablet" } });
  const verified = await verifyToken(jwt, issuer({ AUTH_CLIENT_CLAIM: "azp" }), new Date());
  expect(verified).toMatchObject({ ok: true, value: { client: "tablet" } });
});

test("a token without signature is refused (alg none)", async () => {
  expect(await codeOf(`${encode({ alg: "none" })}.${encode({ ...claims, exp: inAnHour() })}.`)).toBe("token_invalid");
});

test("a token whose HMAC secret is the public key is refused", async () => {
  const secret = new TextEncoder().encode(jwks);
  const jwt = await new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", kid: "test" })
    .setExpirationTime("1h")
    .sign(secret);
  expect(await codeOf(jwt)).toBe("token_invalid");
});

test("a key of another issuer is refused, under the same and under another kid", async () => {
  const { privateKey } = await generateKeyPair("ES256");
  for (const kid of ["test", "../../dev/null", "other"]) {
    const jwt = await new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid })
      .setExpirationTime("1h")
      .sign(privateKey);
    expect(await codeOf(jwt)).toBe("token_invalid");
  }
});

test("a key that the token brings along is not believed", async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwt = await new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", jwk: await exportJWK(publicKey) })
    .setExpirationTime("1h")
    .sign(privateKey);
  expect(await codeOf(jwt)).toBe("token_invalid");
});

test("changed claims do not verify", async () => {
  const [header, , signature] = (await token()).split(".");
  const jwt = `${header}.${encode({ ...claims, sub: "mallory", exp: inAnHour() })}.${signature}`;
  expect(await codeOf(jwt)).toBe("token_invalid");
});

test("a token that is not valid yet is refused", async () => {
  expect(await codeOf(await token({ claims: { nbf: inAnHour() } }))).toBe("token_invalid");
});

test("subjects that are no identifiers are refused", async () => {
  for (const user of ["", "a\nb", "x".repeat(257)]) expect(await codeOf(await token({ user }))).toBe("token_invalid");
  expect(await codeOf(await token({ claims: { device_id: 7 } }))).toBe("token_invalid");
});

test("an Ed25519 key serves as well", async () => {
  const { privateKey, publicKey } = await generateKeyPair("Ed25519", { extractable: true });
  const AUTH_JWKS = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "ed", alg: "Ed25519" }] });
  const jwt = await new SignJWT(claims)
    .setProtectedHeader({ alg: "Ed25519", kid: "ed" })
    .setExpirationTime("1h")
    .sign(privateKey);
  expect(await codeOf(jwt, { AUTH_JWKS })).toBe("accepted");
});

test("what is not configured is closed, and named", () => {
  const detailOf = (change: Change) => {
    try {
      const read = issuerOf(readDeployment({ ...configured, ...change }));
      return read.ok ? "open" : `${read.error.code}: ${read.error.detail}`;
    } catch (error) {
      return error instanceof SettingError ? error.message : "a fault";
    }
  };
  expect(detailOf({ AUTH_ISSUER: "" })).toBe("authentication_not_configured: AUTH_ISSUER is not set");
  expect(detailOf({ AUTH_AUDIENCE: "" })).toBe("authentication_not_configured: AUTH_AUDIENCE is not set");
  expect(detailOf({ AUTH_JWKS: "" })).toContain("neither AUTH_JWKS_URL nor AUTH_JWKS is set");
  expect(detailOf({ AUTH_JWKS: "{" })).toContain("AUTH_JWKS is not a JWKS");
  expect(detailOf({ AUTH_JWKS: "", AUTH_JWKS_URL: "http://keys.test/jwks" })).toContain("not an https address");
  expect(detailOf({ AUTH_JWKS_URL: "https://keys.test/jwks" })).toContain("both set");
});

test("keys that cannot be fetched are no fault of the token", async () => {
  const jwt = await token();
  const address = { AUTH_JWKS: "", AUTH_JWKS_URL: "http://127.0.0.1:1/jwks" };
  expect(await codeOf(jwt, address)).toBe("authentication_unavailable");
});

test("the test's private key is not in what the Worker knows", async () => {
  expect(jwks).not.toContain('"d"');
  await expect(importJWK(JSON.parse(jwks).keys[0], "ES256")).resolves.toMatchObject({ type: "public" });
});
