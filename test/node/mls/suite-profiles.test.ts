/** Suites beyond RFC 9420: which number means what, their packages made and validated, and every refusal of a table. */
import { describe, expect, it } from "vitest";
import { admit } from "../../../src/admission/admit.ts";
import {
  BasicCredential,
  type CiphersuiteInfo,
  generateKeyPackages,
  Kem,
  KeyPackage,
  KeyPackageIn,
  newIdentity,
  nobleCrypto,
  PROFILES,
  RFC_9420,
  readProfile,
  type SuiteProfile,
  suiteOf,
  validateKeyPackage,
} from "../../../src/mls/index.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { algorithmNames } from "../../../src/mls/profile-table.ts";
import { fromHex, readShared, sharedMissing, toHex } from "../support/vectors.ts";

const NOW = 1_800_000_000;

function profileNamed(name: string): SuiteProfile {
  const profile = PROFILES.find((one) => one.name === name);
  if (!profile) throw new Error(`no profile ${name}`);
  return profile;
}

const ownSuites = (profile: SuiteProfile): readonly CiphersuiteInfo[] =>
  profile.suites.filter(({ ciphersuite }) => suiteOf(RFC_9420, ciphersuite) === undefined);

/** One suite for each combination of algorithms that a profile has beyond RFC 9420. */
const COMBINATIONS = [
  ...new Map(
    PROFILES.flatMap(ownSuites).map((suite) => [Object.values(algorithmNames(suite)).join(" "), suite] as const),
  ),
];

const combinationProfile = (suite: CiphersuiteInfo): SuiteProfile => ({
  name: "test",
  suites: [...RFC_9420.suites, suite],
});

async function packageOf(suite: CiphersuiteInfo, crypto = postQuantumCrypto): Promise<Uint8Array> {
  const identity = await newIdentity("alice", { ciphersuite: suite, crypto });
  const made = await generateKeyPackages({ identity, count: 1, now: NOW, crypto });
  if (!made.ok) throw new Error(made.error.message);
  const [bundle] = made.value;
  if (!bundle) throw new Error("expected a package");
  return bundle.keyPackage().bytes;
}

async function admissionOf(bytes: Uint8Array, suite: CiphersuiteInfo) {
  const profile = combinationProfile(suite);
  const policy = {
    profile,
    ciphersuites: profile.suites.map(({ ciphersuite }) => ciphersuite),
    maxKeyPackageBytes: 16_384,
    maxTotalLifetimeSeconds: undefined,
    uploadClockSkewSeconds: 300,
  };
  const [verdict] = await admit([bytes], { crypto: postQuantumCrypto, policy, publisher: {}, now: NOW });
  if (!verdict) throw new Error("expected a verdict");
  return verdict;
}

describe("a number alone never says the algorithms", () => {
  it.each([
    [0x4d, "openmls-0.9", "mlkem768-x25519, chacha20-poly1305, SHA-256, ed25519"],
    [0x4d, "ts-mls-1", "mlkem512, aes-256-gcm, SHA-256, ed25519"],
    [0x52, "openmls-0.9", "mlkem768-x25519, chacha20-poly1305, SHA-384, mldsa44"],
    [0x52, "ts-mls-1", "mlkem1024, chacha20-poly1305, SHA-512, ed25519"],
    [0x906, "openmls-0.9", "mlkem1024, aes-256-gcm, SHA-512, mldsa87"],
    [0xf007, "ts-mls-2", "mlkem512, aes-256-gcm, SHA-256, ed25519"],
    [0xf007, "wire", "mlkem768, aes-256-gcm, SHA-384, p256"],
    [0xf012, "ts-mls-2", "mlkem768-x25519, chacha20-poly1305, SHA-512, mldsa87"],
    [0xf00b, "wire", "mlkem1024, aes-256-gcm, SHA-384, mldsa87"],
    [0xf042, "air", "mlkem768, aes-256-gcm, SHA-384, ed25519"],
    [65_003, "mls-rs-aws-lc", "mlkem1024, aes-256-gcm, SHA-384, p384"],
    [65_100, "mls-rs-aws-lc", "mlkem768-x25519, aes-128-gcm, SHA-256, ed25519"],
  ])("%i in %s", (number, name, algorithms) => {
    const suite = suiteOf(profileNamed(name), number);
    const names = suite && Object.values(algorithmNames(suite)).join(", ");
    expect(names?.replace("ecdsa_secp256r1_sha256", "p256").replace("ecdsa_secp384r1_sha384", "p384")).toBe(algorithms);
  });

  it("every profile has RFC 9420's seven as they are, and each number once", () => {
    for (const { name, suites } of PROFILES) {
      const numbers = suites.map(({ ciphersuite }) => ciphersuite);
      expect(new Set(numbers).size, name).toBe(numbers.length);
      expect(suites.slice(0, 7), name).toEqual(RFC_9420.suites);
    }
  });

  it("the same bytes are another suite's under another profile, and unknown under RFC 9420's", async () => {
    const openMls = profileNamed("openmls-0.9");
    const suite = suiteOf(openMls, 0x4d);
    if (!suite) throw new Error("expected 0x004D");
    const bytes = await packageOf(suite);
    expect((await validateKeyPackage(bytes, { now: NOW, profile: openMls })).ok).toBe(true);
    expect(KeyPackageIn.fromBytes(bytes)).toMatchObject({ ok: false, error: { code: "UnknownCiphersuite" } });
    const other = suiteOf(profileNamed("ts-mls-1"), 0x4d);
    if (!other) throw new Error("expected 77");
    expect(await admissionOf(bytes, other)).toMatchObject({ ok: false, code: "invalid_init_key" });
  });
});

