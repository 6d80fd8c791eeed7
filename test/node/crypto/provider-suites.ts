import { ed448 } from "@noble/curves/ed448.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CIPHERSUITES, SignatureScheme, signaturePublicKeyBytes } from "../../../src/mls/ciphersuite.ts";
import type { CryptoProvider, SignatureItem } from "../../../src/mls/crypto/provider.ts";
import { anyEcdsaItem, anyEd25519Item, ECDSA_SCHEMES } from "./arbitrary-items.ts";
import { forge, NON_CANONICAL_SMALL_ORDER, SMALL_ORDER, scalarOf } from "./ed25519-forger.ts";

/** What every adapter of the crypto provider has to do, to be run in each runtime. */

const SCHEMES = Object.entries(SignatureScheme).map(([name, scheme]) => ({ name, scheme }));

/** RFC 8032 §7.1, TEST 3. */
const RFC_8032: SignatureItem = {
  publicKey: hexToBytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
  message: hexToBytes("af82"),
  signature: hexToBytes(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ),
};

/** The verdict that every adapter has to give: noble's on one signature, under the rules of the port. */
function nobleVerifies(scheme: SignatureScheme, { publicKey, message, signature }: SignatureItem): boolean {
  try {
    if (scheme === SignatureScheme.ed25519) return ed25519.verify(signature, message, publicKey, { zip215: false });
    if (scheme === SignatureScheme.ed448) return ed448.verify(signature, message, publicKey, { zip215: false });
    const curve = ECDSA_SCHEMES.find((entry) => entry.scheme === scheme)?.curve;
    return curve?.verify(signature, message, publicKey, { format: "der", lowS: false, prehash: true }) ?? false;
  } catch {
    return false;
  }
}

async function signed(crypto: CryptoProvider, scheme: SignatureScheme, text: string): Promise<SignatureItem> {
  const { privateKey, publicKey } = await crypto.generateSignatureKeyPair(scheme);
  const message = new TextEncoder().encode(text);
  return { publicKey, message, signature: await crypto.sign(scheme, privateKey, message) };
}

