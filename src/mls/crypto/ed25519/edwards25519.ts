import { at, missing } from "../at.ts";
import {
  add,
  areEqual,
  decodeElement,
  type FieldElement,
  fieldElement,
  fieldElements,
  isOdd,
  isZero,
  multiply,
  powerOfRoot,
  square,
  subtract,
} from "./field25519.ts";

/**
 * Points of edwards25519 (RFC 8032 §5.1), −x² + y² = 1 + d·x²·y², for public data: nothing is constant in time.
 * The addition is complete, so that it holds for points of small order too.
 */

/** A point in extended coordinates: its affine ones are X/Z and Y/Z, and T = XY/Z. All are reduced. */
export type Point = {
  readonly X: FieldElement;
  readonly Y: FieldElement;
  readonly Z: FieldElement;
  readonly T: FieldElement;
};

/** A point as the right-hand side of an addition. The first two have weight 2, 2Z too. */
export type Addend = {
  readonly yPlusX: FieldElement;
  readonly yMinusX: FieldElement;
  readonly twoZ: FieldElement;
  readonly twoDT: FieldElement;
};

/** A point, as its multiples 1, 3, 5, …, to be multiplied by a scalar in signed digits of `signedDigits`. */
export type Term = { readonly oddMultiples: readonly Addend[]; readonly digits: Int8Array };

/** Scalars are reduced modulo the order of the base point, which is below 2^253. */
export const SCALAR_BITS = 253;

/** A carry may come out of the highest bit. */
const DIGITS = SCALAR_BITS + 1;

const ENCODED_POINT_BYTES = 32;
const D = fieldElement(0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n);
const TWO_D = fieldElement(0x2406d9dc56dffce7198e80f2eef3d13000e0149a8283b156ebd69b9426b2f159n);
const SQUARE_ROOT_OF_MINUS_ONE = fieldElement(0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0n);
const ZERO = fieldElement(0n);
const ONE = fieldElement(1n);

type FourElements = [FieldElement, FieldElement, FieldElement, FieldElement];

/** Scratch: written before it is read, within one call. */
const [A, B, C, E] = fieldElements(4) as FourElements;
const [F, G, H] = fieldElements(3) as [FieldElement, FieldElement, FieldElement];
const MULTIPLE = emptyPoint();
const STEP = emptyAddend();

/** Room for a point. */
export function emptyPoint(): Point {
  const [X, Y, Z, T] = fieldElements(4) as FourElements;
  return { X, Y, Z, T };
}

/** The neutral point, (0, 1). */
function neutralPoint(): Point {
  const point = emptyPoint();
  point.Y.set(ONE);
  point.Z.set(ONE);
  return point;
}

/**
 * Decodes a point (RFC 8032 §5.1.3) into `out`; `undefined` for y ≥ p, for x = 0 with the sign bit, and for a y of no
 * point.
 */
export function decodePoint(bytes: Uint8Array, out = emptyPoint()): Point | undefined {
  if (bytes.length !== ENCODED_POINT_BYTES || !isCanonical(bytes)) return undefined;
  const { X, Y, Z, T } = out;
  decodeElement(Y, bytes);
  Z.set(ONE);
  // x² = u / v with u = y² − 1 and v = d·y² + 1; the candidate is u·v³·(u·v⁷)^((p − 5) / 8).
  const [u, v, v3] = [E, F, G];
  square(A, Y);
  subtract(u, A, ONE);
  multiply(v, A, D);
  add(v, v, ONE);
  square(v3, v);
  multiply(v3, v3, v);
  square(A, v3);
  multiply(A, A, v);
  multiply(A, A, u);
  powerOfRoot(B, A);
  multiply(X, v3, u);
  multiply(X, X, B);
  square(A, X);
  multiply(A, A, v);
  if (!areEqual(A, u)) {
    add(A, A, u);
    if (!isZero(A)) return undefined;
    multiply(X, X, SQUARE_ROOT_OF_MINUS_ONE);
  }
  const sign = (at(bytes, ENCODED_POINT_BYTES - 1) & 0x80) !== 0;
  if (sign && isZero(X)) return undefined;
  if (isOdd(X) !== sign) subtract(X, ZERO, X);
  multiply(T, X, Y);
  return out;
}

