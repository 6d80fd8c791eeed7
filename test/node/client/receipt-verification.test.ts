/** Receipts as their holders read them: which are genuine, and which contradict each other. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { toBase64Url } from "../../../src/client/portable-base64url.ts";
import {
  type ClaimBody,
  contradictions,
  type Receipt,
  type ReceiptKeys,
  verifyReceipt,
} from "../../../src/client/receipts/index.ts";
import { RECEIPT_TYPES } from "../../../src/client/receipts/receipt.ts";

const NOW = 1_900_000_000;
const ISSUER = "https://directory.example";
const secret = new Uint8Array(32).fill(1);
const hash = (text: string): string => toBase64Url(sha256(new TextEncoder().encode(text)));
const keys: ReceiptKeys = {
  keys: [{ kty: "OKP", crv: "Ed25519", kid: "k", x: toBase64Url(ed25519.getPublicKey(secret)) }],
};

const text = (value: unknown): string => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));

function signed(typ: string, body: object, { header = {}, key = secret } = {}): string {
  const message = `${text({ alg: "EdDSA", kid: "k", typ, ...header })}.${text(body)}`;
  return `${message}.${toBase64Url(ed25519.sign(new TextEncoder().encode(message), key))}`;
}

const claimed: ClaimBody = {
  iss: ISSUER,
  iat: NOW,
  sub: "alice",
  client: "phone",
  registered_at: NOW - 1000,
  claim: 7,
  aud: "bob",
  claimer_client: "laptop",
  key_package_ref: hash("package"),
  ciphersuite: 1,
  use: "one_time",
  signature_scheme: "ed25519",
  signature_key_sha256: hash("key"),
  not_after: NOW + 1000,
};

const receipt = signed(RECEIPT_TYPES.claim, claimed);
const codeOf = (jws: string, expected = {}, set = keys) => {
  const verified = verifyReceipt(jws, set, expected);
  return verified.ok ? "ok" : verified.error.code;
};

describe("a receipt", () => {
  it("is read as it was signed", () => {
    expect(verifyReceipt(receipt, keys)).toEqual({ ok: true, value: { kind: "claim", body: claimed } });
  });

  it("is refused once any character of it is another", () => {
    const changed = [...receipt].map((character, index) => {
      const other = character === "A" ? "B" : "A";
      return `${receipt.slice(0, index)}${other}${receipt.slice(index + 1)}`;
    });
    expect(changed.filter((jws) => codeOf(jws) === "ok")).toEqual([]);
  });

  it.each([
    ["cut off", receipt.slice(0, -1), "malformed"],
    ["with a part more", `${receipt}.AA`, "malformed"],
    ["of nothing", "", "malformed"],
    ["of another algorithm", signed(RECEIPT_TYPES.claim, claimed, { header: { alg: "none" } }), "malformed"],
    [
      "with members that must be understood",
      signed(RECEIPT_TYPES.claim, claimed, { header: { crit: ["x"] } }),
      "malformed",
    ],
    ["of another type of token", signed("JWT", claimed), "malformed"],
    ["of a claim, called a revocation", signed(RECEIPT_TYPES.revocation, claimed), "malformed"],
    ["without a member", signed(RECEIPT_TYPES.claim, { ...claimed, use: undefined }), "malformed"],
    ["with a member of another form", signed(RECEIPT_TYPES.claim, { ...claimed, iat: "now" }), "malformed"],
    ["by another key", signed(RECEIPT_TYPES.claim, claimed, { key: new Uint8Array(32).fill(2) }), "bad_signature"],
    ["by a key that is not published", signed(RECEIPT_TYPES.claim, claimed, { header: { kid: "z" } }), "unknown_key"],
    ["that is far too long", "A".repeat(300_000), "malformed"],
  ])("%s is refused", (_, jws, code) => {
    expect(codeOf(jws)).toBe(code);
  });

  it("is refused where two keys have the name that it gives", () => {
    expect(codeOf(receipt, {}, { keys: [...keys.keys, ...keys.keys] })).toBe("unknown_key");
  });

  const signatureKey = new TextEncoder().encode("key");
  const keyPackage = { ref: hash("package"), ciphersuite: 1, signatureKey, notAfter: NOW + 1000 };

  it.each([
    [
      { issuer: ISSUER, kind: "claim", user: "alice", client: "phone", claimer: { user: "bob", client: "laptop" } },
      "ok",
    ],
    [{ keyPackage: { ...keyPackage, lastResort: false } }, "ok"],
    [{ now: NOW + 60, maxAgeSeconds: 60 }, "ok"],
    [{ now: NOW - 300 }, "ok"],
    [{ issuer: "https://other.example" }, "wrong_issuer"],
    [{ kind: "revocation" }, "mismatch"],
    [{ user: "carol" }, "mismatch"],
    [{ client: "tablet" }, "mismatch"],
    [{ claimer: { user: "carol" } }, "mismatch"],
    [{ claimer: { user: "bob", client: "phone" } }, "mismatch"],
    [{ keyPackage: { ...keyPackage, ref: hash("other") } }, "mismatch"],
    [{ keyPackage: { ...keyPackage, ciphersuite: 2 } }, "mismatch"],
    [{ keyPackage: { ...keyPackage, signatureKey: new Uint8Array(32) } }, "mismatch"],
    [{ keyPackage: { ...keyPackage, notAfter: NOW } }, "mismatch"],
    [{ keyPackage: { ...keyPackage, lastResort: true } }, "mismatch"],
    [{ now: NOW + 61, maxAgeSeconds: 60 }, "too_old"],
    [{ now: NOW - 301 }, "not_yet"],
  ])("is held against what is expected: %j", (expected, code) => {
    expect(codeOf(receipt, expected)).toBe(code);
  });
});

const claim = (change: Partial<ClaimBody> = {}): Receipt => ({ kind: "claim", body: { ...claimed, ...change } });
const common = { iss: ISSUER, iat: NOW, sub: "alice", client: "phone", registered_at: NOW - 1000 };
const registered = (key: string, change = {}): Receipt => ({
  kind: "registration",
  body: { ...common, signature_keys_sha256: { ed25519: hash(key) }, ...change },
});
const inStock = (iat: number, change = {}): Receipt => ({
  kind: "publication",
  body: { ...common, iat, mode: "add", key_package_refs: [hash("package")], ...change },
});
const ended = (iat: number, change = {}): Receipt => ({
  kind: "revocation",
  body: { ...common, iat, purged: 1, ...change },
});

const TABLET = { client: "tablet" };
const OTHER = { key_package_ref: hash("other") };
/** A registration that began before the other was last heard of. */
const NEXT = { registered_at: NOW - 301 };
const P256 = { signature_scheme: "ecdsa_secp256r1_sha256", signature_key_sha256: hash("p256") };
const BOTH = {
  signature_keys_sha256: { ed25519: hash("key"), [P256.signature_scheme]: P256.signature_key_sha256 },
};

