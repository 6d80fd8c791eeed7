import { ed448 } from "@noble/curves/ed448.js";
import { numberToBytesLE } from "@noble/curves/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add448,
  areEqual448,
  BASE_448,
  decodePoint448,
  double448,
  isPrimeOrder448,
  isSmallOrder448,
  L448,
  negate448,
  oddMultiples448,
  P448,
  type Point448,
  SCALAR_BITS_448,
  sum448,
} from "../../../src/mls/crypto/ed448/edwards448.ts";
import { signedDigits } from "../../../src/mls/crypto/signed-digits.ts";

const Noble = ed448.Point;
type NoblePoint = typeof Noble.BASE;

const positive = (value: bigint): bigint => ((value % P448) + P448) % P448;

function encode({ X, Y, Z }: Point448): string {
  const inverse = Noble.Fp.inv(positive(Z));
  return Noble.fromAffine({ x: positive(X * inverse), y: positive(Y * inverse) }).toHex();
}

/** With a Z that is not 1, and coordinates of either sign. */
function scaled(point: NoblePoint, factor: bigint): Point448 {
  const { x, y } = point.toAffine();
  return { X: (x * factor) % P448, Y: ((y - P448) * factor) % P448, Z: factor };
}

const ORDER_4 = Noble.fromAffine({ x: 1n, y: 0n });
const SMALL_ORDER = [Noble.ZERO, ORDER_4, ORDER_4.double(), ORDER_4.negate()];

const anyPoint = fc
  .record({ seed: fc.bigInt({ min: 0n, max: L448 - 1n }), torsion: fc.nat(3), bits: fc.constantFrom(3n, 64n, 446n) })
  .map(({ seed, torsion, bits }) =>
    Noble.BASE.multiplyUnsafe(BigInt.asUintN(Number(bits), seed) % L448).add(SMALL_ORDER[torsion] ?? Noble.ZERO),
  );

function decodedByNoble(bytes: Uint8Array): string | undefined {
  try {
    return Noble.fromBytes(bytes, false).toHex();
  } catch {
    return undefined;
  }
}

describe("points of edwards448", () => {
  test("are of noble's curve", () => {
    expect([P448, L448]).toEqual([Noble.Fp.ORDER, Noble.Fn.ORDER]);
    expect(L448.toString(2)).toHaveLength(SCALAR_BITS_448);
    expect(encode(BASE_448)).toBe(Noble.BASE.toHex());
  });

  test("are decoded from exactly the encodings that noble takes with zip215: false", () => {
    const y = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 448n - 1n }),
      fc.bigInt({ min: 0n, max: 20n }),
      fc.bigInt({ min: P448 - 20n, max: P448 + 20n }),
      anyPoint.map((point) => point.y),
    );
    const last = fc.oneof(fc.constantFrom(0, 0x80), fc.nat(255));
    fc.assert(
      fc.property(y, last, (value, lastByte) => {
        const bytes = numberToBytesLE(value, 57);
        bytes[56] = lastByte;
        const point = decodePoint448(bytes);
        expect(point && encode(point)).toBe(decodedByNoble(bytes));
      }),
      { numRuns: 300 },
    );
    for (const length of [0, 56, 58]) expect(decodePoint448(new Uint8Array(length))).toBeUndefined();
  });

  test("are added, doubled, negated and compared as noble does, with components of small order and with equal points", () => {
    const pair = fc
      .tuple(anyPoint, anyPoint)
      .chain(([a, b]) =>
        fc.constantFrom<[NoblePoint, NoblePoint]>([a, b], [a, a], [a, a.negate()], [a, Noble.ZERO], [ORDER_4, a]),
      );
    fc.assert(
      fc.property(pair, fc.bigInt({ min: 1n, max: P448 - 1n }), ([a, b], factor) => {
        const [left, right] = [scaled(a, factor), scaled(b, 7n)];
        expect(encode(add448(left, right))).toBe(a.add(b).toHex());
        expect(encode(double448(left))).toBe(a.double().toHex());
        expect(encode(negate448(left))).toBe(a.negate().toHex());
        expect(areEqual448(left, right)).toBe(a.equals(b));
      }),
      { numRuns: 60 },
    );
  });

  test("are of the orders that noble says", () => {
    for (const point of SMALL_ORDER) {
      expect(isSmallOrder448(scaled(point, 5n))).toBe(true);
      expect(isPrimeOrder448(scaled(point, 5n))).toBe(false);
    }
    fc.assert(
      fc.property(anyPoint, (point) => {
        expect(isSmallOrder448(scaled(point, 5n))).toBe(point.isSmallOrder());
        expect(isPrimeOrder448(scaled(point, 5n))).toBe(point.isTorsionFree() && !point.is0());
      }),
      { numRuns: 25 },
    );
  });

  test("are multiplied and added up as noble does, in every width of digits", () => {
    const scalar = fc.oneof(fc.bigInt({ min: 0n, max: L448 - 1n }), fc.constantFrom(0n, 1n, 2n, L448 - 1n));
    const term = fc.record({ point: anyPoint, scalar, width: fc.integer({ min: 2, max: 8 }) });
    fc.assert(
      fc.property(fc.array(term, { maxLength: 3 }), (terms) => {
        const sum = sum448(
          terms.map(({ point, scalar, width }) => ({
            oddMultiples: oddMultiples448(scaled(point, 1n), width),
            digits: signedDigits(scalar, width, SCALAR_BITS_448),
          })),
        );
        const expected = terms.reduce((total, t) => total.add(t.point.multiplyUnsafe(t.scalar)), Noble.ZERO);
        expect(encode(sum)).toBe(expected.toHex());
      }),
      { numRuns: 15 },
    );
  });

  test("are a fault where a multiple or a digit is missing", () => {
    const term = {
      oddMultiples: oddMultiples448(BASE_448, 4),
      digits: signedDigits(2n ** 445n + 7n, 4, SCALAR_BITS_448),
    };
    expect(() => sum448([{ ...term, digits: term.digits.subarray(1) }])).toThrow(RangeError);
    expect(() => sum448([{ ...term, oddMultiples: [] }])).toThrow(RangeError);
  });
});
