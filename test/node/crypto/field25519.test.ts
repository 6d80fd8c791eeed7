import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  areEqual,
  decodeElement,
  type FieldElement,
  fieldElement,
  isOdd,
  isZero,
  multiply,
  powerOfRoot,
  square,
  subtract,
} from "../../../src/mls/crypto/ed25519/field25519.ts";

const P = 2n ** 255n - 19n;
const LIMB_OFFSETS = Array.from({ length: 12 }, (_, i) => BigInt(Math.ceil(21.25 * i)));
const LIMB_BITS = [22, 21, 21, 21, 22, 21, 21, 21, 22, 21, 21, 21];

function integerOf(element: FieldElement): bigint {
  const sum = LIMB_OFFSETS.reduce((value, offset, i) => value + (BigInt(element[i] ?? 0) << offset), 0n);
  return ((sum % P) + P) % P;
}

function result(write: (out: FieldElement) => void): FieldElement {
  const out = fieldElement(0n);
  write(out);
  return out;
}

const nearTheModulus = fc.bigInt({ min: -40n, max: 18n }).map((n) => P + n);
const value = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 255n - 1n }), fc.bigInt({ min: 0n, max: 40n }), nearTheModulus);

/** Limbs at the limit of what a product of that weight may hold. */
function extreme(weight: number): fc.Arbitrary<FieldElement> {
  const sign = fc.constantFrom(-1, 1);
  return fc
    .array(sign, { minLength: 12, maxLength: 12 })
    .map(
      (signs) => Float64Array.from(signs, (s, i) => s * weight * (2 ** ((LIMB_BITS[i] ?? 0) - 1) + 1)) as FieldElement,
    );
}

describe("arithmetic modulo 2^255 − 19", () => {
  test("agrees with BigInt on sums, differences, products and squares", () => {
    fc.assert(
      fc.property(value, value, (x, y) => {
        const [a, b] = [fieldElement(x), fieldElement(y)];
        expect(integerOf(result((out) => add(out, a, b)))).toBe((x + y) % P);
        expect(integerOf(result((out) => subtract(out, a, b)))).toBe((((x - y) % P) + P) % P);
        expect(integerOf(result((out) => multiply(out, a, b)))).toBe((x * y) % P);
        expect(integerOf(result((out) => square(out, a)))).toBe((x * x) % P);
      }),
    );
  });

  test("is exact for factors whose weights multiply to 16, and gives reduced limbs", () => {
    const weights = fc.constantFrom([16, 1], [1, 16], [4, 4], [3, 4], [2, 8]);
    const factors = weights.chain(([a = 1, b = 1]) => fc.tuple(extreme(a), extreme(b), extreme(4)));
    fc.assert(
      fc.property(factors, ([a, b, c]) => {
        const product = result((out) => multiply(out, a, b));
        expect(integerOf(product)).toBe((integerOf(a) * integerOf(b)) % P);
        const squared = result((out) => square(out, c));
        expect(integerOf(squared)).toBe(integerOf(c) ** 2n % P);
        for (const element of [product, squared]) {
          for (const [i, bits] of LIMB_BITS.entries()) {
            expect(Math.abs(element[i] ?? Number.NaN)).toBeLessThanOrEqual(2 ** (bits - 1) + 1);
          }
        }
      }),
    );
  });

  test("writes a result over its own input", () => {
    const a = fieldElement(P - 5n);
    multiply(a, a, a);
    square(a, a);
    subtract(a, a, fieldElement(1n));
    expect(integerOf(a)).toBe(624n);
  });

  test("knows zero, equality and parity of every representative", () => {
    fc.assert(
      fc.property(value, (x) => {
        const reduced = x % P;
        const a = result((out) => subtract(out, fieldElement(x), fieldElement(0n)));
        const negative = result((out) => subtract(out, fieldElement(0n), a));
        expect(isZero(a)).toBe(reduced === 0n);
        expect(isOdd(a)).toBe(reduced % 2n === 1n);
        expect(isOdd(negative)).toBe(((P - reduced) % P) % 2n === 1n);
        expect(areEqual(a, fieldElement(reduced))).toBe(true);
        expect(areEqual(a, fieldElement((reduced + 1n) % P))).toBe(false);
      }),
    );
  });

  test("decodes little-endian bytes without the highest bit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const number = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
        expect(integerOf(result((out) => decodeElement(out, bytes)))).toBe(BigInt.asUintN(255, number) % P);
      }),
    );
  });

  test("raises to (p − 5) / 8", () => {
    for (const x of [0n, 1n, 2n, P - 1n, 2n ** 200n + 12345n]) {
      let power = 1n;
      for (const bit of ((P - 5n) / 8n).toString(2)) power = (power * power * (bit === "1" ? x : 1n)) % P;
      expect(integerOf(result((out) => powerOfRoot(out, fieldElement(x))))).toBe(power);
    }
  });
});