describe("two receipts", () => {
  it.each<[string, Receipt, Receipt, readonly string[]]>([
    ["of one claim, as after a replay", claim(), claim(), []],
    ["of two packages", claim(), claim({ claim: 8, key_package_ref: hash("other") }), []],
    ["of one last resort", claim({ use: "last_resort" }), claim({ use: "last_resort", claim: 8 }), []],
    ["of one package that two users uploaded", claim(), claim({ claim: 8, sub: "carol" }), []],
    ["of two directories", claim(), claim({ claim: 8, iss: "https://other.example" }), []],
    ["of one one-time package in two claims", claim(), claim({ claim: 8, aud: "carol" }), ["given_twice"]],
    ["of one package in two kinds", claim(), claim({ claim: 8, use: "last_resort" }), ["kind_changed"]],
    ["of one claim by two claimers", claim(), claim({ aud: "carol" }), ["claim_reused"]],
    ["of one package at two clients", claim(), claim({ client: "tablet" }), ["package_changed"]],
    ["of one package with two lifetimes", claim(), claim({ not_after: NOW }), ["package_changed"]],
    [
      "of one registration with two keys",
      claim(),
      claim({ claim: 8, key_package_ref: hash("other"), signature_key_sha256: hash("ghost") }),
      ["key_changed"],
    ],
    [
      "of two registrations with two keys",
      claim(),
      claim({ claim: 8, key_package_ref: hash("o"), signature_key_sha256: hash("new"), registered_at: NOW }),
      [],
    ],
    ["of a claim and the registration that it rests on", claim(), registered("key"), []],
    ["of a claim and a registration with another key", claim(), registered("ghost"), ["key_changed"]],
    ["of two registrations under one time", registered("key"), registered("ghost"), ["key_changed"]],
    ["of a claim after the upload", claim(), inStock(NOW - 500), []],
    ["of a claim, and an upload within the clocks' tolerance", claim(), inStock(NOW + 300), []],
    ["of a package in stock after it was given", claim(), inStock(NOW + 301), ["in_stock_after_given"]],
    ["of a last resort in stock after it was given", claim({ use: "last_resort" }), inStock(NOW + 301), []],
    ["of a claim before the end", claim(), ended(NOW), []],
    ["of a claim, and an end within the clocks' tolerance", claim(), ended(NOW - 300), []],
    ["of a claim after the end", claim(), ended(NOW - 301), ["given_after_revocation"]],
    ["of a claim after the end of an earlier registration", claim(), ended(NOW - 900, { registered_at: 5 }), []],

    // One reference.
    ["of a package published by another client", claim(), inStock(NOW - 500, TABLET), ["package_changed"]],
    ["of a last resort of another client", claim({ use: "last_resort" }), inStock(NOW, TABLET), ["package_changed"]],
    ["of one package in stock of two clients", inStock(NOW), inStock(NOW + 9, TABLET), ["package_changed"]],
    [
      "of one package under two registrations",
      inStock(NOW - 900),
      inStock(NOW, { registered_at: NOW - 99 }),
      ["package_changed"],
    ],
    ["of one package of two users", inStock(NOW), inStock(NOW, { ...TABLET, sub: "carol" }), []],
    ["of one package twice in stock", inStock(NOW - 500), inStock(NOW), []],
    ["of two clients with stock", inStock(NOW), inStock(NOW, { ...TABLET, key_package_refs: [hash("other")] }), []],
    ["of a claim of before registrations were noted", claim({ registered_at: undefined }), inStock(NOW - 500), []],

    // One claim.
    ["of one claim at two times", claim(), claim({ ...OTHER, iat: NOW + 1 }), ["claim_reused"]],
    ["of one claim with two packages of a suite", claim(), claim(OTHER), ["claim_reused"]],
    [
      "of one claim of two registrations",
      claim(),
      claim({ ...OTHER, ciphersuite: 2, registered_at: NOW - 9 }),
      ["claim_reused"],
    ],
    ["of a bundle", claim(), claim({ ...OTHER, ciphersuite: 2 }), []],
    ["of one claim of two clients", claim(), claim({ ...OTHER, ...TABLET, signature_key_sha256: hash("other") }), []],
    [
      "of an earlier claim with a higher number",
      claim(),
      claim({ ...OTHER, claim: 8, iat: NOW - 301 }),
      ["claims_out_of_order"],
    ],
    ["of claims within the clocks' tolerance", claim(), claim({ ...OTHER, claim: 8, iat: NOW - 300 }), []],
    ["of claims of two users", claim(), claim({ ...OTHER, claim: 8, iat: NOW - 900, sub: "carol" }), []],

    // One registration.
    ["of an upload after the end", inStock(NOW + 301), ended(NOW), ["in_stock_after_revocation"]],
    ["of an upload within the clocks' tolerance", inStock(NOW + 300), ended(NOW), []],
    ["of an upload before the end", inStock(NOW - 900), ended(NOW), []],
    ["of an upload by the next registration", inStock(NOW + 301, { registered_at: NOW + 1 }), ended(NOW), []],
    [
      "of a registration after its end",
      registered("key", { iat: NOW + 301 }),
      ended(NOW),
      ["registered_after_revocation"],
    ],
    ["of a registration within the clocks' tolerance", registered("key", { iat: NOW + 300 }), ended(NOW), []],
    ["of a registration that ended later", registered("key"), ended(NOW + 900), []],
    ["of the next registration", registered("new", { iat: NOW + 900, registered_at: NOW + 900 }), ended(NOW), []],
    ["of two ends", ended(NOW), ended(NOW + 1), ["revoked_twice"]],
    ["of two ends that purged", ended(NOW), ended(NOW, { purged: 2 }), ["revoked_twice"]],
    ["of an end that was asked for twice", ended(NOW), ended(NOW, { purged: 0 }), []],
    ["of the ends of two registrations", ended(NOW - 500), ended(NOW, { registered_at: NOW - 400 }), []],
    ["of the ends of two clients", ended(NOW), ended(NOW + 900, TABLET), []],
    [
      "of two registrations that were in force together",
      claim(),
      registered("new", { iat: NOW - 301, registered_at: NOW - 301 }),
      ["registrations_overlap"],
    ],
    [
      "of an end after the next registration",
      ended(NOW),
      inStock(NOW, { ...NEXT, key_package_refs: [] }),
      ["registrations_overlap"],
    ],
    ["of two registrations one after the other", claim(), registered("new", { registered_at: NOW - 300 }), []],
    [
      "of a registration that lost a key",
      registered("key", BOTH),
      registered("key", { iat: NOW + 301 }),
      ["key_changed"],
    ],
    ["of a claim under a key that was lost", claim(P256), registered("key", { iat: NOW + 301 }), ["key_changed"]],
    ["of a registration that got a key", registered("key"), registered("key", { ...BOTH, iat: NOW + 301 }), []],
    ["of a claim under a key that came later", claim(P256), registered("key", { iat: NOW - 900 }), []],
  ])("%s: %#", (_, a, b, codes) => {
    const found = (list: readonly Receipt[]) => contradictions(list).map(({ code, between }) => [code, ...between]);
    expect(found([a, b])).toEqual(codes.map((code) => [code, 0, 1]));
    expect(found([b, a])).toEqual(codes.map((code) => [code, 0, 1]));
  });

  it("are found among many, and named by their places", () => {
    const many = [claim(), inStock(NOW - 500), registered("key"), claim({ claim: 8 })];
    expect(contradictions(many).map(({ code, between }) => [code, between])).toEqual([["given_twice", [0, 3]]]);
  });
});
