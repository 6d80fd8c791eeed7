/** The library as an application uses it: identities, packages in numbers, verdicts. */
import { describe, expect, it, vi } from "vitest";
import { batchVerifier } from "../../../src/mls/crypto/batch-verifier.ts";
import {
  CIPHERSUITES,
  type CryptoProvider,
  ciphersuiteInfo,
  generateKeyPackages,
  InMemoryKeyPackageStorage,
  inspectKeyPackage,
  KeyPackage,
  KeyPackageIn,
  Lifetime,
  newIdentity,
  nobleCrypto,
  ProtocolVersion,
  validateKeyPackage,
  validateKeyPackages,
} from "../../../src/mls/index.ts";
import { FORGED_NOW, forge } from "../../support/forge.ts";

const NOW = FORGED_NOW;

async function packages(count: number, lastResort = false) {
  const identity = await newIdentity("alice");
  const made = await generateKeyPackages({ identity, count, lastResort, now: NOW });
  if (!made.ok) throw new Error(made.error.message);
  return { identity, bundles: made.value };
}

describe("copies", () => {
  it("are copies where a package was read from a Buffer of Node", async () => {
    const { bundles } = await packages(1);
    const received = KeyPackageIn.fromBytes(Buffer.from(bundles.map((one) => one.keyPackage().bytes)[0] ?? []));
    if (!received.ok) throw new Error(received.error.message);
    const key = received.value.unverified().leafNode.signatureKey();
    for (const copy of [() => key.bytes, () => received.value.tlsSerialize()]) {
      const before = copy().toString();
      copy().fill(0);
      expect(copy().toString()).toBe(before);
    }
  });
});

describe("generating", () => {
  it("waits between two packages for whoever is told of the progress", async () => {
    const identity = await newIdentity("alice");
    const order: string[] = [];
    const onProgress = async ({ done }: { done: number }) => {
      order.push(`made ${done}`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`drew ${done}`);
    };
    expect(await generateKeyPackages({ identity, count: 2, now: NOW, onProgress })).toMatchObject({ ok: true });
    expect(order).toEqual(["made 1", "drew 1", "made 2", "drew 2"]);
  });

  it("makes so many packages, each with keys of its own, and the last resort last", async () => {
    const seen: unknown[] = [];
    const identity = await newIdentity("alice");
    const storage = new InMemoryKeyPackageStorage();
    const made = await generateKeyPackages({
      identity,
      count: 3,
      lastResort: true,
      now: NOW,
      storage,
      onProgress: (progress) => seen.push(progress),
    });
    const bundles = made.ok ? made.value : [];
    expect(bundles.map((bundle) => bundle.keyPackage().lastResort())).toEqual([false, false, false, true]);
    expect(new Set(bundles.map((bundle) => bundle.keyPackage().hpkeInitKey().asSlice().join())).size).toBe(4);
    expect(seen).toEqual([1, 2, 3, 4].map((done) => ({ done, count: 4 })));
    for (const bundle of bundles) {
      const ref = await bundle.keyPackage().hashRef(nobleCrypto);
      expect(await storage.readKeyPackage(ref)).toBe(bundle);
      expect(await validateKeyPackage(bundle.keyPackage().bytes, { now: NOW })).toMatchObject({ ok: true });
    }
  });

  it.each(CIPHERSUITES)("makes packages of suite %i that validate", async (ciphersuite) => {
    const identity = await newIdentity("alice", { ciphersuite });
    const made = await KeyPackage.create({ identity, crypto: nobleCrypto, now: NOW });
    if (!made.ok) throw new Error(made.error.message);
    expect(await validateKeyPackage(made.value.keyPackage().toMlsMessage(), { now: NOW })).toMatchObject({ ok: true });
  });

  it("ends where its signal says, between two packages", async () => {
    const identity = await newIdentity("alice");
    const abort = new AbortController();
    const generating = generateKeyPackages({
      identity,
      count: 100,
      now: NOW,
      signal: abort.signal,
      onProgress: ({ done }) => done === 2 && abort.abort(new Error("enough")),
    });
    await expect(generating).rejects.toThrow("enough");
  });

  it("says what fails, and refuses a count that is none", async () => {
    const identity = await newIdentity("alice");
    const made = await generateKeyPackages({
      identity: { ...identity, signer: { signatureScheme: 0x0403, sign: async () => new Uint8Array() } },
      count: 1,
      now: NOW,
    });
    expect(made).toMatchObject({ ok: false, error: { code: "CiphersuiteSignatureSchemeMismatch" } });
    await expect(generateKeyPackages({ identity, count: -1, now: NOW })).rejects.toThrow(RangeError);
    await expect(generateKeyPackages({ identity, count: 0.5, now: NOW })).rejects.toThrow(RangeError);
  });

  it("overwrites private keys when it is told to", async () => {
    const { bundles } = await packages(1);
    const [bundle] = bundles;
    if (!bundle) throw new Error("expected a bundle");
    expect(
      bundle
        .initPrivateKey()
        .asSlice()
        .some((byte) => byte !== 0),
    ).toBe(true);
    bundle.wipe();
    for (const key of [bundle.initPrivateKey(), bundle.encryptionPrivateKey()]) {
      expect(key.asSlice().every((byte) => byte === 0)).toBe(true);
    }
  });
});

