import { missing } from "../at.ts";
import { littleEndian } from "../integers.ts";
import { signedDigits } from "../signed-digits.ts";

/**
 * Points of edwards448 (RFC 8032 §5.2), x² + y² = 1 + d·x²·y², for public data: nothing is constant in time. d is not a
 * square, so the addition is complete: it holds for equal points and for points of small order too.
 */

/** A point in projective coordinates: its affine ones are X/Z and Y/Z. They are modulo p and of either sign. */
export type Point448 = { readonly X: bigint; readonly Y: bigint; readonly Z: bigint };

/** A point to be multiplied, as its multiples 1, 3, 5, …, and the scalar in digits of `signedDigits`. */
export type Term448 = { readonly oddMultiples: readonly Point448[]; readonly digits: Int8Array };

export const P448 = 2n ** 448n - 2n ** 224n - 1n;
const D = -39081n;

/** The order of the base point; the cofactor is 4. */
export const L448 = 2n ** 446n - 13818066809895115352007386748515426880336692474882178609894547503885n;

/** Of L. */
export const SCALAR_BITS_448 = 446;

export const BASE_448: Point448 = {
  X: 0x4f1970c66bed0ded221d15a622bf36da9e146570470f1767ea6de324a3d3a46412ae1af72ab66511433b80e18b00938e2626a82bc70cc05en,
  Y: 0x693f46716eb6bc248876203756c9c7624bea73736ca3984087789c1e05a0c2d73ad3ff1ce67c39c4fdbd132c4ed7c8ad9808795bf230fa14n,
  Z: 1n,
};

const NEUTRAL: Point448 = { X: 0n, Y: 1n, Z: 1n };

export const POINT_BYTES_448 = 57;

/** Width of the digits of L in the test for prime order. */
const ORDER_WIDTH = 5;

/** Decodes a point (RFC 8032 §5.2.3); `undefined` for y ≥ p, for x = 0 with the sign bit, and for a y of no point. */
export function decodePoint448(bytes: Uint8Array): Point448 | undefined {
  if (bytes.length !== POINT_BYTES_448) return undefined;
  const encoded = littleEndian(bytes);
  const sign = encoded >> 455n;
  const y = BigInt.asUintN(455, encoded);
  if (y >= P448) return undefined;
  // x² = u / v with u = y² − 1 and v = d·y² − 1; the candidate is u³·v·(u⁵·v³)^((p − 3) / 4).
  const square = (y * y) % P448;
  const u = square - 1n;
  const v = (D * square - 1n) % P448;
  const u3v = (((((u * u) % P448) * u) % P448) * v) % P448;
  const u5v3 = (((((((u3v * u) % P448) * u) % P448) * v) % P448) * v) % P448;
  const root = (u3v * powerOfRoot(u5v3)) % P448;
  if ((v * root * root - u) % P448 !== 0n) return undefined;
  const x = root < 0n ? root + P448 : root;
  if (x === 0n && sign === 1n) return undefined;
  return { X: (x & 1n) === sign ? x : P448 - x, Y: y, Z: 1n };
}

/** value^((p − 3) / 4), of which the exponent is 2^446 − 2^222 − 1: 223 ones, a zero and 222 ones in binary. */
function powerOfRoot(value: bigint): bigint {
  // `ones` is value^(2^n − 1), which is n ones in binary, for n = 1, 2, 3, 6, 12, 13, 27, 54, 55, 111, 222.
  let ones = value;
  for (const [n, plusOne] of CHAIN) {
    ones = (squared(ones, n) * ones) % P448;
    if (plusOne) ones = (ones * ones * value) % P448;
  }
  const ones223 = (ones * ones * value) % P448;
  return (squared(ones223, 223) * ones) % P448;
}

/** From n ones to 2·n, or to 2·n + 1. */
const CHAIN: readonly (readonly [n: number, plusOne: boolean])[] = [
  [1, true],
  [3, false],
  [6, true],
  [13, true],
  [27, true],
  [55, true],
  [111, false],
];

/** value^(2^n). */
function squared(value: bigint, n: number): bigint {
  let result = value;
  for (let i = 0; i < n; i++) result = (result * result) % P448;
  return result;
}

/** RFC 8032 §5.2.4. */
export function add448(left: Point448, right: Point448): Point448 {
  const a = (left.Z * right.Z) % P448;
  const b = (a * a) % P448;
  const c = (left.X * right.X) % P448;
  const d = (left.Y * right.Y) % P448;
  const e = D * ((c * d) % P448);
  const f = (a * (b - e)) % P448;
  const g = (a * (b + e)) % P448;
  const h = ((left.X + left.Y) * (right.X + right.Y) - c - d) % P448;
  return { X: (f * h) % P448, Y: (g * (d - c)) % P448, Z: ((b - e) * (b + e)) % P448 };
}

/** RFC 8032 §5.2.4. */
export function double448({ X, Y, Z }: Point448): Point448 {
  const c = X * X;
  const d = Y * Y;
  const e = (c + d) % P448;
  const j = (e - 2n * Z * Z) % P448;
  return { X: (((2n * X * Y) % P448) * j) % P448, Y: (e * ((c - d) % P448)) % P448, Z: (e * j) % P448 };
}

export const negate448 = ({ X, Y, Z }: Point448): Point448 => ({ X: -X, Y, Z });

export const areEqual448 = (left: Point448, right: Point448): boolean =>
  (left.X * right.Z - right.X * left.Z) % P448 === 0n && (left.Y * right.Z - right.Y * left.Z) % P448 === 0n;

/** Is 4 · point neutral? */
export const isSmallOrder448 = (point: Point448): boolean => isNeutral(double448(double448(point)));

/** Is the order L, so that it has no component of small order? */
export function isPrimeOrder448(point: Point448): boolean {
  const digits = signedDigits(L448, ORDER_WIDTH, SCALAR_BITS_448);
  return !isNeutral(point) && isNeutral(sum448([{ oddMultiples: oddMultiples448(point, ORDER_WIDTH), digits }]));
}

const isNeutral = (point: Point448): boolean => areEqual448(point, NEUTRAL);

/** The multiples 1, 3, …, 2^(width − 1) − 1 of a point, which signed digits of that width need. */
export function oddMultiples448(point: Point448, width: number): readonly Point448[] {
  const twice = double448(point);
  const multiples = [point];
  for (let next = point; multiples.length < 2 ** (width - 2); ) {
    next = add448(next, twice);
    multiples.push(next);
  }
  return multiples;
}

/** The sum of all terms, by Straus's method: one chain of doublings that all of them share. */
export function sum448(terms: readonly Term448[]): Point448 {
  let sum = NEUTRAL;
  for (let i = SCALAR_BITS_448; i >= 0; i--) {
    sum = double448(sum);
    for (const { oddMultiples, digits } of terms) {
      const digit = digits[i] ?? missing(i);
      if (digit === 0) continue;
      const index = (Math.abs(digit) - 1) >> 1;
      const multiple = oddMultiples[index] ?? missing(index);
      sum = add448(sum, digit < 0 ? negate448(multiple) : multiple);
    }
  }
  return sum;
}
