import { beforeAll, describe, expect, it } from "vitest";
import { type AdmissionContext, admit } from "../../../src/admission/admit.ts";
import { expectedIdentity, isAmbiguousIdentity } from "../../../src/admission/policy.ts";
import { CIPHERSUITES } from "../../../src/mls/ciphersuite.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import type { CryptoProvider } from "../../../src/mls/crypto/provider.ts";
import { newSigner, type SampleSigner, sampleKeyPackages } from "../../../tools/lib/sample-packages.ts";
import { FORGED_NOW, forge } from "../../support/forge.ts";

const ED25519 = 0x0807;
const NOW = 1_800_000_000;
const THIRTY_DAYS = 30 * 24 * 3600;

let signer: SampleSigner;

beforeAll(async () => {
  signer = await newSigner();
});

const sample = async (options: { count?: number; identity?: string; lastResort?: boolean } = {}) =>
  (await sampleKeyPackages({ identity: "alice", signer, count: 1, now: NOW, ...options })).map(
    (text) => new Uint8Array(Buffer.from(text, "base64url")),
  );

const context = (change: Partial<AdmissionContext> = {}): AdmissionContext => ({
  crypto: nobleCrypto,
  policy: {
    maxKeyPackageBytes: 16_384,
    maxTotalLifetimeSeconds: 7_261_200,
    uploadClockSkewSeconds: 300,
    ciphersuites: CIPHERSUITES,
  },
  publisher: {},
  now: NOW,
  ...change,
});

const codes = async (items: readonly Uint8Array[], change: Partial<AdmissionContext> = {}) =>
  (await admit(items, context(change))).map((verdict) => (verdict.ok ? "ok" : verdict.code));

describe("an identity made of user and client", () => {
  it.each([
    ["{user}:{client}", "alice", "phone", false],
    ["{user}:{client}", "alice:phone", "x", true],
    ["{user}:{client}", "alice", "phone:x", true],
    ["{user}::{client}", "alice:", "phone", true],
    ["{user}::{client}", "alice", ":phone", true],
    ["{client}/{user}@example.com", "a/b", "phone", true],
    ["{client}/{user}@example.com", "alice", "phone", false],
    ["{user}{client}", "alice", "phone", true],
    ["{user}", "alice:phone", "x", false],
    ["im:{user}", "alice:phone", "x", false],
    ["*", "alice:phone", "x", false],
  ])("%s of %s and %s could be another pair's: %s", (template, user, client, expected) => {
    expect(isAmbiguousIdentity(template, user, client)).toBe(expected);
  });
});

