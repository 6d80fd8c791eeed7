import { env } from "cloudflare:workers";
import { CompactSign, exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import { expect, onTestFinished, test, vi } from "vitest";
import { readDeployment } from "../../../src/config/deployment.ts";
import { TOKEN_CACHE_MS } from "../../../src/config/limits.ts";
import { SettingError } from "../../../src/config/settings.ts";
import { issuersOf } from "../../../src/http/auth/issuers.ts";
import { verifyToken } from "../../../src/http/auth/verify-token.ts";
import { AUDIENCE, CLAIM, ISSUER, PUBLISH, token } from "../support/auth.ts";

const jwks = (env as unknown as { AUTH_JWKS: string }).AUTH_JWKS;
const configured = { AUTH_JWKS: jwks, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE };

type Change = Readonly<Record<string, string>>;

function issuers(change: Change = {}) {
  const read = issuersOf(readDeployment({ ...configured, ...change }));
  if (!read.ok) throw new Error(read.error.detail);
  return read.value;
}

const verify = (jwt: string, change: Change = {}) =>
  verifyToken(jwt, issuers(change), { now: new Date(), inBackground: () => undefined });

async function codeOf(jwt: string, change: Change = {}): Promise<string> {
  const verified = await verify(jwt, change);
  return verified.ok ? "accepted" : verified.error.code;
}

async function kindOf(jwt: string, change: Change = {}): Promise<string> {
  const verified = await verify(jwt, change);
  return verified.ok ? "accepted" : verified.error.kind;
}

const encode = (part: unknown): string =>
  new TextEncoder().encode(JSON.stringify(part)).toBase64({ alphabet: "base64url", omitPadding: true });

const claims = { sub: "alice", device_id: "phone", scope: PUBLISH, iss: ISSUER, aud: AUDIENCE };
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

test("a token of the configured issuer names user, client and scopes", async () => {
  const scope = `openid ${PUBLISH} ${CLAIM}`;
  const verified = await verify(await token({ user: "älice/1", scope, claims: { iat: 1_700_000_000.9 } }));
  expect(verified).toEqual({
    ok: true,
    value: { user: "älice/1", client: "phone", scopes: new Set([PUBLISH, CLAIM]), issuedAt: 1_700_000_000 },
  });
});

test("the claim that names the client can be another one", async () => {
  const jwt = await token({ client: "phone", claims: { azp: "tablet" } });
  const verified = await verify(jwt, { AUTH_CLIENT_CLAIM: "azp" });
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
      const read = issuersOf(readDeployment({ ...configured, ...change }));
      return read.ok ? "open" : `${read.error.code}: ${read.error.detail}`;
    } catch (error) {
      return error instanceof SettingError ? error.message : "a fault";
    }
  };
  expect(detailOf({ AUTH_ISSUER: "" })).toBe(
    "authentication_not_configured: expected settings of a token issuer, got none: AUTH_ISSUER is not set",
  );
  expect(detailOf({ AUTH_AUDIENCE: "" })).toBe(
    "authentication_not_configured: expected settings of a token issuer, got none: AUTH_AUDIENCE is not set",
  );
  expect(detailOf({ AUTH_JWKS: "" })).toContain("neither AUTH_JWKS_URL nor AUTH_JWKS is set");
  expect(detailOf({ AUTH_JWKS: "{" })).toContain("AUTH_JWKS is not a JWKS");
  expect(detailOf({ AUTH_JWKS: "", AUTH_JWKS_URL: "http://keys.test/jwks" })).toContain("not an https address");
  expect(detailOf({ AUTH_JWKS_URL: "https://keys.test/jwks" })).toContain("both set");
});

