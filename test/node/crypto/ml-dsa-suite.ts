import { describe, expect, test } from "vitest";
import { type MlDsaScheme, SignatureScheme, signaturePublicKeyBytes } from "../../../src/mls/ciphersuite.ts";
import type { CryptoProvider, SignatureItem } from "../../../src/mls/crypto/provider.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";

/** What every provider with ML-DSA has to do, to be run in each runtime. noble's verdict on one signature is the measure. */

const SCHEMES = (["mldsa44", "mldsa65", "mldsa87"] as const).map((name) => ({
  name,
  scheme: SignatureScheme[name] as MlDsaScheme,
}));

/** A signature, and everything like it that is wrong in one place. */
async function variantsOf(scheme: MlDsaScheme): Promise<readonly SignatureItem[]> {
  const { privateKey, publicKey } = await postQuantumCrypto.generateSignatureKeyPair(scheme);
  const message = new TextEncoder().encode("a message");
  const signature = await postQuantumCrypto.sign(scheme, privateKey, message);
  const item = { publicKey, message, signature };
  const other = await postQuantumCrypto.generateSignatureKeyPair(scheme);
  const flipped = (bytes: Uint8Array, index: number) =>
    bytes.map((byte, i) => (i === (index + bytes.length) % bytes.length ? byte ^ 0x80 : byte));
  return [
    item,
    { ...item, message: Uint8Array.of(...message, 0) },
    { ...item, message: new Uint8Array() },
    { ...item, publicKey: other.publicKey },
    { ...item, publicKey: new Uint8Array(publicKey.length) },
    { ...item, publicKey: publicKey.subarray(1) },
    { ...item, publicKey: Uint8Array.of(...publicKey, 0) },
    { ...item, publicKey: new Uint8Array() },
    { ...item, signature: signature.subarray(1) },
    { ...item, signature: Uint8Array.of(...signature, 0) },
    { ...item, signature: new Uint8Array() },
    { ...item, signature: new Uint8Array(signature.length) },
    // The commitment hash, the response and the hint, of which the last has an encoding of its own (FIPS 204 §7.2).
    ...[0, 33, 500, -1, -5, -60, -80].map((index) => ({ ...item, signature: flipped(signature, index) })),
    { ...item, signature: signature.map((byte, i) => (i >= signature.length - 4 ? 0xff : byte)) },
  ];
}

export function describeMlDsa(name: string, crypto: CryptoProvider): void {
  describe(`The crypto provider ${name}`, () => {
    test.each(SCHEMES)("gives with $scheme the verdicts of noble, alone and together", async ({ scheme }) => {
      const items = await variantsOf(scheme);
      const expected = await postQuantumCrypto.verifyMany(scheme, items, "strict");
      expect(expected).toEqual(items.map((_, i) => i === 0));
      expect(await crypto.verifyMany(scheme, items, "strict")).toEqual(expected);
      const alone: boolean[] = [];
      for (const item of items) alone.push(await crypto.verify(scheme, item, "strict"));
      expect(alone).toEqual(expected);
    });

    test.each(SCHEMES)("signs with $name what noble verifies, with keys of the right length", async ({ scheme }) => {
      const { privateKey, publicKey } = await crypto.generateSignatureKeyPair(scheme);
      expect([privateKey.length, publicKey.length]).toEqual([32, signaturePublicKeyBytes(scheme)]);
      const message = new TextEncoder().encode("a message");
      const signature = await crypto.sign(scheme, privateKey, message);
      expect(await postQuantumCrypto.verify(scheme, { publicKey, message, signature }, "strict")).toBe(true);
    });
  });
}
