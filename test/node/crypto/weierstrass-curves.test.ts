import { p256, p384, p521 } from "@noble/curves/nist.js";
import { numberToBytesBE } from "@noble/curves/utils.js";
import { concatBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeSec1, P256, P384, P521 } from "../../../src/mls/crypto/ecdsa/weierstrass-curves.ts";

describe.each([
  { name: "P-256", noble: p256.Point, own: P256 },
  { name: "P-384", noble: p384.Point, own: P384 },
  { name: "P-521", noble: p521.Point, own: P521 },
])("the curve $name", ({ noble, own }) => {
  const decodedByNoble = (encoded: Uint8Array) => {
    try {
      return noble.fromBytes(encoded).toAffine();
    } catch {
      return undefined;
    }
  };

  test("has the numbers of noble's", () => {
    const { p, a, b, n, h, Gx, Gy } = noble.CURVE();
    expect({ ...own, a: own.a + own.p }).toEqual({
      p,
      a,
      b,
      n,
      base: { x: Gx, y: Gy },
      bits: noble.Fn.BITS,
      bytes: noble.Fn.BYTES,
    });
    expect([h, p % 4n]).toEqual([1n, 3n]);
    expect(noble.Fp.BYTES).toBe(own.bytes);
  });

  test("has its points decoded from exactly the encodings that noble takes", () => {
    const coordinate = fc
      .oneof(
        fc.bigInt({ min: 0n, max: 2n ** BigInt(8 * own.bytes) - 1n }),
        fc.bigInt({ min: 0n, max: 40n }),
        fc.bigInt({ min: own.p - 20n, max: own.p + 20n }),
      )
      .map((value) => numberToBytesBE(value, own.bytes));
    const tag = fc.oneof(fc.constantFrom(0, 2, 3, 4, 5, 6, 7), fc.nat(255));
    const onCurve = fc.integer({ min: 1, max: 10_000 }).map((n) => noble.BASE.multiplyUnsafe(BigInt(n)));
    const encodings = fc.oneof(
      fc.tuple(tag, coordinate).map(([first, x]) => concatBytes(Uint8Array.of(first), x)),
      fc.tuple(tag, coordinate, coordinate).map(([first, x, y]) => concatBytes(Uint8Array.of(first), x, y)),
      fc.tuple(onCurve, fc.boolean()).map(([point, compressed]) => point.toBytes(compressed)),
      fc
        .tuple(tag, onCurve)
        .map(([first, point]) => concatBytes(Uint8Array.of(first), point.toBytes(false).subarray(1))),
      fc.uint8Array({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(encodings, (encoded) => {
        expect(decodeSec1(own, encoded)).toEqual(decodedByNoble(encoded));
      }),
      { numRuns: 150 },
    );
    for (const compressed of [true, false]) {
      const encoded = noble.BASE.toBytes(compressed);
      expect(decodeSec1(own, encoded)).toEqual(own.base);
      expect(decodeSec1(own, encoded.subarray(0, -1))).toBeUndefined();
      expect(decodeSec1(own, concatBytes(encoded, Uint8Array.of(0)))).toBeUndefined();
    }
  });
});
