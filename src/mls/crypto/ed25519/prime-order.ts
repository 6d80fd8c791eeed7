import { isSmallOrder, type Point } from "./edwards25519.ts";
import {
  add,
  areEqual,
  type FieldElement,
  fieldElement,
  fieldElements,
  isZero,
  multiply,
  powerOfRoot,
  square,
  subtract,
} from "./field25519.ts";

/** c = A + 2 and m = √c − 2, see below. */
const C = fieldElement(486664n);
const SLOPE = fieldElement(48802004052532134862652268456126542835229456083994414501085850622543968879635n);
/** √−c: v = √−c · u / x. */
const SCALE = fieldElement(6853475219497561581579357271197624642482790079785650197046958215289687604742n);
const SQUARE_ROOT_OF_MINUS_ONE = fieldElement(0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0n);
const ONE = fieldElement(1n);

/** Scratch: written before it is read, within one call. */
const [t, d, n, s, g, h] = fieldElements(6) as [
  FieldElement,
  FieldElement,
  FieldElement,
  FieldElement,
  FieldElement,
  FieldElement,
];

/** L, a divisor of the cofactor 8, or a product of both. */
export type PointOrder = "prime" | "small" | "mixed";

/** The order of a point as `decodePoint` gives it, with Z = 1. */
export function orderOf(point: Point): PointOrder {
  if (isOfPrimeOrder(point)) return "prime";
  return isSmallOrder(point) ? "small" : "mixed";
}

/**
 * Is a point of prime order? Multiplying it by L would cost more than the rest of a signature's verification. This test
 * is exact as well and takes two powers. The group is cyclic of order 8·L, so the points of the subgroup of order L are
 * those that are divisible by 8:
 *
 * - On the Montgomery curve v² = u·(u² + A·u + 1), with u = (1 + y) / (1 − y), a point P is divisible by 2 if and only
 *   if u is a square, w². It is then the image, under the isogeny of degree 2 that doubling consists of (with its dual),
 *   of a point Q = (u', v') of the curve v² = u·(u² − 2A·u + A² − 4), with u' = A + 2u + 2v/w and v' = 2w·u'.
 * - Half of P is divisible by 4 if and only if the reduced Tate pairing of Q with a point T of order 4 is 1. It is the
 *   quartic residue symbol, f(Q)^((p − 1) / 4), of f = (v' − m·(u' − c))² / (u' − c), with c = A + 2 and the slope m of
 *   the tangent at T. Of the two T that lie above (1, √c), the one with m = √c − 2 pairs to 1 with (0, 0), so that it
 *   does not matter which of the two Q was found.
 *
 * Below, denominators are multiplied up to fourth powers, which do not change the symbol. Where f is zero or infinite,
 * at points of small order, a factor is zero and so is the symbol.
 */
function isOfPrimeOrder({ X: x, Y: y }: Point): boolean {
  // t = √(1 − y²), so that w = t / (1 − y).
  square(g, y);
  subtract(g, ONE, g);
  powerOfRoot(t, g);
  multiply(t, t, g);
  square(h, t);
  if (!areEqual(h, g)) {
    add(h, h, g);
    if (!isZero(h)) return false;
    multiply(t, t, SQUARE_ROOT_OF_MINUS_ONE);
  }
  subtract(d, ONE, y);
  // s = (u' − c) · x·d / 2 = 2xy + √−c · t
  multiply(s, x, y);
  add(s, s, s);
  multiply(h, SCALE, t);
  add(s, s, h);
  // n = (v' − m·(u' − c)) · x·d² / 2 = t·(c·x·d + 2s) − m·d·s
  multiply(n, x, d);
  multiply(n, n, C);
  add(n, n, s);
  add(n, n, s);
  multiply(n, n, t);
  multiply(h, d, s);
  multiply(h, h, SLOPE);
  subtract(n, n, h);
  // f is 2·n²·d·(x·s)³, up to fourth powers.
  square(n, n);
  multiply(g, x, s);
  square(h, g);
  multiply(g, g, h);
  multiply(g, g, d);
  multiply(g, g, n);
  add(g, g, g);
  // (p − 1) / 4 = 2 · (p − 5) / 8 + 1
  powerOfRoot(h, g);
  square(h, h);
  multiply(h, h, g);
  return areEqual(h, ONE);
}
