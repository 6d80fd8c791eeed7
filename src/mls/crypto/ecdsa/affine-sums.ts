import { at, missing } from "../at.ts";

/**
 * Many sums of points of one Weierstrass curve at once, in affine coordinates. An affine addition takes 3 products and
 * an inversion. For many sums together, one inversion and 3 more products for each replace all inversions, and 6
 * products are less than half of what projective coordinates need. For public data: nothing is constant in time.
 */

/** A point that is not the point at infinity. Coordinates are modulo p and of either sign. */
export type Affine = { readonly x: bigint; readonly y: bigint };

/** `windows[w][d − 1]` is d · 2^(w · width) · P, for d from 1 to 2^(width − 1). */
export type MultiplesTable = { readonly width: number; readonly windows: readonly (readonly Affine[])[] };

/** The inverses of `values` (zero for zero), by one inversion and three products for each. */
export function invertAll(values: readonly bigint[], modulus: bigint): bigint[] {
  const before: bigint[] = [];
  let product = 1n;
  for (const value of values) {
    before.push(product);
    if (value !== 0n) product = (product * value) % modulus;
  }
  let inverse = invert(product, modulus);
  for (let i = values.length - 1; i >= 0; i--) {
    const value = values[i] ?? missing(i);
    before[i] = value === 0n ? 0n : ((before[i] ?? missing(i)) * inverse) % modulus;
    if (value !== 0n) inverse = (inverse * value) % modulus;
  }
  return before;
}

/** The inverse of a value that is not zero modulo the prime, by Euclid's algorithm; of either sign. */
function invert(value: bigint, modulus: bigint): bigint {
  let [rest, next] = [modulus, value % modulus];
  let [inverse, nextInverse] = [0n, 1n];
  while (next !== 0n) {
    const quotient = rest / next;
    [rest, next] = [next, rest - quotient * next];
    [inverse, nextInverse] = [nextInverse, inverse - quotient * nextInverse];
  }
  // The greatest common divisor is 1, and may have come out as −1.
  return inverse * rest;
}

/** What the additions need of a curve y² = x³ + a·x + b modulo p. */
export type CurveEquation = { readonly p: bigint; readonly a: bigint };

/**
 * The sum of each list, by adding neighbours in all lists at once until one point is left of each. `undefined` for the
 * point at infinity, which is also the sum of an empty list.
 *
 * Equal points are doubled and opposite ones cancel out, at the cost of any other addition: a signer who knows the key
 * can choose signatures whose partial sums meet, so that an exception must not cost more.
 */
export function sumAll(lists: readonly (readonly Affine[])[], curve: CurveEquation): (Affine | undefined)[] {
  let rests = lists;
  while (rests.some((points) => points.length > 1)) rests = addNeighbours(rests, curve);
  return rests.map(([sum]) => sum);
}

/** Adds the first and the second point of each list, the third and the fourth, …; opposite ones leave nothing. */
function addNeighbours(lists: readonly (readonly Affine[])[], { p, a }: CurveEquation): Affine[][] {
  const rises: bigint[] = [];
  const runs: bigint[] = [];
  for (const points of lists) {
    for (let i = 1; i < points.length; i += 2) {
      const left = points[i - 1] ?? missing(i - 1);
      const right = points[i] ?? missing(i);
      const run = right.x - left.x;
      if (run % p !== 0n) {
        rises.push(right.y - left.y);
        runs.push(run);
      } else {
        // The tangent's slope for equal points; y + y' is zero modulo p for opposite ones.
        rises.push(3n * left.x * left.x + a);
        runs.push((left.y + right.y) % p);
      }
    }
  }
  const inverses = invertAll(runs, p);
  let next = 0;
  return lists.map((points) => {
    const sums: Affine[] = [];
    for (let i = 0; i < points.length; i += 2) {
      const left = points[i] ?? missing(i);
      const right = points[i + 1];
      if (right === undefined) {
        sums.push(left);
        continue;
      }
      const inverse = inverses[next] ?? missing(next);
      const rise = rises[next] ?? missing(next);
      next++;
      if (inverse !== 0n) sums.push(addWithSlope(left, right, (rise * inverse) % p, p));
    }
    return sums;
  });
}

function addWithSlope(a: Affine, b: Affine, slope: bigint, p: bigint): Affine {
  const x = (slope * slope - a.x - b.x) % p;
  return { x, y: (slope * (a.x - x) - a.y) % p };
}

/** Windows of `width` bits that cover `bits` and the carry of the highest. */
function windowCount(bits: number, width: number): number {
  return Math.floor(bits / width) + 1;
}

/**
 * P, 2·P, 4·P, …: `count` of them, for a point of prime order and a = −3. Jacobian coordinates (dbl-2001-b) take 8
 * products for each, and one inversion at the end for all.
 */
function doublings({ p }: CurveEquation, point: Affine, count: number): Affine[] {
  let [X, Y, Z] = [point.x, point.y, 1n];
  const all = [{ X, Y, Z }];
  while (all.length < count) {
    const delta = (Z * Z) % p;
    const gamma = (Y * Y) % p;
    const beta = (X * gamma) % p;
    const alpha = (3n * (X - delta) * (X + delta)) % p;
    Z = (2n * Y * Z) % p;
    X = (alpha * alpha - 8n * beta) % p;
    Y = (alpha * (4n * beta - X) - 8n * gamma * gamma) % p;
    all.push({ X, Y, Z });
  }
  const inverses = invertAll(
    all.map((one) => one.Z),
    p,
  );
  return all.map((one, i) => {
    const inverse = inverses[i] ?? missing(i);
    const square = (inverse * inverse) % p;
    return { x: (one.X * square) % p, y: (((one.Y * square) % p) * inverse) % p };
  });
}

/** The table of a point of prime order on a curve with a = −3, for scalars of up to `bits` bits that are below that order. */
export function multiplesTable(curve: CurveEquation, point: Affine, width: number, bits: number): MultiplesTable {
  const count = windowCount(bits, width);
  const affine = doublings(curve, point, count * width);
  const windows = Array.from({ length: count }, (_, w) => affine.slice(w * width, w * width + 1));
  // To 1 … 2^k come 2^k + 1 … 2^(k + 1): the last is a known power, the others are sums of two multiples.
  for (let k = 0; k < width - 1; k++) {
    const pairs = windows.flatMap((multiples) => {
      const highest = at(multiples, multiples.length - 1);
      return multiples.slice(0, -1).map((multiple) => [highest, multiple]);
    });
    const sums = sumAll(pairs, curve);
    let next = 0;
    for (const [w, multiples] of windows.entries()) {
      // The multiples are below the order, so no sum is at infinity.
      for (let i = 1; i < 2 ** k; i++) multiples.push(at(sums, next++));
      multiples.push(at(affine, w * width + k + 1));
    }
  }
  return { width, windows };
}

/** The points of a table whose sum is scalar · P: one for each window that is not zero. */
export function multiplesOf(scalar: bigint, { width, windows }: MultiplesTable): Affine[] {
  const points: Affine[] = [];
  let rest = scalar;
  for (const multiples of windows) {
    let digit = Number(BigInt.asUintN(width, rest));
    rest >>= BigInt(width);
    const negative = digit > multiples.length;
    if (negative) {
      digit = 2 ** width - digit;
      rest += 1n;
    }
    if (digit === 0) continue;
    const point = multiples[digit - 1] ?? missing(digit - 1);
    points.push(negative ? { x: point.x, y: -point.y } : point);
  }
  return points;
}
