import { sha512 } from "@noble/hashes/sha2.js";
import { at } from "../at.ts";
import { littleEndian } from "../integers.ts";
import type { SignatureItem } from "../provider.ts";
import { signedDigits } from "../signed-digits.ts";
import {
  type Addend,
  decodePoint,
  emptyPoint,
  emptyTable,
  isNeutral,
  oddMultiples,
  type Point,
  SCALAR_BITS,
  subtractPoints,
  sumOfMultiples,
  type Term,
} from "./edwards25519.ts";
import { orderOf } from "./prime-order.ts";

/** The order of the base point, RFC 8032 §5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

/** RFC 8032 §5.1: y = 4/5, x even. */
const ENCODED_BASE_POINT = Uint8Array.of(0x58, ...new Array<number>(31).fill(0x66));

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const COEFFICIENT_BYTES = 16;

/** Digits of R and A: a table is used for about 25 and 42 additions, so one of 4 and 8 multiples pays. */
const R_WIDTH = 4;
const KEY_WIDTH = 5;

/** The base point's table is kept, so it may be larger. */
const BASE_WIDTH = 7;

/** Equations added up at once: what bounds the memory of their tables (2 KiB each). */
const MAX_EQUATIONS = 512;

/** A point to be multiplied by scalars modulo L. */
type Multiplicand = { readonly multiples: readonly Addend[]; readonly width: number };

/** A public key that is not of small order. */
type Key = Multiplicand & { readonly isOfPrimeOrder: boolean };

/** A signature with valid encodings: its equation is coefficient · (R + k·A − S·B) = 0. */
type Equation = {
  readonly index: number;
  readonly key: Key;
  readonly scaledR: Term;
  /** coefficient · k and coefficient · S, modulo L. */
  readonly scaledK: bigint;
  readonly scaledS: bigint;
  /** Whether A and R are of prime order, as all other points of a sum have to be. */
  readonly isOfPrimeOrder: boolean;
};

/** Scratch: read until the multiples of one R are made. Each had objects of its own, which is work for the collector. */
const DECODED_R = emptyPoint();

let keptBase: Multiplicand | undefined;

/** Tables of the R of one batch, overwritten by the next: making them took as long as filling them [measured]. */
const tables: (readonly Addend[])[] = [];

function tableAt(index: number): readonly Addend[] {
  tables[index] ??= emptyTable(R_WIDTH);
  return tables[index];
}

/**
 * Verifies Ed25519 signatures (RFC 8032 §5.1.7) together; one verdict for each item, in order.
 *
 * A signature is valid if the equation without the cofactor, [S]B = R + [k]A with k modulo L, holds for it alone, and
 * - the key has 32 bytes and the signature 64, S is below the order of the base point;
 * - A and R are canonical encodings of points (y below p, no sign on x = 0), and not of small order.
 *
 * All equations are added up with random coefficients of 128 bits, which makes one equation of one scalar for each R,
 * one for each distinct key and one for the base point. Where an equation is wrong, the sum is right for one choice of
 * coefficients in 2^128: that holds for points of prime order only, as a coefficient that is a multiple of 8 hides any
 * component of small order. Whether a point has one is therefore tested for each key and each R, exactly
 * (prime-order.ts), and an equation with one is never added to others: it is computed by itself, with the coefficient 1.
 * A wrong sum is halved until the wrong equations are found; a single equation is exact, since its coefficient is not a
 * multiple of L.
 *
 * The arithmetic is our own (edwards25519.ts), on doubles: noble's points take about three times as long [measured].
 *
 * @param randomBytes gives that many bytes of a cryptographically secure source: with coefficients known in
 *   advance, invalid signatures can be made that cancel out.
 */
export function verifyEd25519Batch(
  items: readonly SignatureItem[],
  randomBytes: (length: number) => Uint8Array,
): boolean[] {
  const verdicts = new Array<boolean>(items.length).fill(false);
  const keys = new Map<string, Key | undefined>();
  for (let from = 0; from < items.length; from += MAX_EQUATIONS) {
    const batch = items.slice(from, from + MAX_EQUATIONS);
    const coefficients = coefficientsOf(batch.length, randomBytes);
    const equations: Equation[] = [];
    for (const [i, item] of batch.entries()) {
      const equation = equationOf(from + i, item, at(coefficients, i), keys, tableAt(i));
      if (equation?.isOfPrimeOrder === true) equations.push(equation);
      else if (equation !== undefined) settle([equation], sumOf([equation]), verdicts);
    }
    if (equations.length > 0) settle(equations, sumOf(equations), verdicts);
  }
  return verdicts;
}

/** Are key and R of prime order, so that the equation holds with the cofactor if and only if it holds without? */
export function hasPointsOfPrimeOrder({ publicKey, signature }: SignatureItem): boolean {
  return [publicKey, signature.subarray(0, KEY_BYTES)].every((encoded) => {
    const point = decodePoint(encoded);
    return point !== undefined && orderOf(point) === "prime";
  });
}