export function describeConformance(name: string, crypto: CryptoProvider): void {
  describe(`The crypto provider ${name}`, () => {
    test("supports the seven ciphersuites of RFC 9420", () => {
      for (const ciphersuite of CIPHERSUITES) expect(crypto.supports(ciphersuite)).toBe(true);
    });

    test.each(SCHEMES)("signs with $name what it and noble verify", async ({ scheme }) => {
      const item = await signed(crypto, scheme, "a message");
      expect(item.publicKey.length).toBe(signaturePublicKeyBytes(scheme));
      expect(await crypto.verify(scheme, item)).toBe(true);
      expect(nobleVerifies(scheme, item)).toBe(true);
    });

    test.each(SCHEMES)(
      "refuses with $name another message, another key and signatures cut short",
      async ({ scheme }) => {
        const item = await signed(crypto, scheme, "a message");
        const other = await signed(crypto, scheme, "another");
        const wrong = [
          { ...item, message: other.message },
          { ...item, publicKey: other.publicKey },
          { ...item, signature: other.signature },
          { ...item, signature: item.signature.subarray(1) },
          { ...item, signature: item.signature.subarray(0, -1) },
          { ...item, signature: Uint8Array.of(...item.signature, 0) },
          { ...item, signature: new Uint8Array() },
          { ...item, publicKey: item.publicKey.subarray(1) },
          { ...item, publicKey: Uint8Array.of(...item.publicKey, 0) },
          { ...item, publicKey: new Uint8Array() },
          { ...item, publicKey: new Uint8Array(item.publicKey.length) },
        ];
        for (const bad of wrong) expect(await crypto.verify(scheme, bad)).toBe(false);
        const mixed = wrong.flatMap((bad) => [bad, item]);
        expect(await crypto.verifyMany(scheme, mixed)).toEqual(mixed.map((_, i) => i % 2 === 1));
      },
    );

    test.each(SCHEMES)("gives no verdicts for no signatures with $name", async ({ scheme }) => {
      expect(await crypto.verifyMany(scheme, [])).toEqual([]);
    });

    test("verifies a vector of RFC 8032", async () => {
      expect(await crypto.verify(SignatureScheme.ed25519, RFC_8032)).toBe(true);
    });

    test("refuses Ed25519 keys of small order and encodings that are not canonical", async () => {
      const message = Uint8Array.of(1);
      const secret = scalarOf(3);
      const items = [
        ...[...SMALL_ORDER, ...NON_CANONICAL_SMALL_ORDER].flatMap((publicKey) =>
          [0, 1].map((nonce) => forge(message, { secret: 0n, nonce: BigInt(nonce), publicKey })),
        ),
        ...NON_CANONICAL_SMALL_ORDER.map((encodedR) => forge(message, { secret, nonce: 0n, encodedR })),
      ];
      expect(await crypto.verifyMany(SignatureScheme.ed25519, items)).toEqual(items.map(() => false));
      for (const item of items) expect(await crypto.verify(SignatureScheme.ed25519, item)).toBe(false);
    });

    test("takes Ed25519 signatures that only the cofactored equation takes", async () => {
      const base = { secret: scalarOf(3), nonce: scalarOf(4) };
      const items = [1, 2, 4, 7].flatMap((i) => [
        forge(Uint8Array.of(i), { ...base, keyTorsion: i }),
        forge(Uint8Array.of(i), { ...base, nonceTorsion: i }),
      ]);
      expect(await crypto.verifyMany(SignatureScheme.ed25519, items)).toEqual(items.map(() => true));
      for (const item of items) expect(await crypto.verify(SignatureScheme.ed25519, item)).toBe(true);
    });

    test("hashes as the standard says", async () => {
      const data = new TextEncoder().encode("abc");
      expect(await crypto.hash("SHA-256", data)).toEqual(sha256(data));
      expect(await crypto.hash("SHA-384", data)).toEqual(sha384(data));
      expect(await crypto.hash("SHA-512", data)).toEqual(sha512(data));
    });

    test("gives as many random bytes as asked for, others each time", () => {
      expect(crypto.random(32).length).toBe(32);
      expect(crypto.random(32)).not.toEqual(crypto.random(32));
    });

    test("rejects a private key that is none", async () => {
      for (const { scheme } of SCHEMES) {
        await expect(crypto.sign(scheme, new Uint8Array(3), new Uint8Array())).rejects.toThrow();
      }
    });
  });
}

export function describeDifferences(name: string, crypto: CryptoProvider): void {
  describe(`The crypto provider ${name} gives noble's verdict`, () => {
    const runs = [
      { scheme: SignatureScheme.ed25519, item: anyEd25519Item, numRuns: 40 },
      ...ECDSA_SCHEMES.map(({ scheme, curve }) => ({ scheme, item: anyEcdsaItem(curve), numRuns: 8 })),
    ];
    test.each(runs)("on whatever it is given for scheme $scheme", async ({ scheme, item, numRuns }) => {
      await fc.assert(
        fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 8 }), async (items) => {
          const expected = items.map((one) => nobleVerifies(scheme, one));
          expect(await crypto.verifyMany(scheme, items)).toEqual(expected);
          const [first] = items;
          if (first !== undefined) expect(await crypto.verify(scheme, first)).toBe(expected[0]);
        }),
        { numRuns },
      );
    });

    test("on a batch of Ed25519 signatures as large as an upload, good ones among bad ones", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyEd25519Item, { minLength: 1, maxLength: 6 }), async (odd) => {
          const honest = Array.from({ length: 90 }, (_, i) =>
            forge(Uint8Array.of(i), { secret: scalarOf(i % 2), nonce: scalarOf(100 + i) }),
          );
          const items = [...honest.slice(0, 41), ...odd, ...honest.slice(41)];
          const expected = items.map((one) => nobleVerifies(SignatureScheme.ed25519, one));
          expect(await crypto.verifyMany(SignatureScheme.ed25519, items)).toEqual(expected);
        }),
        { numRuns: 3 },
      );
    });
  });
}
