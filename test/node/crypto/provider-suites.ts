import { ed448 } from "@noble/curves/ed448.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE, numberToBytesLE } from "@noble/curves/utils.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CIPHERSUITES, isMlDsa, SignatureScheme, signaturePublicKeyBytes } from "../../../src/mls/ciphersuite.ts";
import { batchVerifier } from "../../../src/mls/crypto/batch-verifier.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import type { CryptoProvider, SignatureItem, SignaturePolicy } from "../../../src/mls/crypto/provider.ts";
import { anyEcdsaItem, anyEd448Item, anyEd25519Item, ECDSA_SCHEMES } from "./arbitrary-items.ts";
import { forge448, verdictOnEd448 } from "./ed448-forger.ts";
import { forge, L, NON_CANONICAL_SMALL_ORDER, SMALL_ORDER, scalarOf, verdictByDefinition } from "./ed25519-forger.ts";
import { describedSpeccheck, publishedSpeccheck } from "./ed25519-speccheck.ts";

/** What every adapter of the crypto provider has to do, to be run in each runtime. */

/** The directory's verifier, with what noble makes for it. */
export const batchCrypto: CryptoProvider = { ...nobleCrypto, ...batchVerifier };

/** Those on curves; ml-dsa-suite.ts has the others. */
const SCHEMES = Object.entries(SignatureScheme)
  .map(([name, scheme]) => ({ name, scheme }))
  .filter(({ scheme }) => !isMlDsa(scheme));

const POLICIES: readonly SignaturePolicy[] = ["strict", "openmls"];

/** RFC 8032 §7.1, TEST 3. */
const RFC_8032: SignatureItem = {
  publicKey: hexToBytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
  message: hexToBytes("af82"),
  signature: hexToBytes(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ),
};

/** The verdict that every adapter has to give: its definition for EdDSA, noble's on one signature for ECDSA. */
function expectedVerdict(scheme: SignatureScheme, item: SignatureItem, policy: SignaturePolicy): boolean {
  const { publicKey, message, signature } = item;
  try {
    if (scheme === SignatureScheme.ed25519) return verdictByDefinition(item);
    if (scheme === SignatureScheme.ed448) return verdictOnEd448(item, policy);
    const curve = ECDSA_SCHEMES.find((entry) => entry.scheme === scheme)?.curve;
    return curve?.verify(signature, message, publicKey, { format: "der", lowS: false, prehash: true }) ?? false;
  } catch {
    return false;
  }
}