function coefficientsOf(count: number, randomBytes: (length: number) => Uint8Array): bigint[] {
  if (count === 1) return [1n];
  const bytes = randomBytes(count * COEFFICIENT_BYTES);
  if (bytes.length !== count * COEFFICIENT_BYTES)
    throw new RangeError(`expected ${count * COEFFICIENT_BYTES} random bytes, got ${bytes.length}`);
  // Zero would take an equation out of the sum.
  return Array.from(
    { length: count },
    (_, i) => littleEndian(bytes.subarray(i * COEFFICIENT_BYTES, (i + 1) * COEFFICIENT_BYTES)) || 1n,
  );
}

/** The hash input for the scalar k, RFC 8032 §5.1.7: R ‖ A ‖ M. */
function challengeInput({ publicKey, message, signature }: SignatureItem): Uint8Array<ArrayBuffer> {
  const input = new Uint8Array(KEY_BYTES + publicKey.length + message.length);
  input.set(signature.subarray(0, KEY_BYTES));
  input.set(publicKey, KEY_BYTES);
  input.set(message, KEY_BYTES + publicKey.length);
  return input;
}

function equationOf(
  index: number,
  item: SignatureItem,
  random: bigint,
  keys: Map<string, Key | undefined>,
  table: readonly Addend[],
): Equation | undefined {
  const { publicKey, signature } = item;
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return undefined;
  const key = keyOf(publicKey, keys);
  const S = littleEndian(signature.subarray(KEY_BYTES));
  if (key === undefined || S >= L) return undefined;
  const R = decodePoint(signature.subarray(0, KEY_BYTES), DECODED_R);
  const order = R && orderOf(R);
  if (R === undefined || order === "small") return undefined;
  const isOfPrimeOrder = key.isOfPrimeOrder && order === "prime";
  // A multiple of 8 would hide a component of small order.
  const coefficient = isOfPrimeOrder ? random : 1n;
  const digest = sha512(challengeInput(item));
  const k = littleEndian(digest) % L;
  const digits = signedDigits(coefficient, R_WIDTH, SCALAR_BITS);
  return {
    index,
    key,
    scaledR: { oddMultiples: oddMultiples(R, R_WIDTH, table), digits },
    scaledK: (coefficient * k) % L,
    scaledS: (coefficient * S) % L,
    isOfPrimeOrder,
  };
}

/** The table of a key, made once for all its signatures; `undefined` for a bad key. */
function keyOf(publicKey: Uint8Array, keys: Map<string, Key | undefined>): Key | undefined {
  const name = String.fromCharCode(...publicKey);
  if (keys.has(name)) return keys.get(name);
  const point = decodePoint(publicKey);
  const order = point && orderOf(point);
  const key =
    point === undefined || order === "small"
      ? undefined
      : { ...multiplicand(point, KEY_WIDTH), isOfPrimeOrder: order === "prime" };
  keys.set(name, key);
  return key;
}

function multiplicand(point: Point, width: number): Multiplicand {
  return { multiples: oddMultiples(point, width), width };
}

function basePoint(): Multiplicand {
  if (keptBase === undefined) {
    const point = decodePoint(ENCODED_BASE_POINT);
    if (point === undefined) throw new Error("expected the base point to be a point");
    keptBase = multiplicand(point, BASE_WIDTH);
  }
  return keptBase;
}

/** Exact in every component: only points of order L have their scalars reduced, but for k, of which that is the rule. */
function sumOf(equations: readonly Equation[]): Point {
  const terms: Term[] = [];
  const scalars = new Map<Multiplicand, bigint>();
  let baseScalar = 0n;
  for (const { key, scaledR, scaledK, scaledS } of equations) {
    terms.push(scaledR);
    scalars.set(key, (scalars.get(key) ?? 0n) + scaledK);
    baseScalar -= scaledS;
  }
  scalars.set(basePoint(), baseScalar);
  for (const [{ multiples, width }, scalar] of scalars) {
    const reduced = ((scalar % L) + L) % L;
    terms.push({ oddMultiples: multiples, digits: signedDigits(reduced, width, SCALAR_BITS) });
  }
  return sumOfMultiples(terms);
}

/** Writes the verdicts of equations of which the sum is known; that of the second half is what the first half leaves. */
function settle(equations: readonly Equation[], sum: Point, verdicts: boolean[]): void {
  const valid = isNeutral(sum);
  if (valid || equations.length === 1) {
    for (const { index } of equations) verdicts[index] = valid;
    return;
  }
  const half = equations.length >>> 1;
  const first = equations.slice(0, half);
  const sumOfFirst = sumOf(first);
  settle(first, sumOfFirst, verdicts);
  settle(equations.slice(half), subtractPoints(sum, sumOfFirst), verdicts);
}
