import { type ECDSA, ecdsa } from "@noble/curves/abstract/weierstrass.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { multiplesOf, multiplesTable } from "../../../src/mls/crypto/ecdsa/affine-sums.ts";
import { rawToDer } from "../../../src/mls/crypto/ecdsa/der.ts";
import { verifyEcdsaBatch } from "../../../src/mls/crypto/ecdsa/ecdsa-batch.ts";
import { P256, P384, P521 } from "../../../src/mls/crypto/ecdsa/weierstrass-curves.ts";
import type { SignatureItem } from "../../../src/mls/crypto/provider.ts";
import { anyEcdsaItem } from "./arbitrary-items.ts";

const RULES = { format: "der", lowS: false, prehash: true } as const;

/** What the batch has to agree with. */
function verifyOne(curve: ECDSA, { publicKey, message, signature }: SignatureItem): boolean {
  try {
    return curve.verify(signature, message, publicKey, RULES);
  } catch {
    return false;
  }
}

function batchOf(curve: ECDSA, count: number, secret: number): SignatureItem[] {
  const secretKey = curve.Point.Fn.toBytes(BigInt(secret));
  const publicKey = curve.getPublicKey(secretKey, false);
  return Array.from({ length: count }, (_, i) => {
    const message = Uint8Array.of(i, secret);
    return { publicKey, message, signature: curve.sign(message, secretKey, RULES) };
  });
}

describe.each([
  { name: "P-256", curve: p256, own: P256, hash: sha256 },
  { name: "P-384", curve: p384, own: P384, hash: sha384 },
  { name: "P-521", curve: p521, own: P521, hash: sha512 },
])("ECDSA signatures on $name verified in a batch", ({ curve, own, hash }) => {
  test("get the verdict that noble gives each alone, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(anyEcdsaItem(curve), { maxLength: 10 }), (items) => {
        expect(verifyEcdsaBatch(own, hash, items)).toEqual(items.map((item) => verifyOne(curve, item)));
      }),
      { numRuns: 15 },
    );
  });

  test("are told apart at the sizes of every table, among several keys", () => {
    for (const count of [0, 1, 2, 20, 100]) {
      const items = [...batchOf(curve, count, 5_000), ...batchOf(curve, 2, 7_000)].map((item, i) =>
        i % 9 === 4 ? { ...item, message: Uint8Array.of(1, 2, 3) } : item,
      );
      expect(verifyEcdsaBatch(own, hash, items)).toEqual(items.map((_, i) => i % 9 !== 4));
    }
  });

  test("are refused with s + n in place of s, which on P-521 has no more bytes than s", () => {
    for (const item of batchOf(curve, 3, 5_000)) {
      const { r, s } = curve.Signature.fromBytes(item.signature, "der");
      const bytes = Math.ceil((s + own.n).toString(16).length / 2);
      const raw = concatBytes(numberToBytesBE(r, bytes), numberToBytesBE(s + own.n, bytes));
      expect(verifyEcdsaBatch(own, hash, [item, { ...item, signature: rawToDer(raw) }])).toEqual([true, false]);
    }
  });

  test("are verified by keys whose multiples meet those of the base point", () => {
    for (const secret of [1n, 2n, curve.Point.Fn.ORDER - 1n, 64n]) {
      const secretKey = curve.Point.Fn.toBytes(secret);
      const publicKey = curve.getPublicKey(secretKey, false);
      const items = [0, 1, 2].map((n) => {
        const message = Uint8Array.of(n);
        return { publicKey, message, signature: curve.sign(message, secretKey, RULES) };
      });
      expect(verifyEcdsaBatch(own, hash, items)).toEqual([true, true, true]);
    }
  });
});

describe.each([
  { name: "P-256", curve: p256, own: P256, hash: sha256, secret: 2n ** 252n },
  { name: "P-384", curve: p384, own: P384, hash: sha384, secret: 2n ** 378n },
  { name: "P-521", curve: p521, own: P521, hash: sha512, secret: 2n ** 516n },
])(
  "ECDSA signatures on $name by a key that is a multiple in the base point's table",
  ({ curve, own, hash, secret }) => {
    test("are all verified with the tables, though their sums meet equal and opposite points", () => {
      const { Fn } = curve.Point;
      const secretKey = Fn.toBytes(secret);
      const publicKey = curve.getPublicKey(secretKey, false);
      const key = multiplesTable(own, curve.Point.fromBytes(publicKey).toAffine(), 4, own.bits);
      const base = multiplesTable(own, own.base, 6, own.bits);
      const meets = ({ message, signature }: SignatureItem): boolean => {
        const { r, s } = curve.Signature.fromBytes(signature, "der");
        const inverse = Fn.inv(s);
        const points = [
          ...multiplesOf(Fn.create(bytesToNumberBE(hash(message)) * inverse), base),
          ...multiplesOf(Fn.create(r * inverse), key),
        ];
        return points.some(({ x }, i) => i % 2 === 1 && x === points[i - 1]?.x);
      };
      const ground: SignatureItem[] = [];
      for (let n = 0; n < 1500 && ground.length < 3; n++) {
        const message = Uint8Array.of(n & 0xff, n >>> 8);
        const item = { publicKey, message, signature: curve.sign(message, secretKey, RULES) };
        if (meets(item)) ground.push(item);
      }
      expect(ground.length).toBe(3);
      const bad = ground.map((item) => ({ ...item, message: Uint8Array.of(1, 2, 3) }));
      expect(verifyEcdsaBatch(own, hash, [...ground, ...bad])).toEqual([true, true, true, false, false, false]);
    });
  },
);

describe("An ECDSA signature whose sum meets equal points", () => {
  test("gets its verdict", () => {
    // u1 = u2 = 1 and the key is the base point, so that the sum is G + G. No message is known to have such a hash.
    const { Point } = p256;
    const r = Point.BASE.double().x % Point.Fn.ORDER;
    const chosen = Object.assign(() => Point.Fn.toBytes(r), {
      outputLen: sha256.outputLen,
      blockLen: sha256.blockLen,
      canXOF: false,
      oid: sha256.oid,
      create: sha256.create,
    });
    const curve = ecdsa(Point, chosen);
    const signature = new curve.Signature(r, r).toBytes("der");
    const valid = { publicKey: Point.BASE.toBytes(false), message: new Uint8Array(), signature };
    const other = { ...valid, signature: new curve.Signature(r, r + 1n).toBytes("der") };
    expect(verifyOne(curve, valid)).toBe(true);
    expect(verifyEcdsaBatch(P256, chosen, [valid, other, valid])).toEqual([true, false, true]);
  });
});