/** Each verdict on its own, in all of them together, in pairs and in the reverse order: they must not differ. */
async function verdictsInEveryCompany(
  crypto: CryptoProvider,
  scheme: SignatureScheme,
  items: readonly SignatureItem[],
  policy: SignaturePolicy,
): Promise<boolean[]> {
  const alone: boolean[] = [];
  for (const item of items) alone.push(await crypto.verify(scheme, item, policy));
  const { ed25519: ED25519 } = SignatureScheme;
  const good = scheme === ED25519 ? forge(Uint8Array.of(9), { secret: scalarOf(1), nonce: scalarOf(7) }) : items[0];
  expect(await crypto.verifyMany(scheme, items, policy)).toEqual(alone);
  expect(await crypto.verifyMany(scheme, items.toReversed(), policy)).toEqual(alone.toReversed());
  for (const [i, item] of items.entries()) {
    if (good === undefined) continue;
    expect((await crypto.verifyMany(scheme, [good, item], policy))[1]).toBe(alone[i]);
  }
  return alone;
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
      for (const policy of POLICIES) {
        expect(await crypto.verify(scheme, item, policy)).toBe(true);
        expect(expectedVerdict(scheme, item, policy)).toBe(true);
      }
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
        for (const bad of wrong) expect(await crypto.verify(scheme, bad, "strict")).toBe(false);
        const mixed = wrong.flatMap((bad) => [bad, item]);
        expect(await crypto.verifyMany(scheme, mixed, "strict")).toEqual(mixed.map((_, i) => i % 2 === 1));
      },
    );

    test.each(SCHEMES)("gives no verdicts for no signatures with $name", async ({ scheme }) => {
      expect(await crypto.verifyMany(scheme, [], "strict")).toEqual([]);
    });

    test("verifies a vector of RFC 8032", async () => {
      expect(await crypto.verify(SignatureScheme.ed25519, RFC_8032, "strict")).toBe(true);
    });

    test("refuses Ed25519 keys and R of small order and encodings that are not canonical", async () => {
      const message = Uint8Array.of(1);
      const secret = scalarOf(3);
      const items = [
        ...[...SMALL_ORDER, ...NON_CANONICAL_SMALL_ORDER].flatMap((publicKey) =>
          [0, 1].map((nonce) => forge(message, { secret: 0n, nonce: BigInt(nonce), publicKey })),
        ),
        ...NON_CANONICAL_SMALL_ORDER.map((encodedR) => forge(message, { secret, nonce: 0n, encodedR })),
        ...SMALL_ORDER.map((encodedR) => forge(message, { secret, nonce: 0n, encodedR })),
      ];
      for (const policy of POLICIES) {
        const verdicts = await verdictsInEveryCompany(crypto, SignatureScheme.ed25519, items, policy);
        expect(verdicts).toEqual(items.map(() => false));
      }
    });

    test.each(POLICIES)(
      "refuses all 196 pairs of small-order A and R of ZIP 215, under the policy %s",
      async (policy) => {
        const encodings = [...SMALL_ORDER, ...NON_CANONICAL_SMALL_ORDER];
        const message = new TextEncoder().encode("Zcash");
        const items = encodings.flatMap((publicKey) =>
          encodings.map((encodedR) => forge(message, { secret: 0n, nonce: 0n, publicKey, encodedR })),
        );
        expect(items).toHaveLength(196);
        const verdicts = await verdictsInEveryCompany(crypto, SignatureScheme.ed25519, items, policy);
        expect(verdicts).toEqual(items.map(() => false));
      },
    );

    test.each(POLICIES)("refuses special values of R and S, under the policy %s", async (policy) => {
      const { publicKey } = forge(Uint8Array.of(1), { secret: scalarOf(1), nonce: scalarOf(2) });
      const P = ed25519.Point.Fp.ORDER;
      const top = 2n ** 256n - 1n;
      const values = [0n, 1n, 2n, L - 1n, L, L + 1n, P - 1n, P, P + 1n, 2n ** 255n, top].map((n) =>
        numberToBytesLE(n, 32),
      );
      const message = Uint8Array.of(0x3f);
      const items = values.flatMap((R) => values.map((S) => ({ publicKey, message, signature: concatBytes(R, S) })));
      const verdicts = await verdictsInEveryCompany(crypto, SignatureScheme.ed25519, items, policy);
      expect(verdicts).toEqual(items.map(() => false));
    });

    test("gives the verdicts of a strict verifier on the twelve cases of ed25519-speccheck", async () => {
      const items = [...publishedSpeccheck, ...describedSpeccheck()];
      expect(items).toHaveLength(24);
      for (const policy of POLICIES) {
        const verdicts = await verdictsInEveryCompany(
          crypto,
          SignatureScheme.ed25519,
          items.map(({ item }) => item),
          policy,
        );
        expect(verdicts).toEqual(items.map(({ valid }) => valid));
      }
    });

    test("accepts under the policy strict no Ed448 signature whose key or R has a component of small order", async () => {
      const items = [
        ...[0, 1, 2, 3].map((i) => forge448(Uint8Array.of(i), { nonce: 0n, nonceTorsion: i })),
        ...[1, 2, 3].map((i) => forge448(Uint8Array.of(i), { nonce: 5n, nonceTorsion: i })),
        ...[1, 2, 3].map((i) => forge448(Uint8Array.of(i), { nonce: 5n, keyTorsion: i })),
      ];
      const scheme = SignatureScheme.ed448;
      expect(await verdictsInEveryCompany(crypto, scheme, items, "strict")).toEqual(items.map(() => false));
      expect(await verdictsInEveryCompany(crypto, scheme, items, "openmls")).toEqual(items.map(() => true));
      const honest = forge448(Uint8Array.of(1), { nonce: 5n });
      const { publicKey, message, signature } = honest;
      const S = numberToBytesLE(bytesToNumberLE(signature.subarray(57)) + ed448.Point.Fn.ORDER, 57);
      const malleable = { publicKey, message, signature: concatBytes(signature.subarray(0, 57), S) };
      const verdicts = await verdictsInEveryCompany(crypto, scheme, [honest, malleable], "strict");
      expect(verdicts).toEqual([true, false]);
    });

    test("refuses ECDSA keys in compact form, SEC 1 tag 05", async () => {
      for (const { scheme } of ECDSA_SCHEMES) {
        const item = await signed(crypto, scheme, "a message");
        const x = item.publicKey.subarray(1, (item.publicKey.length + 1) / 2);
        const compact = { ...item, publicKey: Uint8Array.of(5, ...x) };
        expect(await verdictsInEveryCompany(crypto, scheme, [compact, compact, item], "openmls")).toEqual([
          false,
          false,
          true,
        ]);
      }
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
  describe(`The crypto provider ${name} gives the defined verdict`, () => {
    const runs = [
      ...POLICIES.map((policy) => ({ scheme: SignatureScheme.ed25519, policy, item: anyEd25519Item, numRuns: 40 })),
      ...POLICIES.map((policy) => ({ scheme: SignatureScheme.ed448, policy, item: anyEd448Item, numRuns: 12 })),
      ...ECDSA_SCHEMES.map(({ scheme, curve }) => ({
        scheme,
        policy: "strict" as const,
        item: anyEcdsaItem(curve),
        numRuns: 8,
      })),
    ];
    test.each(runs)("on whatever it is given for scheme $scheme under the policy $policy", async (run) => {
      const { scheme, policy, item, numRuns } = run;
      await fc.assert(
        fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 8 }), async (items) => {
          const expected = items.map((one) => expectedVerdict(scheme, one, policy));
          expect(await crypto.verifyMany(scheme, items, policy)).toEqual(expected);
          const [first] = items;
          if (first !== undefined) expect(await crypto.verify(scheme, first, policy)).toBe(expected[0]);
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
          const expected = items.map((one) => expectedVerdict(SignatureScheme.ed25519, one, "strict"));
          expect(await crypto.verifyMany(SignatureScheme.ed25519, items, "strict")).toEqual(expected);
        }),
        { numRuns: 3 },
      );
    });
  });
}