/** Is y below p = 2^255 − 19, as RFC 8032 §5.1.3 requires? */
function isCanonical(bytes: Uint8Array): boolean {
  if ((at(bytes, 31) & 0x7f) !== 0x7f || at(bytes, 0) < 0xed) return true;
  return bytes.subarray(1, 31).some((byte) => byte !== 0xff);
}

/** out = 2 · point (dbl-2008-hwcd). `out` may be the point itself. */
function doublePoint(out: Point, point: Point): void {
  square(A, point.X);
  square(B, point.Y);
  square(C, point.Z);
  add(C, C, C);
  add(H, A, B);
  add(E, point.X, point.Y);
  square(E, E);
  subtract(E, H, E);
  subtract(G, A, B);
  add(F, C, G);
  multiply(out.X, E, F);
  multiply(out.Y, G, H);
  multiply(out.T, E, H);
  multiply(out.Z, F, G);
}

/** out = point + addend, or point − addend (add-2008-hwcd-3). `out` may be the point itself. */
function addTo(out: Point, point: Point, addend: Addend, negative: boolean): void {
  subtract(A, point.Y, point.X);
  multiply(A, A, negative ? addend.yPlusX : addend.yMinusX);
  add(B, point.Y, point.X);
  multiply(B, B, negative ? addend.yMinusX : addend.yPlusX);
  multiply(C, point.T, addend.twoDT);
  multiply(E, point.Z, addend.twoZ);
  if (negative) {
    add(F, E, C);
    subtract(G, E, C);
  } else {
    subtract(F, E, C);
    add(G, E, C);
  }
  subtract(E, B, A);
  add(H, B, A);
  multiply(out.X, E, F);
  multiply(out.Y, G, H);
  multiply(out.T, E, H);
  multiply(out.Z, F, G);
}

function emptyAddend(): Addend {
  const [yPlusX, yMinusX, twoZ, twoDT] = fieldElements(4) as FourElements;
  return { yPlusX, yMinusX, twoZ, twoDT };
}

function setAddend(out: Addend, { X, Y, Z, T }: Point): void {
  add(out.yPlusX, Y, X);
  subtract(out.yMinusX, Y, X);
  add(out.twoZ, Z, Z);
  multiply(out.twoDT, T, TWO_D);
}

/** left − right. */
export function subtractPoints(left: Point, right: Point): Point {
  const out = emptyPoint();
  setAddend(STEP, right);
  addTo(out, left, STEP, true);
  return out;
}

/** 2^n · point. */
function doublePointTimes(point: Point, n: number): Point {
  const out = emptyPoint();
  doublePoint(out, point);
  for (let i = 1; i < n; i++) doublePoint(out, out);
  return out;
}

/** Is it (0, 1)? */
export function isNeutral({ X, Y, Z }: Point): boolean {
  return isZero(X) && areEqual(Y, Z);
}

/** Is 8 · point neutral, so that it is of small order (RFC 8032 §5.1: the cofactor is 8)? */
export function isSmallOrder(point: Point): boolean {
  return isNeutral(doublePointTimes(point, 3));
}

/** Room for the odd multiples of one point. */
export function emptyTable(width: number): readonly Addend[] {
  return Array.from({ length: 2 ** (width - 2) }, emptyAddend);
}

/** The multiples 1, 3, …, 2^(width − 1) − 1 of a point, which signed digits of that width need; in `multiples`. */
export function oddMultiples(point: Point, width: number, multiples = emptyTable(width)): readonly Addend[] {
  doublePoint(MULTIPLE, point);
  setAddend(STEP, MULTIPLE);
  let from = point;
  for (const [i, multiple] of multiples.entries()) {
    if (i > 0) {
      addTo(MULTIPLE, from, STEP, false);
      from = MULTIPLE;
    }
    setAddend(multiple, from);
  }
  return multiples;
}

/** The sum of all terms, by Straus's method: one chain of 253 doublings that all of them share. */
export function sumOfMultiples(terms: readonly Term[]): Point {
  const sum = neutralPoint();
  for (let i = DIGITS - 1; i >= 0; i--) {
    doublePoint(sum, sum);
    for (const { oddMultiples, digits } of terms) {
      const digit = digits[i] ?? missing(i);
      if (digit === 0) continue;
      const multiple = (Math.abs(digit) - 1) >> 1;
      addTo(sum, sum, oddMultiples[multiple] ?? missing(multiple), digit < 0);
    }
  }
  return sum;
}
