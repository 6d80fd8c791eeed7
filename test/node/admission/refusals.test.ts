import { describe, expect, it } from "vitest";
import { admit } from "../../../src/admission/admit.ts";
import type { AdmissionPolicy } from "../../../src/admission/policy.ts";
import { CIPHERSUITES } from "../../../src/mls/ciphersuite.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { webCrypto } from "../../../src/mls/crypto/webcrypto.ts";
import { KeyPackageIn } from "../../../src/mls/key-package/key-package-in.ts";
import { FORGED_NOW, type Forgery, forge } from "../../support/forge.ts";
import { forge448 } from "../crypto/ed448-forger.ts";
import { forge as forgeSignature, scalarOf, verdictByDefinition } from "../crypto/ed25519-forger.ts";

const POLICY: AdmissionPolicy = {
  ciphersuites: CIPHERSUITES,
  maxKeyPackageBytes: 16_384,
  maxTotalLifetimeSeconds: 7_261_200,
  uploadClockSkewSeconds: 300,
};

async function verdict(change: Partial<Forgery>, policy: AdmissionPolicy = POLICY) {
  const [only] = await admit([forge(change)], { crypto: nobleCrypto, policy, publisher: {}, now: FORGED_NOW });
  if (only === undefined) throw new Error("expected one verdict");
  return only;
}

async function code(change: Partial<Forgery>, policy?: AdmissionPolicy): Promise<string> {
  const result = await verdict(change, policy);
  return result.ok ? "ok" : result.code;
}

const none = new Uint8Array(0);
const now = BigInt(FORGED_NOW);

/** Component 0x0004 of an app data dictionary, with one byte. */
const LAST_RESORT_WITH_DATA = { extensionType: 6, data: Uint8Array.of(4, 0, 4, 1, 9) };

const littleEndian = (value: bigint, length: number) =>
  Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

describe("admission refuses", () => {
  it.each<[string, Partial<Forgery>]>([
    ["invalid_protocol_version", { version: 2 }],
    ["protocol_version_not_in_capabilities", { versions: [2] }],
    ["ciphersuite_not_in_capabilities", { ciphersuites: [2, 3] }],
    ["invalid_leaf_node_source_type", { source: 2 }],
    ["invalid_leaf_node_source_type", { source: 3 }],
    ["malformed", { source: 0 }],
    ["malformed", { source: 4 }],
    ["invalid_init_key", { initKey: new Uint8Array(31).fill(9) }],
    ["invalid_init_key", { initKey: new Uint8Array(32) }],
    ["invalid_encryption_key", { encryptionKey: new Uint8Array(33).fill(9) }],
    ["invalid_encryption_key", { encryptionKey: new Uint8Array(32) }],
    ["invalid_signature_key", { signatureKey: new Uint8Array(0) }],
    ["invalid_signature_key", { signatureKey: Uint8Array.of(1, ...new Uint8Array(31)) }],
    [
      "init_key_equals_encryption_key",
      { initKey: new Uint8Array(32).fill(9), encryptionKey: new Uint8Array(32).fill(9) },
    ],
    // The same coordinate: with the bit that X25519 leaves out, and with the prime of the field added to it.
    [
      "init_key_equals_encryption_key",
      { initKey: littleEndian(9n, 32), encryptionKey: littleEndian(9n + 2n ** 255n, 32) },
    ],
    [
      "init_key_equals_encryption_key",
      { initKey: littleEndian(9n + 2n ** 255n - 19n, 32), encryptionKey: littleEndian(9n, 32) },
    ],
    [
      "init_key_equals_encryption_key",
      {
        ciphersuite: 6,
        initKey: littleEndian(5n, 56),
        encryptionKey: littleEndian(5n + 2n ** 448n - 2n ** 224n - 1n, 56),
      },
    ],
    ["credential_not_in_capabilities", { credentials: [2] }],
    ["credential_not_in_capabilities", { credentialType: 0xf001 }],
    ["unsupported_credential_type", { credentialType: 0xf001, credentials: [0xf001] }],
    ["unsupported_credential_type", { credentialType: 0x0a0a, credentials: [0x0a0a] }],
    ["unsupported_credential_type", { credentialType: 2, credentials: [2] }],
    ["unsupported_extension", { keyPackageExtensions: [{ extensionType: 10, data: none }] }],
    ["unsupported_extension", { keyPackageExtensions: [{ extensionType: 0x0a0a, data: none }] }],
    ["leaf_extension_not_in_capabilities", { leafExtensions: [{ extensionType: 0xf000, data: none }] }],
    [
      "extension_type_not_valid_in_key_package",
      { keyPackageExtensions: [{ extensionType: 1, data: Uint8Array.of(0) }] },
    ],
    ["lifetime_expired", { notAfter: now }],
    ["lifetime_not_yet_valid", { notBefore: now + 301n }],
    ["lifetime_too_long", { notBefore: now - 3600n, notAfter: now + 7_257_601n }],
    ["lifetime_too_long", { notBefore: 0n, notAfter: 2n ** 64n - 1n }],
    ["lifetime_too_long", { notBefore: now + 200n, notAfter: now + 100n }],
    ["malformed", { extensions: [6], keyPackageExtensions: [LAST_RESORT_WITH_DATA] }],
    ["invalid_leaf_node_signature", { breakLeafSignature: true }],
    ["invalid_leaf_node_signature", { breakLeafSignature: true, breakSignature: true }],
    ["invalid_signature", { breakSignature: true }],
    ["too_large", { credential: new Uint8Array(17_000) }],
  ])("%s", async (expected, change) => {
    expect(await code(change)).toBe(expected);
  });

  it("Ed25519 signatures that hold with the cofactor only, and none that hold without it", async () => {
    const secret = scalarOf(5);
    const { publicKey } = forgeSignature(none, { secret, nonce: 1n, keyTorsion: 1 });
    const signed = (message: Uint8Array, equation: "exact" | "with cofactor") => {
      for (let nonce = 1; nonce < 1000; nonce++) {
        const item = forgeSignature(message, { secret, nonce: scalarOf(nonce), keyTorsion: 1, nonceTorsion: 3 });
        if (verdictByDefinition(item) === (equation === "exact")) return item.signature;
      }
      throw new Error("expected a nonce for which the components cancel out");
    };
    const cancelling = forge({ signatureKey: publicKey, signWith: (message) => signed(message, "exact") });
    const cofactored = forge({ signatureKey: publicKey, signWith: (message) => signed(message, "with cofactor") });
    const decoded = KeyPackageIn.fromBytes(cancelling);
    expect(decoded.ok && (await decoded.value.validate(nobleCrypto, 1, { now: FORGED_NOW })).ok).toBe(true);
    for (const crypto of [nobleCrypto, webCrypto]) {
      const context = { crypto, policy: POLICY, publisher: {}, now: FORGED_NOW };
      const verdicts = await admit([forge(), cancelling, cofactored, forge()], context);
      expect(verdicts.map((one) => (one.ok ? "ok" : one.code))).toEqual([
        "ok",
        "ok",
        "invalid_leaf_node_signature",
        "ok",
      ]);
    }
  });

  it("Ed448 signatures whose R has a component of small order", async () => {
    const { publicKey } = forge448(none, { nonce: 5n });
    const signed = (nonceTorsion: number) =>
      code({
        ciphersuite: 4,
        signatureKey: publicKey,
        signWith: (message) => forge448(message, { nonce: 5n, nonceTorsion }).signature,
      });
    expect([await signed(0), await signed(1), await signed(2)]).toEqual([
      "ok",
      "invalid_leaf_node_signature",
      "invalid_leaf_node_signature",
    ]);
  });

  it("a lifetime that ends before it begins, whatever the maximum", async () => {
    const reversed = { notBefore: now + 20n, notAfter: now + 10n };
    for (const maxTotalLifetimeSeconds of [0, 7_261_200, undefined]) {
      expect(await code(reversed, { ...POLICY, maxTotalLifetimeSeconds })).toBe("lifetime_too_long");
    }
  });

  it("with a detail that repeats nothing secret or personal, and no more than one line", async () => {
    const refused = await verdict({ credentials: [2], credential: new TextEncoder().encode("alice-in-person") });
    expect(refused).toMatchObject({ ok: false, detail: expect.stringMatching(/^[^\n]+$/) });
    expect(JSON.stringify(refused)).not.toContain("alice-in-person");
  });
});

