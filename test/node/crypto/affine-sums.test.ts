import { p256, p384, p521 } from "@noble/curves/nist.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Affine,
  invertAll,
  multiplesOf,
  multiplesTable,
  sumAll,
} from "../../../src/mls/crypto/ecdsa/affine-sums.ts";

const CURVE = p256.Point.CURVE();
const P = CURVE.p;

function affine(point: typeof p256.Point.BASE): Affine {
  return point.toAffine();
}

function normalized(point: Affine | undefined, p: bigint): Affine | undefined {
  return point && { x: ((point.x % p) + p) % p, y: ((point.y % p) + p) % p };
}

describe("affine sums", () => {
  test("invert many numbers at once, and leave zero zero", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: P - 1n })), (values) => {
        const products = invertAll(values, P).map((inverse, i) => (((inverse * (values[i] ?? 0n)) % P) + P) % P);
        expect(products).toEqual(values.map((value) => (value === 0n ? 0n : 1n)));
      }),
    );
  });

  test("of lists of any length are noble's", () => {
    const G = p256.Point.BASE;
    const lists = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { maxLength: 9 }), { maxLength: 5 });
    fc.assert(
      fc.property(lists, (all) => {
        // Multiples far apart, so that no two partial sums are equal or opposite.
        const points = all.map((list) => list.map((n, i) => G.multiply(BigInt(n) ** 9n + BigInt(i) * 3n ** 150n)));
        const sums = sumAll(
          points.map((list) => list.map(affine)),
          CURVE,
        );
        const expected = points.map((list) =>
          list.length === 0 ? undefined : affine(list.reduce((a, b) => a.add(b))),
        );
        expect(sums.map((sum) => normalized(sum, P))).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  test("of equal and opposite points, of either sign of their coordinates, are noble's too", () => {
    const G = p256.Point.BASE;
    const term = fc.record({ multiple: fc.integer({ min: -3, max: 3 }).filter((n) => n !== 0), shift: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(fc.array(term, { maxLength: 9 }), { maxLength: 5 }), (lists) => {
        const sums = sumAll(
          lists.map((list) =>
            list.map(({ multiple, shift }) => {
              const { x, y } = G.multiplyUnsafe(BigInt(multiple + 7))
                .subtract(G.multiply(7n))
                .toAffine();
              return { x: x - (shift & 1 ? P : 0n), y: y - (shift & 2 ? P : 0n) };
            }),
          ),
          CURVE,
        );
        const totals = lists.map((list) => list.reduce((sum, { multiple }) => sum + multiple, 0));
        expect(sums.map((sum) => normalized(sum, P))).toEqual(
          totals.map((total) => {
            if (total === 0) return undefined;
            const point = G.multiply(BigInt(Math.abs(total)));
            return affine(total < 0 ? point.negate() : point);
          }),
        );
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    { name: "P-256", curve: p256 },
    { name: "P-384", curve: p384 },
    { name: "P-521", curve: p521 },
  ])("of a table's multiples on $name are the multiples of its point", ({ curve }) => {
    const { Point } = curve;
    const equation = Point.CURVE();
    const base = Point.BASE.multiply(123_456_789n);
    for (const width of [1, 2, 4, 5, 6]) {
      const table = multiplesTable(equation, base.toAffine(), width, Point.Fn.BITS);
      for (const scalar of [1n, 5n, 2n ** 200n - 1n, Point.Fn.ORDER - 1n, Point.Fn.ORDER / 3n]) {
        const [sum] = sumAll([multiplesOf(scalar, table)], equation);
        expect(normalized(sum, equation.p)).toEqual(base.multiply(scalar).toAffine());
      }
      expect(multiplesOf(0n, table)).toEqual([]);
    }
  });
});
