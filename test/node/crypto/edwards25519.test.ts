import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodePoint,
  isSmallOrder,
  oddMultiples,
  type Point,
  SCALAR_BITS,
  subtractPoints,
  sumOfMultiples,
} from "../../../src/mls/crypto/ed25519/edwards25519.ts";
import { type FieldElement, multiply } from "../../../src/mls/crypto/ed25519/field25519.ts";
import { orderOf } from "../../../src/mls/crypto/ed25519/prime-order.ts";
import { signedDigits } from "../../../src/mls/crypto/signed-digits.ts";
import { L, NON_CANONICAL_SMALL_ORDER, SMALL_ORDER, scalarOf, torsion } from "./ed25519-forger.ts";

const Noble = ed25519.Point;
const P = Noble.Fp.ORDER;

function integerOf(element: FieldElement): bigint {
  const reduced = new Float64Array(12) as FieldElement;
  multiply(reduced, element, Float64Array.of(1, ...new Array<number>(11).fill(0)) as FieldElement);
  const sum = reduced.reduce((value, limb, i) => value + (BigInt(limb) << BigInt(Math.ceil(21.25 * i))), 0n);
  return ((sum % P) + P) % P;
}

function encode({ X, Y, Z, T }: Point): string {
  return new Noble(integerOf(X), integerOf(Y), integerOf(Z), integerOf(T)).toHex();
}

function decoded(bytes: Uint8Array): Point {
  const point = decodePoint(bytes);
  if (point === undefined) throw new Error("expected the encoding of a point");
  return point;
}

function nobleDecodes(bytes: Uint8Array): boolean {
  try {
    return Noble.fromBytes(bytes, false) !== undefined;
  } catch {
    return false;
  }
}

const anyPoint = fc
  .record({ seed: fc.nat(1000), torsion: fc.nat(7) })
  .map((chosen) => Noble.BASE.multiply(scalarOf(chosen.seed)).add(torsion(chosen.torsion)));

describe("points of edwards25519", () => {
  test("are decoded from exactly the encodings that noble takes with zip215: false", () => {
    const nearTheModulus = fc.record({ low: fc.nat(255), high: fc.constantFrom(0x7f, 0xff) }).map(({ low, high }) => {
      const bytes = new Uint8Array(32).fill(0xff);
      bytes[0] = low;
      bytes[31] = high;
      return bytes;
    });
    const small = fc.record({ low: fc.nat(20), high: fc.constantFrom(0, 0x80) }).map(({ low, high }) => {
      const bytes = new Uint8Array(32);
      bytes[0] = low;
      bytes[31] = high;
      return bytes;
    });
    const encodings = fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      nearTheModulus,
      small,
      fc.constantFrom(...SMALL_ORDER, ...NON_CANONICAL_SMALL_ORDER),
    );
    fc.assert(
      fc.property(encodings, (bytes) => {
        const point = decodePoint(bytes);
        expect(point !== undefined).toBe(nobleDecodes(bytes));
        if (point !== undefined) expect(encode(point)).toBe(Noble.fromBytes(bytes, false).toHex());
      }),
      { numRuns: 300 },
    );
    expect(decodePoint(new Uint8Array(31))).toBeUndefined();
    expect(decodePoint(new Uint8Array(33))).toBeUndefined();
  });

  test("are of small order where noble says so", () => {
    for (const encoding of SMALL_ORDER) expect(isSmallOrder(decoded(encoding))).toBe(true);
    fc.assert(
      fc.property(anyPoint, (point) => {
        expect(isSmallOrder(decoded(point.toBytes()))).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  test("are added and subtracted as noble does, with components of small order and with equal points", () => {
    const pair = fc
      .tuple(anyPoint, anyPoint)
      .chain(([a, b]) =>
        fc.constantFrom<[typeof a, typeof a]>(
          [a, b],
          [a, a],
          [a, a.negate()],
          [torsion(3), a],
          [torsion(4), torsion(4)],
        ),
      );
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const [left, right] = [decoded(a.toBytes()), decoded(b.toBytes())];
        expect(encode(subtractPoints(left, right))).toBe(a.subtract(b).toHex());
        const one = { oddMultiples: oddMultiples(left, 4), digits: signedDigits(1n, 4, SCALAR_BITS) };
        const other = { oddMultiples: oddMultiples(right, 4), digits: signedDigits(1n, 4, SCALAR_BITS) };
        expect(encode(sumOfMultiples([one, other]))).toBe(a.add(b).toHex());
      }),
      { numRuns: 40 },
    );
  });

  test("are of prime order where noble says that they are torsion-free and not neutral", () => {
    for (const encoding of SMALL_ORDER) expect(orderOf(decoded(encoding))).toBe("small");
    fc.assert(
      fc.property(anyPoint, (point) => {
        expect(orderOf(decoded(point.toBytes()))).toBe(point.isTorsionFree() ? "prime" : "mixed");
      }),
      { numRuns: 200 },
    );
  });

  test("are multiplied and added up as noble does, in every width of digits", () => {
    const scalar = fc.oneof(fc.bigInt({ min: 0n, max: L - 1n }), fc.constantFrom(0n, 1n, 2n ** 128n - 1n, L - 1n));
    const term = fc.record({ point: anyPoint, scalar, width: fc.integer({ min: 2, max: 8 }) });
    fc.assert(
      fc.property(fc.array(term, { maxLength: 4 }), (terms) => {
        const sum = sumOfMultiples(
          terms.map(({ point, scalar, width }) => ({
            oddMultiples: oddMultiples(decoded(point.toBytes()), width),
            digits: signedDigits(scalar, width, SCALAR_BITS),
          })),
        );
        const expected = terms.reduce((total, t) => total.add(t.point.multiplyUnsafe(t.scalar)), Noble.ZERO);
        expect(encode(sum)).toBe(expected.toHex());
      }),
      { numRuns: 40 },
    );
  });
});