describe("the directory's policy", () => {
  it("forgives a client's clock that is a little ahead, and not more", async () => {
    const [item] = await sample();
    if (!item) throw new Error("no sample");
    const notBefore = NOW - 3600;
    expect(await codes([item], { now: notBefore - 300 })).toEqual(["ok"]);
    expect(await codes([item], { now: notBefore - 301 })).toEqual(["lifetime_not_yet_valid"]);
  });

  it("forgives nothing at the end of a lifetime, because that is when its tombstone goes", async () => {
    const items = await sample();
    expect(await codes(items, { now: NOW + THIRTY_DAYS - 1 })).toEqual(["ok"]);
    expect(await codes(items, { now: NOW + THIRTY_DAYS })).toEqual(["lifetime_expired"]);
  });

  it("has a maximum for the whole lifetime", async () => {
    const items = await sample();
    const exact = THIRTY_DAYS + 3600;
    const policy = context().policy;
    expect(await codes(items, { policy: { ...policy, maxTotalLifetimeSeconds: exact } })).toEqual(["ok"]);
    expect(await codes(items, { policy: { ...policy, maxTotalLifetimeSeconds: exact - 1 } })).toEqual([
      "lifetime_too_long",
    ]);
    expect(await codes(items, { policy: { ...policy, maxTotalLifetimeSeconds: undefined } })).toEqual(["ok"]);
  });

  it("bounds the capabilities of each kind, warns below the bound, and says which and how many", async () => {
    const able = (extensions: number) =>
      forge({ extensions: Array.from({ length: extensions }, (_, index) => 0xf001 + index) });
    const verdicts = await admit([able(64), able(65), able(128), able(129)], context({ now: FORGED_NOW }));
    expect(verdicts.map((verdict) => (verdict.ok ? verdict.warnings : verdict.detail))).toEqual([
      [],
      ["many_capabilities"],
      ["many_capabilities"],
      "expected at most 128 code points in capabilities.extensions, got 129",
    ]);
  });

  it("accepts only the ciphersuites of the deployment, and packages up to its size", async () => {
    const items = await sample();
    const policy = context().policy;
    expect(await codes(items, { policy: { ...policy, ciphersuites: [2] } })).toEqual(["unsupported_ciphersuite"]);
    const size = items[0]?.length ?? 0;
    expect(await codes(items, { policy: { ...policy, maxKeyPackageBytes: size } })).toEqual(["ok"]);
    expect(await codes(items, { policy: { ...policy, maxKeyPackageBytes: size - 1 } })).toEqual(["too_large"]);
  });

  it("holds a publisher to its identity and to its registered key", async () => {
    const items = await sample();
    expect(await codes(items, { publisher: { identity: "alice" } })).toEqual(["ok"]);
    expect(await codes(items, { publisher: { identity: "alic" } })).toEqual(["credential_identity_mismatch"]);
    const signatureKeys = new Map([[ED25519, new Uint8Array(signer.publicKey)]]);
    expect(await codes(items, { publisher: { signatureKeys } })).toEqual(["ok"]);
    expect(await codes(items, { publisher: { signatureKeys: new Map() } })).toEqual(["signature_key_mismatch"]);
    signatureKeys.set(ED25519, new Uint8Array(32).fill(9));
    expect(await codes(items, { publisher: { signatureKeys } })).toEqual(["signature_key_mismatch"]);
  });

  it("judges each package by itself: bad ones in the middle do not touch their neighbours", async () => {
    const items = await sample({ count: 6 });
    const broken = items.map((item) => item.slice());
    const flip = (index: number, from: "start" | "end") => {
      const item = broken[index];
      if (!item) throw new Error("no sample");
      const at = from === "end" ? item.length - 1 : 10;
      item[at] = (item[at] ?? 0) ^ 1;
    };
    flip(1, "end");
    broken[3] = broken[3]?.subarray(0, 100) ?? new Uint8Array();
    flip(4, "start");
    expect(await codes(broken)).toEqual(["ok", "invalid_signature", "ok", "malformed", "invalid_signature", "ok"]);
  });

  it("checks no signature of a package that fails a cheaper check, and all others in one call for each scheme", async () => {
    const calls: number[] = [];
    const counting: CryptoProvider = {
      ...nobleCrypto,
      verify: () => Promise.reject(new Error("one at a time")),
      verifyMany: (scheme, items, policy) => {
        calls.push(items.length);
        return nobleCrypto.verifyMany(scheme, items, policy);
      },
    };
    const good = await sample({ count: 3 });
    const foreign = await sample({ count: 2, identity: "mallory" });
    await admit(
      [...good, ...foreign, new Uint8Array(3)],
      context({ crypto: counting, publisher: { identity: "alice" } }),
    );
    expect(calls).toEqual([6]);
  });

  it("knows a last resort by its bytes", async () => {
    const [verdict] = await admit(await sample({ lastResort: true }), context());
    expect(verdict?.ok && verdict.keyPackage.lastResort).toBe(true);
  });
});

describe("the identity template", () => {
  it("fills in user and client, once, whatever they contain", () => {
    expect(expectedIdentity("{user}", "alice", "phone")).toBe("alice");
    expect(expectedIdentity("{user}:{client}@example.com", "a", "b")).toBe("a:b@example.com");
    expect(expectedIdentity("{user}:{client}", "{client}", "$&")).toBe("{client}:$&");
    expect(expectedIdentity("*", "alice", "phone")).toBeUndefined();
  });
});