describe("admission takes", () => {
  it("every ciphersuite, and each with its capabilities sorted, once, and without GREASE", async () => {
    for (const ciphersuite of CIPHERSUITES) {
      const admitted = await verdict({
        ciphersuite,
        extensions: [0xf002, 10, 0x1a1a, 10],
        proposals: [9, 8, 0xeaea],
        credentials: [2, 1, 0x0a0a],
      });
      expect(admitted).toMatchObject({
        ok: true,
        warnings: [],
        keyPackage: {
          ciphersuite,
          capabilities: { extensions: [10, 0xf002], proposals: [8, 9], credentials: [1, 2] },
        },
      });
    }
  });

  it("default types that are listed, with a warning", async () => {
    expect(await verdict({ proposals: [1] })).toMatchObject({ ok: true, warnings: ["default_type_listed"] });
    expect(await verdict({ extensions: [5] })).toMatchObject({ ok: true, warnings: ["default_type_listed"] });
  });

  it("a clock that is at most the skew ahead, and a lifetime that is exactly the longest", async () => {
    expect(await code({ notBefore: now + 300n })).toBe("ok");
    expect(await code({ notBefore: now - 3600n, notAfter: now + 7_257_600n })).toBe("ok");
  });

  it("an application id in the leaf that nothing lists, as a default type", async () => {
    expect(await code({ leafExtensions: [{ extensionType: 1, data: Uint8Array.of(1, 7) }] })).toBe("ok");
  });

  it("a last resort component with data in the leaf, where it has no meaning", async () => {
    expect(await code({ extensions: [6], leafExtensions: [LAST_RESORT_WITH_DATA] })).toBe("ok");
  });

  it("unlisted GREASE in the package's extensions only where the policy tolerates it", async () => {
    const grease = { keyPackageExtensions: [{ extensionType: 0x2a2a, data: none }] };
    const tolerant = { ...POLICY, tolerateUnlistedGreaseKeyPackageExtensions: true };
    expect(await code(grease)).toBe("unsupported_extension");
    expect(await code(grease, tolerant)).toBe("ok");
    const other = { keyPackageExtensions: [{ extensionType: 0xf000, data: none }] };
    expect(await code(other, tolerant)).toBe("unsupported_extension");
  });

  it("bytes in buffers of their own, so that what is stored carries no request with it", async () => {
    const item = forge();
    const [verdict] = await admit([item], { crypto: nobleCrypto, policy: POLICY, publisher: {}, now: FORGED_NOW });
    if (!verdict?.ok) throw new Error("expected a package");
    const { bytes, initKey, encryptionKey, signatureKey, ref } = verdict.keyPackage;
    expect(bytes).toEqual(item);
    for (const field of [bytes, initKey, encryptionKey, signatureKey, ref]) {
      expect(field.buffer).not.toBe(item.buffer);
      expect(field.buffer.byteLength).toBe(field.length);
    }
  });
});