test("a token without iat is good and says nothing of when it was issued; an iat that is no time is refused", async () => {
  expect(await verify(await token())).toMatchObject({ ok: true, value: { issuedAt: undefined } });
  const claimsOf = (text: string) =>
    `{"sub":"alice","iss":"${ISSUER}","aud":"${AUDIENCE}","exp":${inAnHour()},"iat":${text}}`;
  for (const iat of ["1e999", "-1", '"1700000000"', "1e300"]) {
    const jwt = await new CompactSign(new TextEncoder().encode(claimsOf(iat)))
      .setProtectedHeader({ alg: "ES256", kid: "test" })
      .sign(await importJWK(JSON.parse(env.TEST_PRIVATE_JWK), "ES256"));
    expect([iat, await kindOf(jwt)]).toEqual([iat, "bad_claim"]);
  }
});

test("a token is verified once in a minute, and anew under another configuration", async () => {
  const verifications = vi.spyOn(crypto.subtle, "verify");
  onTestFinished(() => verifications.mockRestore());
  const jwt = await token();
  const here = issuers();
  const again = async () => (await verifyToken(jwt, here, { now: new Date(), inBackground: () => undefined })).ok;
  expect([await again(), await again(), await again()]).toEqual([true, true, true]);
  expect(verifications).toHaveBeenCalledTimes(1);
  expect(await codeOf(jwt, { AUTH_AUDIENCE: "another" })).toBe("wrong_audience");
  expect(verifications).toHaveBeenCalledTimes(2);
  vi.setSystemTime(Date.now() + TOKEN_CACHE_MS);
  expect(await again()).toBe(true);
  expect(verifications).toHaveBeenCalledTimes(3);
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

/** An issuer of its own: its entry of AUTH_ISSUERS and its signature. */
async function anIssuer(issuer: string, kid: string, members: object = {}) {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  return {
    entry: { issuer, audience: AUDIENCE, jwks: { keys: [{ ...(await exportJWK(publicKey)), kid }] }, ...members },
    sign: (header: object, payload: object) =>
      new SignJWT({ ...claims, iss: issuer, ...payload })
        .setProtectedHeader({ alg: "ES256", kid, ...header })
        .setExpirationTime(inAnHour())
        .sign(privateKey),
  };
}

const severally = (entries: readonly object[]): Change => ({
  AUTH_JWKS: "",
  AUTH_ISSUER: "",
  AUTH_AUDIENCE: "",
  AUTH_ISSUERS: JSON.stringify(entries),
});

test("several issuers are trusted at once, each with its own keys, audiences, algorithms and claims", async () => {
  const old = await anIssuer("https://old.test", "same");
  const next = await anIssuer("https://new.test/", "same", {
    audience: ["https://directory.test", "other"],
    user_claim: "uid",
    client_claim: "https://example.com/client",
    algorithms: ["ES256", "ES384"],
  });
  const both = severally([old.entry, next.entry]);
  expect(await verify(await old.sign({}, {}), both)).toMatchObject({ ok: true, value: { user: "alice" } });
  const members = { aud: "other", uid: "bob", "https://example.com/client": "tablet" };
  expect(await verify(await next.sign({}, members), both)).toMatchObject({
    ok: true,
    value: { user: "bob", client: "tablet" },
  });
  expect(await kindOf(await next.sign({}, { uid: "bob" }), both)).toBe("wrong_audience");
  const onlyRsa = severally([{ ...old.entry, algorithms: ["RS256"] }]);
  expect(await kindOf(await old.sign({}, {}), onlyRsa)).toBe("algorithm_not_allowed");
});

test("the keys of one issuer never verify a token in the name of another, whatever its kid", async () => {
  const old = await anIssuer("https://old.test", "same");
  const next = await anIssuer("https://new.test", "same");
  const both = severally([old.entry, next.entry]);
  expect(await kindOf(await old.sign({}, { iss: "https://new.test" }), both)).toBe("bad_signature");
  expect(await kindOf(await next.sign({}, { iss: "https://old.test" }), both)).toBe("bad_signature");
});

test("an issuer is matched character by character", async () => {
  const one = await anIssuer("https://auth.test", "key");
  for (const iss of [
    "https://auth.test/",
    "https://AUTH.test",
    "https://auth.test.evil",
    "auth.test",
    "",
    undefined,
    7,
  ]) {
    expect([iss, await kindOf(await one.sign({}, { iss }), severally([one.entry]))]).toEqual([iss, "unknown_issuer"]);
  }
});

test("what is signed by the issuer and is no access token is refused, by its header or by its claims", async () => {
  const one = await anIssuer(ISSUER, "key");
  const only = severally([one.entry]);
  for (const typ of [undefined, "JWT", "at+jwt", "application/at+jwt", "AT+JWT"]) {
    expect([typ, await kindOf(await one.sign({ typ }, {}), only)]).toEqual([typ, "accepted"]);
  }
  for (const typ of ["id+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "application/jwt2", ""]) {
    expect([typ, await kindOf(await one.sign({ typ }, {}), only)]).toEqual([typ, "wrong_type"]);
  }
  const others = [{ typ: "ID" }, { typ: "Refresh" }, { token_use: "id" }, { at_hash: "x" }, { c_hash: "x" }];
  for (const payload of others) {
    expect([payload, await kindOf(await one.sign({}, payload), only)]).toEqual([payload, "wrong_type"]);
  }
  for (const payload of [{ typ: "Bearer" }, { token_use: "access" }]) {
    expect(await kindOf(await one.sign({}, payload), only)).toBe("accepted");
  }
});

test("a type that is required is the only one", async () => {
  const one = await anIssuer(ISSUER, "key", { token_typ: "application/at+JWT" });
  const only = severally([one.entry]);
  expect(await kindOf(await one.sign({ typ: "at+jwt" }, {}), only)).toBe("accepted");
  for (const typ of ["JWT", undefined]) expect(await kindOf(await one.sign({ typ }, {}), only)).toBe("wrong_type");
});

test("each reason for refusing a token has a kind of its own", async () => {
  const one = await anIssuer(ISSUER, "key");
  const only = severally([one.entry]);
  const good = await one.sign({}, {});
  const table: readonly (readonly [string, string, Change])[] = [
    ["too_long", "a".repeat(9000), {}],
    ["malformed", "a.b.c", {}],
    ["malformed", "no token", {}],
    ["algorithm_not_allowed", `${encode({ alg: "none" })}.${encode({ ...claims, exp: inAnHour() })}.`, {}],
    ["unknown_issuer", await one.sign({}, { iss: "https://evil.test" }), only],
    ["unknown_key", await one.sign({ kid: "another" }, {}), only],
    ["bad_signature", `${good.slice(0, -8)}AAAAAAAA`, only],
    ["wrong_type", await one.sign({ typ: "id+jwt" }, {}), only],
    ["wrong_audience", await one.sign({}, { aud: "elsewhere" }), only],
    ["expired", await token({ expiresIn: -3600 }), {}],
    ["not_yet_valid", await one.sign({}, { nbf: inAnHour() }), only],
    ["bad_claim", await one.sign({}, { sub: "" }), only],
    ["bad_claim", await one.sign({}, { sub: ".." }), only],
    ["bad_claim", await one.sign({}, { scope: 7 }), only],
  ];
  for (const [kind, jwt, change] of table) expect([kind, await kindOf(jwt, change)]).toEqual([kind, kind]);
  const key = one.entry.jwks.keys[0];
  const twice = severally([
    {
      ...one.entry,
      jwks: {
        keys: [
          { ...key, kid: "1" },
          { ...key, kid: "2" },
        ],
      },
    },
  ]);
  expect(await kindOf(await one.sign({ kid: undefined }, {}), twice)).toBe("ambiguous_key");
  const broken = severally([{ ...one.entry, jwks: { keys: [{ ...key, x: "AA" }] } }]);
  expect(await kindOf(good, broken)).toBe("unusable_key");
});
