/** Whatever a setting is, it is read or named: no other error may come out, since that would be a fault of 500. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Build, readDeployment } from "../../../src/config/deployment.ts";
import { readReceiptSettings } from "../../../src/config/receipt-settings.ts";
import { SETTING_NAMES, SettingError, type Variables } from "../../../src/config/settings.ts";
import { readX509Settings } from "../../../src/config/x509-settings.ts";

const BUILD: Build = { mlDsa: true, x509: readX509Settings, claimCapabilities: true, receipts: readReceiptSettings };

const bytes = (length: number) => Buffer.alloc(length, 1).toString("base64");
const PEM = `-----BEGIN CERTIFICATE-----\n${bytes(30)}\n-----END CERTIFICATE-----`;
const key = { kty: "OKP", crv: "Ed25519", kid: "a", x: Buffer.alloc(32, 1).toString("base64url") };

/** Everything set, and readable; of what excludes each other two. */
const COMMON = {
  ...Object.fromEntries(SETTING_NAMES.map((name) => [name, "5"])),
  CIPHERSUITE_PROFILE:
    '{"0xF00D": {"name": "A", "kem": "mlkem768-x25519", "aead": "aes-256-gcm", "hash": "SHA-384", "signature": "mldsa44"}}',
  CIPHERSUITES: "1,0xF00D",
  CREDENTIAL_IDENTITY: "{user}",
  UNLISTED_GREASE: "accept",
  ACTIVITY_COUNTS: "off",
  WELCOME_ROUTES: "on-request",
  X509_TRUST_ANCHORS: PEM,
  X509_INTERMEDIATES: PEM,
  X509_IDENTITY: "uri:im:{user}",
  CRYPTO_PROVIDER: "webcrypto",
  CORS_ORIGINS: "https://app.example.com,http://localhost:*",
  DIRECTORY_BINDINGS: "DB0,DB1",
  DIRECTORY_FORMER_BINDINGS: "DB",
  EVENTS_WEBHOOK_URL: "https://backend.example.com/hook",
  EVENTS_WEBHOOK_SECRETS: `whsec_${bytes(24)}`,
  EVENTS_EXPIRING_SECONDS: "5",
  CLAIM_CAPABILITIES: "on",
  RECEIPT_KEYS: JSON.stringify({ keys: [{ ...key, d: key.x, signs_from: 5 }] }),
  RECEIPT_ISSUER: "https://directory.example.com",
  RECEIPTS: "always",
};
const ISSUER = {
  AUTH_ISSUER: "https://auth.example.com",
  AUTH_AUDIENCE: "directory",
  AUTH_JWKS: JSON.stringify({ keys: [key] }),
  AUTH_ALGORITHMS: "EdDSA",
  AUTH_TOKEN_TYP: "at+jwt",
  AUTH_USER_CLAIM: "sub",
  AUTH_CLIENT_CLAIM: "/device/id",
  AUTH_SCOPE_CLAIMS: "scope",
  AUTH_DEFAULT_SCOPES: "key-packages:claim",
};
const { AUTH_JWKS, ...ISSUER_WITHOUT_KEYS } = ISSUER;
const ENVIRONMENTS: readonly Variables[] = [
  { ...COMMON, ...ISSUER },
  { ...COMMON, ...ISSUER_WITHOUT_KEYS, AUTH_JWKS_URL: "https://auth.example.com/keys" },
  {
    ...COMMON,
    AUTH_ISSUERS: JSON.stringify([
      {
        issuer: "https://auth.example.com",
        audience: ["directory"],
        jwks: JSON.parse(AUTH_JWKS),
        algorithms: ["EdDSA"],
      },
    ]),
  },
];

/** Settings that a reader asks for. */
function namesReadFrom(environment: Variables): ReadonlySet<string> {
  const names = new Set<string>();
  const watched = new Proxy(environment, {
    get: (of, name) => {
      names.add(String(name));
      return of[String(name)];
    },
  });
  readDeployment(watched, BUILD);
  return names;
}

/** A text of which a few characters are other ones, or gone. */
const bent = (text: string) =>
  fc
    .array(fc.tuple(fc.nat({ max: text.length }), fc.nat({ max: 3 }), fc.string({ unit: "binary", maxLength: 3 })), {
      minLength: 1,
      maxLength: 3,
    })
    .map((changes) => changes.reduce((to, [at, length, put]) => to.slice(0, at) + put + to.slice(at + length), text));

const wild = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.constantFrom("null", "[]", "{}", "[null]", '{"keys":[null]}', "-1", "1e400", "=", "====", "*", ",", "0x", "\0"),
  fc.constantFrom<unknown>(5, null, true, {}, [], Symbol("a"), () => undefined),
);

it.each(ENVIRONMENTS)("a setting of environment %# is read or named, whatever it is", (environment) => {
  const names = namesReadFrom(environment);
  for (const name of Object.keys(environment)) expect(names).toContain(name);
  for (const name of names) {
    const value = environment[name];
    const any = typeof value === "string" ? fc.oneof(wild, bent(value)) : wild;
    fc.assert(
      fc.property(any, (setting) => {
        try {
          readDeployment({ ...environment, [name]: setting }, BUILD);
        } catch (error) {
          expect(error).toBeInstanceOf(SettingError);
          expect(names).toContain((error as SettingError).setting);
        }
      }),
      { numRuns: 150 },
    );
  }
});
