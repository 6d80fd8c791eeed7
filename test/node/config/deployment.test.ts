/** The environment, parsed once: what is open, what is closed, and what is named. */
import { describe, expect, it, test } from "vitest";
import { deploymentOf, readDeployment } from "../../../src/config/deployment.ts";
import { FULL_BUILD } from "../../../src/config/full-build.ts";
import { SettingError } from "../../../src/config/settings.ts";
import type { CiphersuiteInfo } from "../../../src/mls/ciphersuite.ts";

const JWKS = JSON.stringify({ keys: [{ kty: "OKP", crv: "Ed25519", x: "AA" }] });
const AUTH = { AUTH_JWKS: JWKS, AUTH_ISSUER: "https://auth.test", AUTH_AUDIENCE: "directory" };

test("without any setting the defaults are in force and authentication is not configured", () => {
  const deployment = readDeployment({});
  expect(deployment.profile.name).toBe("rfc9420");
  expect(deployment.ciphersuites.map(({ ciphersuite }) => ciphersuite)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(deployment.ciphersuitesLeftOut).toEqual([]);
  expect([deployment.credentialIdentity, deployment.cryptoProvider]).toEqual(["{user}", "noble"]);
  expect(deployment.issuers).toEqual({ ok: false, error: "AUTH_ISSUER is not set" });
});

test("an empty text counts as not set", () => {
  const deployment = readDeployment({ CIPHERSUITES: "", CREDENTIAL_IDENTITY: "", CRYPTO_PROVIDER: "", STOCK_CAP: "" });
  expect(deployment).toEqual(readDeployment({}));
});

test("the databases of the directory are named by a setting, and are one by default", () => {
  expect(readDeployment({}).directory).toEqual({ current: ["DB"], former: [] });
  const settings = { DIRECTORY_BINDINGS: "DB0, DB1", DIRECTORY_FORMER_BINDINGS: "DB" };
  expect(readDeployment(settings).directory).toEqual({ current: ["DB0", "DB1"], former: ["DB"] });
});

test("one issuer is a setting for each of its members", () => {
  const { issuers } = readDeployment({
    ...AUTH,
    AUTH_ALGORITHMS: "ES256, EdDSA",
    AUTH_TOKEN_TYP: "application/at+JWT",
    AUTH_USER_CLAIM: "/user/id~1~0",
    AUTH_CLIENT_CLAIM: "https://example.com/client",
    AUTH_SCOPE_CLAIMS: "scope, /realm_access/roles",
    AUTH_DEFAULT_SCOPES: "key-packages:publish,key-packages:claim",
  });
  expect(issuers).toEqual({
    ok: true,
    value: [
      {
        issuer: "https://auth.test",
        audiences: ["directory"],
        keys: { from: "setting", jwks: JSON.parse(JWKS) },
        algorithms: ["ES256", "EdDSA"],
        tokenTyp: "at+jwt",
        userClaim: { text: "/user/id~1~0", path: ["user", "id/~"] },
        clientClaim: { text: "https://example.com/client", path: ["https://example.com/client"] },
        scopeClaims: [
          { text: "scope", path: ["scope"] },
          { text: "/realm_access/roles", path: ["realm_access", "roles"] },
        ],
        defaultScopes: ["key-packages:publish", "key-packages:claim"],
      },
    ],
  });
});

test("what an issuer leaves out has a default", () => {
  const { issuers } = readDeployment(AUTH);
  expect(issuers).toMatchObject({
    ok: true,
    value: [
      {
        tokenTyp: undefined,
        userClaim: { path: ["sub"] },
        clientClaim: { path: ["device_id"] },
        scopeClaims: [{ path: ["scope"] }],
        defaultScopes: [],
      },
    ],
  });
  const algorithms = issuers.ok ? issuers.value[0]?.algorithms : [];
  expect(algorithms).toContain("ES256");
  expect(algorithms?.filter((name) => name === "none" || name.startsWith("HS"))).toEqual([]);
});

test("several issuers are a list, each read as a single one is", () => {
  const AUTH_ISSUERS = JSON.stringify([
    { issuer: "https://old.test", audience: "directory", jwks: JSON.parse(JWKS) },
    { issuer: "https://new.test", audience: ["a", "b"], jwks_url: "https://new.test/keys", scope_claims: ["scp"] },
  ]);
  const { issuers } = readDeployment({ AUTH_ISSUERS });
  expect(issuers).toMatchObject({
    ok: true,
    value: [
      { issuer: "https://old.test", audiences: ["directory"], clientClaim: { text: "device_id" } },
      { issuer: "https://new.test", audiences: ["a", "b"], keys: { from: "url" }, scopeClaims: [{ text: "scp" }] },
    ],
  });
});

const LISTED = { issuer: "https://a.test", audience: "directory", jwks: JSON.parse(JWKS) };

test.each([
  ["no JSON", "[", "must be a JSON list"],
  ["an empty list", "[]", "must be a JSON list of at least one issuer"],
  ["an object", JSON.stringify(LISTED), "must be a JSON list"],
  ["an entry that is no object", "[7]", "[0] must be an object"],
  ["an unknown member", JSON.stringify([{ ...LISTED, clientclaim: "x" }]), "[0] has the unknown member clientclaim"],
  ["a member of every object", JSON.stringify([{ ...LISTED, constructor: 1 }]), "unknown member constructor"],
  ["the same issuer twice", JSON.stringify([LISTED, LISTED]), "names an issuer twice"],
  ["no audience", JSON.stringify([{ ...LISTED, audience: undefined }]), "[0]: audience is not set"],
  ["no keys", JSON.stringify([{ ...LISTED, jwks: undefined }]), "[0]: neither jwks_url nor jwks is set"],
  ["keys twice", JSON.stringify([{ ...LISTED, jwks_url: "https://a.test/k" }]), "[0].jwks_url and jwks are both set"],
  [
    "an audience that is no text",
    JSON.stringify([LISTED, { ...LISTED, audience: [7] }]),
    "[1].audience must be a list",
  ],
  ["an empty claim", JSON.stringify([{ ...LISTED, user_claim: "" }]), "[0].user_claim must be a text"],
])("AUTH_ISSUERS with %s is refused with what is wrong", (_what, AUTH_ISSUERS, fault) => {
  expect(() => readDeployment({ AUTH_ISSUERS })).toThrow(`setting AUTH_ISSUERS`);
  expect(() => readDeployment({ AUTH_ISSUERS })).toThrow(fault);
});

test("a list of issuers and a single one are not both set", () => {
  const AUTH_ISSUERS = JSON.stringify([LISTED]);
  expect(() => readDeployment({ AUTH_ISSUERS, AUTH_CLIENT_CLAIM: "azp" })).toThrow(
    "setting AUTH_ISSUERS and AUTH_CLIENT_CLAIM are both set; set one",
  );
});

test.each([
  ["CIPHERSUITES", "1,99"],
  ["CIPHERSUITES", "1,1"],
  ["CIPHERSUITES", "1,"],
  ["CIPHERSUITE_PROFILE", "openmls"],
  ["CIPHERSUITE_PROFILE", "{}"],
  ["UNLISTED_GREASE", "yes"],
  ["ACTIVITY_COUNTS", "0"],
  ["CRYPTO_PROVIDER", "openssl"],
  ["STOCK_CAP", "many"],
  ["STOCK_TARGET", "-1"],
  ["PAIR_BUDGET_BURST", "0"],
  ["CORS_ORIGINS", "app.example.com"],
  ["CORS_ORIGINS", "https://app.example.com/"],
  ["CORS_ORIGINS", "https://app.example.com,"],
  ["CORS_ORIGINS", "https://*.example.com"],
  ["DIRECTORY_BINDINGS", "DB0,DB0"],
  ["DIRECTORY_BINDINGS", "DB0,"],
  ["DIRECTORY_FORMER_BINDINGS", "a database"],
  ["EVENTS_WEBHOOK_URL", "app.example.com/hook"],
  ["EVENTS_WEBHOOK_URL", "http://app.example.com/hook"],
  ["EVENTS_WEBHOOK_URL", "https://name:word@app.example.com/hook"],
  ["EVENTS_WEBHOOK_URL", "https://app.example.com/hook#part"],
  ["EVENTS_WEBHOOK_SECRETS", "whsec_"],
  ["EVENTS_WEBHOOK_SECRETS", btoa("x".repeat(24))],
  ["EVENTS_WEBHOOK_SECRETS", `whsec_${btoa("x".repeat(23))}`],
  ["EVENTS_WEBHOOK_SECRETS", `whsec_${btoa("x".repeat(65))}`],
  ["EVENTS_WEBHOOK_SECRETS", `whsec_${btoa("x".repeat(24))},`],
  ["EVENTS_WEBHOOK_SECRETS", new Array(4).fill(`whsec_${btoa("x".repeat(24))}`).join(",")],
  ["EVENTS_EXPIRING_SECONDS", "a week"],
  ["EVENTS", "a queue"],
  ["AUTH_JWKS", "{"],
  ["AUTH_JWKS", '{"keys":1}'],
  ["AUTH_JWKS", "null"],
  ["AUTH_JWKS", '{"keys":[]}'],
  ["AUTH_JWKS", '{"keys":[{"kty":"oct","k":"AA"}]}'],
  ["AUTH_JWKS", '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}]}'],
  ["AUTH_ALGORITHMS", "ES256,HS256"],
  ["AUTH_ALGORITHMS", "none"],
  ["AUTH_ALGORITHMS", "ES256,"],
  ["AUTH_TOKEN_TYP", "at jwt"],
  ["AUTH_USER_CLAIM", "/a~2"],
  ["AUTH_CLIENT_CLAIM", "/a~"],
  ["AUTH_SCOPE_CLAIMS", "scope,"],
  ["AUTH_DEFAULT_SCOPES", "directory:admin"],
  ["AUTH_DEFAULT_SCOPES", "key-packages:publish,everything"],
  ["AUTH_ISSUERS", "{}"],
  ["AUTH_JWKS_URL", "http://keys.test/jwks"],
  ["AUTH_JWKS_URL", "not an address"],
])("%s=%s is refused by its name", (name, value) => {
  const read = () => readDeployment({ [name]: value });
  expect(read).toThrow(SettingError);
  expect(read).toThrow(name);
});

test("a profile says what the numbers mean, and a build without ML-DSA accepts no suite that needs it", () => {
  const profile = { CIPHERSUITE_PROFILE: "openmls-0.9" };
  const numbers = (suites: readonly CiphersuiteInfo[]) => suites.map(({ ciphersuite }) => ciphersuite);
  const plain = readDeployment(profile);
  expect(numbers(plain.ciphersuitesLeftOut)).toEqual([0x51, 0x52, 0x906, 0x907]);
  expect(numbers(plain.ciphersuites)).toEqual([1, 2, 3, 4, 5, 6, 7, 0x42, 0x4d, 0x4e, 0x4f, 0x50, 0xf042]);
  const full = readDeployment(profile, FULL_BUILD);
  expect(full.ciphersuitesLeftOut).toEqual([]);
  expect(full.ciphersuites).toEqual(full.profile.suites);
  expect(() => readDeployment({ ...profile, CIPHERSUITES: "1,0x52" })).toThrow("CIPHERSUITES has 82");
  const chosen = readDeployment({ ...profile, CIPHERSUITES: "0x004D, 1" });
  expect(chosen.ciphersuites.map(({ name }) => name)).toEqual([
    "MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519",
    "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
  ]);
  expect(() => readDeployment({ CIPHERSUITES: "77" })).toThrow("different suites of the profile rfc9420");
});

describe("X.509", () => {
  const full = FULL_BUILD;
  const pem = (bytes: Uint8Array) =>
    `-----BEGIN CERTIFICATE-----\n${btoa(String.fromCharCode(...bytes))}\n-----END CERTIFICATE-----\n`;
  const anchor = pem(Uint8Array.of(0x30, 1));
  const on = { X509_TRUST_ANCHORS: anchor, X509_IDENTITY: "uri:im:{user}" };

  it("is off by default, and takes certificates, a kind of name and its template", () => {
    expect(readDeployment({}, full).x509).toBeUndefined();
    const two = { ...on, X509_TRUST_ANCHORS: (anchor + anchor).replaceAll("\n", "\\n"), X509_INTERMEDIATES: anchor };
    expect(readDeployment(two, full).x509).toEqual({
      anchors: [Uint8Array.of(0x30, 1), Uint8Array.of(0x30, 1)],
      intermediates: [Uint8Array.of(0x30, 1)],
      identity: "uri:im:{user}",
      name: { type: "url", template: "im:{user}" },
    });
    const named = (X509_IDENTITY: string) => readDeployment({ ...on, X509_IDENTITY }, full).x509?.name;
    expect(named("dns:{client}.{user}.example")).toEqual({ type: "dns", template: "{client}.{user}.example" });
    expect(named("email:{user}@example.com")).toEqual({ type: "email", template: "{user}@example.com" });
    expect(named("*")).toBeUndefined();
  });

  it.each(["X509_TRUST_ANCHORS", "X509_INTERMEDIATES", "X509_IDENTITY"])(
    "is refused where %s is set in a build without it",
    (name) => {
      expect(() => readDeployment({ [name]: anchor })).toThrow(`${name} is set, and this build has no X.509`);
      expect(readDeployment({ [name]: "" }).x509).toBeUndefined();
    },
  );

  it.each([
    [{ X509_TRUST_ANCHORS: anchor }, "X509_IDENTITY must be set, as X509_TRUST_ANCHORS is"],
    [{ X509_IDENTITY: "*" }, "X509_IDENTITY is set without X509_TRUST_ANCHORS"],
    [{ X509_INTERMEDIATES: anchor }, "X509_INTERMEDIATES is set without X509_TRUST_ANCHORS"],
    [{ ...on, X509_IDENTITY: "im:{user}" }, "X509_IDENTITY must be uri:, dns: or email:"],
    [{ ...on, X509_IDENTITY: "uri:im:everybody" }, "X509_IDENTITY must be uri:, dns: or email:"],
    [{ ...on, X509_TRUST_ANCHORS: "a certificate" }, "X509_TRUST_ANCHORS must be certificates in PEM and nothing else"],
    [{ ...on, X509_TRUST_ANCHORS: `${anchor}more` }, "X509_TRUST_ANCHORS must be certificates in PEM and nothing else"],
    [
      { ...on, X509_TRUST_ANCHORS: anchor.repeat(17) },
      "X509_TRUST_ANCHORS must have at most 16 certificates, and has 17",
    ],
    [{ ...on, X509_TRUST_ANCHORS: anchor.replace("MAE=", "M") }, "X509_TRUST_ANCHORS must have certificates in base64"],
    [{ ...on, X509_INTERMEDIATES: pem(new Uint8Array(8193)) }, "X509_INTERMEDIATES must have certificates in base64"],
  ])("is refused by the name of the setting: %#", (env, fault) => {
    expect(() => readDeployment(env, full)).toThrow(`setting ${fault}`);
  });

  it("closes a build without it", () => {
    expect(() => readDeployment(on)).toThrow("set main to src/worker-full.ts");
  });
});

test("claim capabilities are off unless they are set, in a build that takes them", () => {
  const taken = (CLAIM_CAPABILITIES: string) =>
    readDeployment({ CLAIM_CAPABILITIES }, FULL_BUILD).takesClaimCapabilities;
  expect([readDeployment({}, FULL_BUILD).takesClaimCapabilities, taken("off"), taken("on")]).toEqual([
    false,
    false,
    true,
  ]);
  expect(() => taken("yes")).toThrow("CLAIM_CAPABILITIES must be on or off");
  expect(() => readDeployment({ CLAIM_CAPABILITIES: "on" })).toThrow("set main to src/worker-full.ts");
});

test("GREASE that the capabilities do not list is refused unless the deployment says otherwise", () => {
  expect(readDeployment({}).toleratesUnlistedGrease).toBe(false);
  expect(readDeployment({ UNLISTED_GREASE: "refuse" }).toleratesUnlistedGrease).toBe(false);
  expect(readDeployment({ UNLISTED_GREASE: "accept" }).toleratesUnlistedGrease).toBe(true);
  const counts = [{}, { ACTIVITY_COUNTS: "on" }, { ACTIVITY_COUNTS: "off" }].map((env) => readDeployment(env));
  expect(counts.map(({ countsActivity }) => countsActivity)).toEqual([true, true, false]);
});

test("a request takes as many packages of the largest accepted suite as fit into a body, or what is set", () => {
  const limit = (settings: Record<string, string>) =>
    readDeployment({ CIPHERSUITE_PROFILE: "openmls-0.9", ...settings }, FULL_BUILD).settings.maxKeyPackagesPerRequest;
  expect(limit({})).toBe(49);
  expect(limit({ CIPHERSUITES: "1,0x52" })).toBe(81);
  expect(limit({ CIPHERSUITES: "1,0x4D,0x42" })).toBe(100);
  expect(limit({ MAX_BODY_BYTES: "4000000" })).toBe(100);
  expect(limit({ MAX_BODY_BYTES: "100" })).toBe(1);
  expect(limit({ MAX_KEY_PACKAGES_PER_REQUEST: "70" })).toBe(70);
});

const HOOK = "https://app.example.com/hook";
const SECRET = `whsec_${btoa("x".repeat(24))}`;
const queue = { send: async () => undefined };

test("events go nowhere by default, and to a signed webhook or a queue where it is set", () => {
  expect(readDeployment({}).events).toBeUndefined();
  // The command that sets a secret is one of its own, and may come first.
  expect(readDeployment({ EVENTS_WEBHOOK_SECRETS: SECRET }).events).toBeUndefined();
  const both = { EVENTS_WEBHOOK_URL: HOOK, EVENTS_WEBHOOK_SECRETS: `${SECRET}, ${SECRET}` };
  expect(readDeployment(both).events).toEqual({
    target: { kind: "webhook", url: new URL(HOOK), secrets: [1, 2].map(() => new Uint8Array(24).fill(120)) },
    expiringSeconds: 604_800,
  });
  expect(readDeployment({ EVENTS: queue, EVENTS_EXPIRING_SECONDS: "60" }).events).toEqual({
    target: { kind: "queue", queue },
    expiringSeconds: 60,
  });
  const local = { EVENTS_WEBHOOK_URL: "http://127.0.0.1:9/hook", EVENTS_WEBHOOK_SECRETS: SECRET };
  expect(readDeployment(local).events?.target.kind).toBe("webhook");
});

test("a webhook without a secret, and one beside a queue, are refused; what a secret was is never said", () => {
  expect(() => readDeployment({ EVENTS_WEBHOOK_URL: HOOK })).toThrow("setting EVENTS_WEBHOOK_SECRETS must be set");
  expect(() => readDeployment({ EVENTS_WEBHOOK_URL: HOOK, EVENTS_WEBHOOK_SECRETS: SECRET, EVENTS: queue })).toThrow(
    "setting EVENTS_WEBHOOK_URL and the binding EVENTS are both set",
  );
  expect(() => readDeployment({ EVENTS_WEBHOOK_SECRETS: "hunter2" })).not.toThrow("hunter2");
});

test("an environment is parsed once, and its deployment cannot be changed", () => {
  const env = { ...AUTH };
  const deployment = deploymentOf(env);
  env.AUTH_ISSUER = "https://elsewhere.test";
  expect(deploymentOf(env)).toBe(deployment);
  expect(Object.isFrozen(deployment)).toBe(true);
});

test("a wrong setting stays wrong: the same error each time", () => {
  const env = { CIPHERSUITES: "0" };
  const errors = [1, 2].map(() => {
    try {
      return deploymentOf(env);
    } catch (error) {
      return error;
    }
  });
  expect(errors[0]).toBeInstanceOf(SettingError);
  expect(errors[1]).toBe(errors[0]);
});

describe("receipts", () => {
  const x = "A".repeat(43);
  const key = (change: object = {}) => ({ kty: "OKP", crv: "Ed25519", kid: "a", x, d: x, ...change });
  const set = (...keys: readonly object[]) => ({
    RECEIPT_KEYS: JSON.stringify({ keys }),
    RECEIPT_ISSUER: "https://directory.example",
  });

  it("are off by default, and take a key set, a name, and when they are given", () => {
    expect(readDeployment({}, FULL_BUILD).receipts).toBeUndefined();
    const two = { ...set(key(), key({ kid: "b", d: undefined, signs_from: 5 })), RECEIPTS: "always" };
    expect(readDeployment(two, FULL_BUILD).receipts).toEqual({
      issuer: "https://directory.example",
      always: true,
      keys: [
        { kid: "a", x, d: x, signsFrom: 0 },
        { kid: "b", x, d: undefined, signsFrom: 5 },
      ],
    });
  });

  it.each<[Record<string, string>, string]>([
    [{ RECEIPT_ISSUER: "a" }, "RECEIPT_ISSUER is set without RECEIPT_KEYS"],
    [{ RECEIPTS: "always" }, "RECEIPTS is set without RECEIPT_KEYS"],
    [{ RECEIPT_KEYS: "{}" }, "RECEIPT_ISSUER must be set, as RECEIPT_KEYS is"],
    [{ ...set(key()), RECEIPT_ISSUER: "a".repeat(257) }, "RECEIPT_ISSUER must have at most 256 characters"],
    [{ ...set(key()), RECEIPTS: "sometimes" }, "RECEIPTS must be on_request or always"],
    [{ ...set(), RECEIPT_KEYS: "{" }, "RECEIPT_KEYS must be a JWK Set in JSON of 1 to 8 keys"],
    [set(), "RECEIPT_KEYS must be a JWK Set in JSON of 1 to 8 keys"],
    [set(key({ d: undefined })), "RECEIPT_KEYS must have at least one private key"],
    [set(key(), key()), "RECEIPT_KEYS has a kid twice"],
    [set(key(), key({ kid: "b" })), "RECEIPT_KEYS has two private keys with the same signs_from"],
    [set(key({ crv: "P-256" })), "RECEIPT_KEYS [0] must have kty OKP and crv Ed25519"],
    [set(key({ kid: "" })), "RECEIPT_KEYS [0] must have a kid of visible ASCII"],
    [set(key({ x: "AAAA" })), "RECEIPT_KEYS [0] must have 32 bytes in base64url as x"],
    [set(key({ d: "AAAA" })), "RECEIPT_KEYS [0] must have 32 bytes in base64url as d, or none"],
    [set(key({ signs_from: -1 })), "RECEIPT_KEYS [0] must have unix seconds as signs_from"],
    [set(key({ nbf: 5 })), "RECEIPT_KEYS [0] has a member that is not known"],
  ])("are refused by the name of the setting: %#", (env, fault) => {
    expect(() => readDeployment(env, FULL_BUILD)).toThrow(`setting ${fault}`);
  });

  it("close a build that signs none", () => {
    expect(() => readDeployment(set(key()))).toThrow("set main to src/worker-full.ts");
  });
});
