/** X.509 in the service: whose certificate it is, under which authorities, and until when. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, test } from "vitest";
import { app as plain } from "../../../src/http/app.ts";
import {
  BasicCredential,
  type Credential,
  KeyPackage,
  Lifetime,
  nobleCrypto,
  type SignatureKeyPair,
  SignatureScheme,
} from "../../../src/mls/index.ts";
import full from "../../../src/worker-full.ts";
import { registrationBody } from "../../../tools/lib/registration-requests.ts";
import {
  type Authority,
  authority,
  BasicConstraintsExtension,
  certify,
  credentialOf,
  newSigner,
  withUnreadableKey,
} from "../../node/support/x509.ts";
import { AUDIENCE, CLAIM, PUBLISH, token } from "../support/auth.ts";
import { base64url } from "../support/forge-for-now.ts";
import { clientPath, freshName, type Json, ORIGIN } from "../support/http.ts";
import { nowSeconds } from "../support/pool-calls.ts";

const IDENTITY = "uri:wireapp://{user}!{client}@example.com";

let root: Authority;
let middle: Authority;
let other: Authority;
let settings: Readonly<Record<string, string>>;

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${btoa(String.fromCharCode(...der))}\n-----END CERTIFICATE-----\n`;

beforeAll(async () => {
  const now = nowSeconds();
  root = await authority("root", { now });
  middle = await authority("middle", { now }, root);
  other = await authority("other", { now }, root);
  settings = { X509_TRUST_ANCHORS: pem(root.der), X509_IDENTITY: IDENTITY };
});

/** The Worker with settings of its own. */
function directoryWith(changes: Readonly<Record<string, string>>) {
  const bindings = { ...env, ...changes };
  return async (method: string, path: string, bearer?: string, body?: unknown) => {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${bearer}` };
    const init = { method, headers, body: body === undefined ? null : JSON.stringify(body) };
    const answer = await full.fetch(new Request(ORIGIN + path, init), bindings);
    return { status: answer.status, json: (await answer.json()) as Json };
  };
}

/** A registered client that publishes one package with a credential. */
async function publisher(changes: Readonly<Record<string, string>> = settings) {
  const user = freshName("owner");
  const ask = directoryWith(changes);
  const bearer = await token({ user, scope: PUBLISH });
  const signer = await newSigner(SignatureScheme.ed25519);
  const key = { publicKey: signer.publicKey().bytes, privateKey: signer.privateKey() };
  const body = await registrationBody({ audience: AUDIENCE, user, client: "phone" }, key);
  expect((await ask("PUT", clientPath(user), bearer, body)).status).toBe(201);
  return {
    user,
    signer,
    ask,
    publish: async (credential: Credential) => {
      const made = await packageOf(signer, credential);
      const answer = await ask("POST", `${clientPath(user)}/key-packages`, bearer, { key_packages: [base64url(made)] });
      return answer.json.results?.[0] ?? answer.json;
    },
  };
}

async function packageOf(signer: SignatureKeyPair, credential: Credential, notBefore?: number): Promise<Uint8Array> {
  const identity = { ciphersuite: 1, credential, signer, signatureKey: signer.publicKey() } as const;
  const lifetime =
    notBefore === undefined ? {} : { lifetime: Lifetime.init(BigInt(notBefore), BigInt(notBefore + 3600)) };
  const made = await KeyPackage.create({ identity, crypto: nobleCrypto, now: nowSeconds(), ...lifetime });
  if (!made.ok) throw new Error(made.error.message);
  return made.value.keyPackage().bytes;
}

const nameOf = (user: string): string => `wireapp://${user}!phone@example.com`;

test("a package is stored for whom its certificate names, and ends with it", async () => {
  const { user, signer, publish, ask } = await publisher();
  const notAfter = nowSeconds() + 7200;
  const leaf = await certify(signer, middle, nameOf(user), { now: nowSeconds(), notAfter });
  expect(await publish(credentialOf(leaf, middle.der))).toMatchObject({ ok: true, code: "stored" });
  const bearer = await token({ user: freshName("claimer"), client: "laptop", scope: CLAIM });
  const { json } = await ask("POST", `/v1/users/${user}/claims`, bearer, {});
  expect(json.clients[0]).toMatchObject({ status: "claimed", not_after: notAfter });
});

test("names, authorities and keys of others are refused, each with its code", async () => {
  const { user, signer, publish } = await publisher();
  const now = nowSeconds();
  const by = (issuer: Authority, name = nameOf(user), key = signer) => certify(key, issuer, name, { now });
  const stranger = await authority("root", { now });
  expect(await publish(credentialOf(await by(middle, nameOf("mallory")), middle.der))).toMatchObject({
    code: "credential_identity_mismatch",
  });
  expect((await publish(credentialOf(await by(middle)))).code).toBe("x509_untrusted");
  expect((await publish(credentialOf(await by(stranger)))).code).toBe("x509_invalid_signature");
  const foreign = await newSigner(SignatureScheme.ed25519);
  expect((await publish(credentialOf(await by(middle, nameOf(user), foreign), middle.der))).code).toBe(
    "x509_key_mismatch",
  );
  expect((await publish(new BasicCredential(user).toCredential())).code).toBe("stored");
});

test("where the deployment has intermediates, they need not be sent, and no other is taken", async () => {
  const { user, signer, publish } = await publisher({ ...settings, X509_INTERMEDIATES: pem(middle.der) });
  const by = (issuer: Authority) => certify(signer, issuer, nameOf(user), { now: nowSeconds() });
  expect((await publish(credentialOf(await by(middle)))).code).toBe("stored");
  expect((await publish(credentialOf(await by(other), other.der))).code).toBe("x509_untrusted");
});

test("two pairs of user and client whose certificates would have one name are not both registered", async () => {
  const ask = directoryWith(settings);
  const user = freshName("a!b");
  const answer = await ask("PUT", clientPath(user), await token({ user, scope: PUBLISH }), {
    signature_keys: { ed25519: "AAAA" },
    signed_at: nowSeconds(),
    proofs: { ed25519: "AAAA" },
  });
  expect([answer.status, answer.json.code]).toEqual([400, "invalid_identifier"]);
});

test("the policy says whether, and as whom; without anchors an x509 credential is refused", async () => {
  const on = (await directoryWith(settings)("GET", "/v1/policy")).json;
  expect([on.credential_types, on.x509_identity]).toEqual([[1, 2], IDENTITY]);
  const off = (await directoryWith({})("GET", "/v1/policy")).json;
  expect([off.credential_types, off.x509_identity]).toEqual([[1], undefined]);
  const { user, signer, publish } = await publisher({});
  const leaf = await certify(signer, middle, nameOf(user), { now: nowSeconds() });
  expect((await publish(credentialOf(leaf, middle.der))).code).toBe("unsupported_credential_type");
});

test("a package is proof that its key is held only if its certificate names user and client", async () => {
  const registering = async (X509_IDENTITY: string) => {
    const user = freshName("owner");
    const signer = await newSigner(SignatureScheme.ed25519);
    const name = X509_IDENTITY.replace("uri:", "").replace("{user}", user).replace("{client}", "phone");
    const leaf = await certify(signer, middle, name, { now: nowSeconds() });
    const made = await packageOf(signer, credentialOf(leaf, middle.der), nowSeconds());
    const ask = directoryWith({ ...settings, CREDENTIAL_IDENTITY: "{user}:{client}", X509_IDENTITY });
    const body = { key_packages: [base64url(made)] };
    return ask("PUT", clientPath(user), await token({ user, scope: PUBLISH }), body);
  };
  expect((await registering(IDENTITY)).status).toBe(201);
  const half = await registering("uri:wireapp://{user}@example.com");
  expect([half.status, half.json.code]).toEqual([422, "possession_unproven"]);
});

test("a key that cannot be read is a refusal, wherever in the chain of the publisher it is", async () => {
  const { user, signer, publish } = await publisher();
  const leaf = await certify(signer, middle, nameOf(user), { now: nowSeconds() });
  expect((await publish(credentialOf(leaf, withUnreadableKey(middle.der)))).code).toBe("x509_malformed");
  expect((await publish(credentialOf(withUnreadableKey(middle.der)))).code).toBe("x509_malformed");
});

describe("a certificate of the settings that cannot be used is named with its setting", () => {
  const twice = async () => {
    const again = [new BasicConstraintsExtension(true, undefined, true)];
    return (await authority("twice", { now: nowSeconds(), extensions: again })).der;
  };
  it.each([
    ["no certificate", async () => Uint8Array.of(0x30, 0)],
    ["one with an extension twice", twice],
    ["one whose key cannot be read", async () => withUnreadableKey(root.der)],
  ])("%s", async (_, make) => {
    const { user, signer } = await publisher();
    const bearer = await token({ user, scope: PUBLISH });
    const credential = new BasicCredential(user).toCredential();
    const body = { key_packages: [base64url(await packageOf(signer, credential))] };
    for (const setting of ["X509_TRUST_ANCHORS", "X509_INTERMEDIATES"]) {
      const ask = directoryWith({ ...settings, [setting]: pem(root.der) + pem(await make()) });
      for (const answer of [
        await ask("POST", `${clientPath(user)}/key-packages`, bearer, body),
        // So that a smoke test hears of it before a publisher does.
        await ask("GET", "/readyz"),
      ]) {
        expect([answer.status, answer.json.code]).toEqual([503, "setting_invalid"]);
        expect(answer.json.detail).toContain(`setting ${setting} cannot be read: `);
      }
    }
  });
});

test("trust anchors close a build without X.509", async () => {
  const without = await plain.request(`${ORIGIN}/healthz`, {}, { ...env, CIPHERSUITE_PROFILE: "", ...settings });
  expect(((await without.json()) as Json).detail).toContain("X509_TRUST_ANCHORS is set, and this build has no X.509");
});