describe("packages of OpenMLS 0.9", () => {
  it.skipIf(sharedMissing)(
    `validate, all of them, with the references that OpenMLS gives them ${sharedMissing ?? ""}`,
    async () => {
      type Vectors = { clock: number; cases: { name: string; suite: string; hex: string; ref: string }[] };
      const { clock, cases } = readShared<Vectors>("pq-openmls.json");
      expect(cases.length).toBeGreaterThan(0);
      const profile = profileNamed("openmls-0.9");
      for (const { name, suite, hex, ref } of cases) {
        const result = await validateKeyPackage(fromHex(hex), { now: clock, crypto: postQuantumCrypto, profile });
        if (!result.ok) throw new Error(`${name}: ${result.error.message}`);
        expect([result.value.ciphersuite(), toHex((await result.value.hashRef(nobleCrypto)).bytes)], name).toEqual([
          Number.parseInt(suite, 16),
          ref,
        ]);
      }
      const covered = new Set(cases.map(({ suite }) => Number.parseInt(suite, 16)));
      expect(ownSuites(profile).filter(({ ciphersuite }) => !covered.has(ciphersuite))).toEqual([]);
    },
  );
});

describe.each(COMBINATIONS)("%s", (_, suite) => {
  it("makes packages that validate and are admitted, and no signature with a bit flipped", async () => {
    const bytes = await packageOf(suite);
    const profile = combinationProfile(suite);
    const validated = await validateKeyPackage(bytes, { now: NOW, crypto: postQuantumCrypto, profile });
    if (!validated.ok) throw new Error(validated.error.message);
    const ref = await validated.value.hashRef(postQuantumCrypto);
    expect(ref.bytes).toHaveLength(suite.hashBytes);
    expect(await admissionOf(bytes, suite)).toMatchObject({ ok: true });
    expect(bytes.length).toBeLessThan(16_384);

    const leafSignature = validated.value.leafNode().signature();
    const flippedLeaf = flippedAt(bytes, indexOf(bytes, leafSignature) + 40);
    expect(await admissionOf(flippedLeaf, suite)).toMatchObject({ ok: false, code: "invalid_leaf_node_signature" });
    const flipped = flippedAt(bytes, bytes.length - 1);
    expect(await admissionOf(flipped, suite)).toMatchObject({ ok: false, code: "invalid_signature" });
  });

  it("refuses init and encryption keys that are not keys of the KEM", async () => {
    for (const which of ["init", "encryption"] as const) {
      for (const [defect, broken] of brokenKeys(suite)) {
        const bytes = await packageOf(suite, withBrokenKey(which, broken));
        const verdict = await admissionOf(bytes, suite);
        expect(verdict).toMatchObject({
          ok: false,
          code: `invalid_${which}_key`,
          detail: expect.stringContaining(`"${defect}"`),
        });
      }
    }
  });

  it("refuses a signature key of another length", async () => {
    const bytes = await packageWithSignatureKey(suite, (key) => key.slice(1));
    expect(await admissionOf(bytes, suite)).toMatchObject({ ok: false, code: "invalid_signature_key" });
  });
});

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  const at = Buffer.from(bytes).indexOf(part);
  if (at < 0) throw new Error("expected the part in the bytes");
  return at;
}