describe("validating", () => {
  const defects = [
    forge(),
    forge({ breakSignature: true }),
    forge({ breakLeafSignature: true }),
    forge({ notAfter: BigInt(NOW - 1) }),
    forge({ notBefore: BigInt(NOW + 1) }),
    forge({ version: 2 }),
    forge({ source: 3 }),
    forge({ ciphersuite: 2 }),
    forge({ ciphersuite: 4 }),
    forge({ ciphersuite: 2, breakSignature: true }),
    forge().slice(0, 99),
    new Uint8Array(),
  ];

  it("gives many at once the verdicts that each gets alone, and that OpenMLS's order of checks gives", async () => {
    const together = await validateKeyPackages(defects, { now: NOW });
    const codes = together.map((result) => (result.ok ? "ok" : result.error.code));
    for (const [index, bytes] of defects.entries()) {
      const alone = await validateKeyPackage(bytes, { now: NOW });
      expect(alone.ok ? "ok" : alone.error.code).toBe(codes[index]);
      const decoded = KeyPackageIn.fromBytes(bytes);
      const checked = decoded.ok
        ? await decoded.value.validate(nobleCrypto, ProtocolVersion.Mls10, { now: NOW })
        : decoded;
      expect(checked.ok ? "ok" : checked.error.code).toBe(codes[index]);
    }
    expect(new Set(codes).size).toBeGreaterThan(6);
  });

  it("verifies the signatures of a hundred in one call for each scheme", async () => {
    const verifyMany = vi.spyOn(batchVerifier, "verifyMany");
    const verify = vi.spyOn(batchVerifier, "verify");
    const list = [...Array.from({ length: 100 }, () => forge()), forge({ ciphersuite: 2 })];
    expect((await validateKeyPackages(list, { now: NOW })).every(({ ok }) => ok)).toBe(true);
    expect(verifyMany.mock.calls.map(([, items]) => items.length)).toEqual([200, 2]);
    expect(verify).not.toHaveBeenCalled();
    verifyMany.mockRestore();
    verify.mockRestore();
  });

  it("says that a suite is not supported by the provider that it was given", async () => {
    const one: CryptoProvider = { ...nobleCrypto, supports: (suite) => ciphersuiteInfo(suite).ciphersuite === 1 };
    const results = await validateKeyPackages([forge(), forge({ ciphersuite: 3 })], { now: NOW, crypto: one });
    expect(results).toMatchObject([{ ok: true }, { ok: false, error: { code: "UnsupportedCiphersuite" } }]);
  });

  it("is done with an empty list", async () => {
    expect(await validateKeyPackages([], { now: NOW })).toEqual([]);
  });

  it.each([undefined, Number.NaN, "x"])("valid at no time if the time is %j", async (now) => {
    const wrong = { now } as unknown as { now: number };
    for (const life of [{}, { notBefore: 0n, notAfter: 1n }]) {
      const bytes = forge(life);
      expect(await validateKeyPackage(bytes, wrong)).toMatchObject({ ok: false });
      expect(await validateKeyPackages([bytes], wrong)).toMatchObject([{ ok: false }]);
    }
    expect(Lifetime.init(0n, 10n ** 12n).isValid(wrong.now)).toBe(false);
  });
});

describe("inspecting", () => {
  it("shows every field as a plain value, whatever a check would say", async () => {
    const { bundles, identity } = await packages(0, true);
    const keyPackage = bundles[0]?.keyPackage();
    if (!keyPackage) throw new Error("expected a package");
    const inspected = inspectKeyPackage(keyPackage.toMlsMessage());
    expect(inspected).toMatchObject({
      ok: true,
      value: {
        encoding: "mls_message",
        version: 1,
        ciphersuite: { value: 1, name: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519" },
        lastResort: true,
        leafNode: {
          signatureKey: identity.signatureKey.bytes,
          credential: { type: 1, identity: new TextEncoder().encode("alice") },
          lifetime: { notBefore: Lifetime.default(NOW).notBefore, notAfter: Lifetime.default(NOW).notAfter },
        },
      },
    });
    expect(inspectKeyPackage(forge({ breakSignature: true })).ok).toBe(true);
    expect(inspectKeyPackage(forge().slice(1))).toMatchObject({ ok: false });
  });
});