function flippedAt(bytes: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

type Break = (key: Uint8Array) => Uint8Array;

/** A provider whose first or second key pair has a public key that is changed. */
function withBrokenKey(which: "init" | "encryption", broken: Break): typeof postQuantumCrypto {
  let made = 0;
  return {
    ...postQuantumCrypto,
    deriveKeyPair: async (suite, ikm) => {
      const pair = await postQuantumCrypto.deriveKeyPair(suite, ikm);
      const isIt = made++ === (which === "init" ? 0 : 1);
      return isIt ? { ...pair, publicKey: broken(pair.publicKey) } : pair;
    },
  };
}

/** 3329 as the first coefficient, and as the last one of the polynomials. */
const firstCoefficientIsQ: Break = (key) => Uint8Array.of(0x01, ((key[1] ?? 0) & 0xf0) | 0x0d, ...key.subarray(2));
const coefficientIsQAt =
  (end: number): Break =>
  (key) => {
    const copy = Uint8Array.from(key);
    copy[end - 2] = ((copy[end - 2] ?? 0) & 0x0f) | 0x10;
    copy[end - 1] = 0xd0;
    return copy;
  };

function brokenKeys({ kem }: CiphersuiteInfo): readonly (readonly [defect: string, Break])[] {
  const curveBytes = { [Kem.MLKEM768_X25519]: 32, [Kem.MLKEM768_P256]: 65, [Kem.MLKEM1024_P384]: 97 } as const;
  const curve = kem in curveBytes ? curveBytes[kem as keyof typeof curveBytes] : 0;
  const seed = 32;
  const always = [
    ["wrong length", (key: Uint8Array) => key.slice(1)],
    ["wrong length", (key: Uint8Array) => Uint8Array.of(...key, 0)],
    ["coefficient out of range", firstCoefficientIsQ],
    ["coefficient out of range", (key: Uint8Array) => coefficientIsQAt(key.length - curve - seed)(key)],
  ] as const;
  if (curve === 0) return always;
  if (kem === Kem.MLKEM768_X25519) {
    return [...always, ["small order", (key) => Uint8Array.of(...key.subarray(0, -curve), ...new Uint8Array(curve))]];
  }
  return [
    ...always,
    ["not on the curve", (key) => flippedAt(key, key.length - 1)],
    ["not canonical", (key) => Uint8Array.of(...key.subarray(0, -curve), 5, ...key.subarray(1 - curve))],
  ];
}

/** Its signatures are real, by the real key. */
async function packageWithSignatureKey(suite: CiphersuiteInfo, broken: Break): Promise<Uint8Array> {
  const { signer } = await newIdentity("alice", { ciphersuite: suite, crypto: postQuantumCrypto });
  const crypto = { ...postQuantumCrypto, verify: async () => true };
  const { SignaturePublicKey } = await import("../../../src/mls/index.ts");
  const identity = {
    ciphersuite: suite,
    credential: new BasicCredential("alice").toCredential(),
    signer,
    signatureKey: new SignaturePublicKey(broken(signer.publicKey().bytes)),
  };
  const made = await KeyPackage.create({ identity, crypto, now: NOW });
  if (!made.ok) throw new Error(made.error.message);
  return made.value.keyPackage().bytes;
}

describe("providers", () => {
  it("without ML-DSA say so instead of judging, and none makes keys that it has no KEM for", async () => {
    const suite = suiteOf(profileNamed("openmls-0.9"), 0x907);
    const hybrid = suiteOf(profileNamed("openmls-0.9"), 0x4d);
    if (!suite || !hybrid) throw new Error("expected the suites");
    expect([nobleCrypto.supports(suite), nobleCrypto.supports(hybrid), nobleCrypto.supports(hybrid, "make")]).toEqual([
      false,
      true,
      false,
    ]);
    expect([postQuantumCrypto.supports(suite, "make"), postQuantumCrypto.supports(hybrid, "make")]).toEqual([
      true,
      true,
    ]);
    const item = { publicKey: new Uint8Array(2592), message: new Uint8Array(1), signature: new Uint8Array(4627) };
    await expect(nobleCrypto.verify(suite.signatureScheme, item, "strict")).rejects.toThrow("ML-DSA");
    await expect(nobleCrypto.deriveKeyPair(hybrid, new Uint8Array(32))).rejects.toThrow("ML-KEM");
    const identity = await newIdentity("alice", { ciphersuite: hybrid });
    const made = await KeyPackage.create({ identity, crypto: nobleCrypto, now: NOW });
    expect(made).toMatchObject({ ok: false, error: { code: "UnsupportedCiphersuite", ciphersuite: 0x4d } });
    const bytes = await packageOf(suite);
    const validated = await validateKeyPackage(bytes, { now: NOW, profile: profileNamed("openmls-0.9") });
    expect(validated).toMatchObject({ ok: false, error: { code: "UnsupportedCiphersuite", ciphersuite: 0x907 } });
  });
});

describe("a table of one's own", () => {
  const entry = {
    name: "MY_SUITE",
    kem: "mlkem768-x25519",
    aead: "aes-256-gcm",
    hash: "SHA-384",
    signature: "mldsa65",
  };
  const table = (value: unknown): string => JSON.stringify(value);

  it("adds suites to RFC 9420's", () => {
    const read = readProfile(table({ "0xF0AA": entry, "61000": { ...entry, kem: "dhkem-x448", signature: "ed448" } }));
    if (!read.ok) throw new Error(read.error);
    expect(read.value.name).toBe("custom");
    const suite = suiteOf(read.value, 0xf0aa);
    expect(suite).toMatchObject({
      name: "MY_SUITE",
      kemPublicKeyBytes: 1216,
      signaturePublicKeyBytes: 1952,
      hashBytes: 48,
    });
    expect(suite && algorithmNames(suite)).toEqual({
      kem: "mlkem768-x25519",
      aead: "aes-256-gcm",
      hash: "SHA-384",
      signature: "mldsa65",
    });
    expect(suiteOf(read.value, 61_000)?.kemPublicKeyBytes).toBe(56);
    expect(suiteOf(read.value, 1)).toEqual(suiteOf(RFC_9420, 1));
  });

  it("names of profiles are read as they are", () => {
    for (const profile of PROFILES) expect(readProfile(profile.name)).toEqual({ ok: true, value: profile });
  });

  it.each([
    ["openmls", "must be one of rfc9420, openmls-0.9, ts-mls-1, ts-mls-2, air, wire, mls-rs-aws-lc, or a table"],
    ["{", "is not JSON"],
    ["{}", "must have 1 to 32 suites, got 0"],
    [table(Object.fromEntries(Array.from({ length: 33 }, (_, i) => [String(100 + i), entry]))), "got 33"],
    [table({ "0x0001": entry }), "must leave 0x0001 alone"],
    [table({ "0xF0AA": entry, "61610": entry }), "has 0xF0AA twice"],
    [table({ "0": entry }), "must have numbers from 1 to 65535"],
    [table({ "0x0000": entry }), "must have numbers from 1 to 65535"],
    [table({ "65536": entry }), "must have numbers from 1 to 65535"],
    [table({ suite: entry }), "must have numbers from 1 to 65535"],
    [table({ "0xF0AA": "mlkem" }), "must give 0xF0AA a name"],
    [table({ "0xF0AA": null }), "must give 0xF0AA a name"],
    [table({ "0xF0AA": { ...entry, name: "two words" } }), "must give 0xF0AA a name"],
    [table({ "0xF0AA": { ...entry, name: "x".repeat(81) } }), "must give 0xF0AA a name"],
    [table({ "0xF0AA": { ...entry, kdf: "HKDF" } }), "has a member of 0xF0AA that is not one of name, kem"],
    [table({ "0xF0AA": { ...entry, kem: "kyber" } }), "must give 0xF0AA as kem one of dhkem-p256"],
    [table({ "0xF0AA": { ...entry, aead: "des" } }), "must give 0xF0AA as aead one of aes-128-gcm"],
    [table({ "0xF0AA": { ...entry, hash: "MD5" } }), "must give 0xF0AA as hash one of SHA-256"],
    [
      table({ "0xF0AA": { ...entry, signature: "rsa" } }),
      "must give 0xF0AA as signature one of ecdsa_secp256r1_sha256",
    ],
  ])("%s is refused", (text, fault) => {
    const read = readProfile(text);
    expect(read.ok ? "ok" : read.error).toContain(fault);
  });
});

describe("DeriveKeyPair of draft-ietf-hpke-pq", () => {
  it("is deterministic and differs by KEM and input", async () => {
    const keys = await Promise.all(
      COMBINATIONS.map(([, suite]) => postQuantumCrypto.deriveKeyPair(suite, new Uint8Array(32).fill(7))),
    );
    const again = await Promise.all(
      COMBINATIONS.map(([, suite]) => postQuantumCrypto.deriveKeyPair(suite, new Uint8Array(32).fill(7))),
    );
    expect(again).toEqual(keys);
    const kems = new Set(COMBINATIONS.map(([, { kem }]) => kem));
    expect(new Set(keys.map(({ privateKey }) => toHex(privateKey))).size).toBe(kems.size);
  });
});
