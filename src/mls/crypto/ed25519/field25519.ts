/**
 * Arithmetic modulo p = 2^255 − 19 on floating-point numbers, for the verification of Ed25519 signatures.
 *
 * JavaScript has no fast 64-bit integers: a product modulo p costs about 330 ns in BigInt, and 75 ns here [measured,
 * Node 22]. Doubles are exact for integers up to 2^53, so an element is twelve limbs of 22, 21, 21, 21, 22, … bits: the
 * radix is 2^21.25, as 12 · 21.25 = 255.
 *
 * Limbs are signed. What `multiply` and `square` write is reduced: each limb lies within half of its range, give or
 * take 1 %. Sums and differences are not carried; an element made of n reduced ones (2a counts as two) has weight n,
 * and a product is exact where the weights of its factors multiply to 16 or less: the largest column sum is then
 * below 2^53. Nothing here is constant in time: it is for public data only.
 */
import { at } from "../at.ts";

/** Twelve limbs, least significant first; limb i counts 2^⌈21.25 · i⌉. An element may be input and `out` at once. */
export interface FieldElement extends Float64Array {
  0: number;
  1: number;
  2: number;
  3: number;
  4: number;
  5: number;
  6: number;
  7: number;
  8: number;
  9: number;
  10: number;
  11: number;
}

const LIMBS = 12;
const LIMB_BYTES = Float64Array.BYTES_PER_ELEMENT;
const ENCODED_BYTES = 32;
const LIMB_BITS = [22, 21, 21, 21, 22, 21, 21, 21, 22, 21, 21, 21] as const;
const LIMB_OFFSETS = [0, 22, 43, 64, 85, 107, 128, 149, 170, 192, 213, 234] as const;

/** Adding and taking off 3 · 2^(51 + w) rounds a double to a multiple of 2^w: what is carried out of a w-bit limb. */
const ROUND_22 = 3 * 2 ** 73;
const ROUND_21 = 3 * 2 ** 72;
const INVERSE_22 = 2 ** -22;
const INVERSE_21 = 2 ** -21;

/** `count` zeros in one allocation: a view costs a tenth of a separate array [measured]. */
export function fieldElements(count: number): FieldElement[] {
  const { buffer } = new Float64Array(count * LIMBS);
  const elements: FieldElement[] = [];
  for (let i = 0; i < count; i++)
    elements.push(new Float64Array(buffer, i * LIMB_BYTES * LIMBS, LIMBS) as FieldElement);
  return elements;
}

/** The element of an integer in [0, 2^255). */
export function fieldElement(value: bigint): FieldElement {
  const limbs = LIMB_BITS.map((bits, i) => Number(BigInt.asUintN(bits, value >> BigInt(at(LIMB_OFFSETS, i)))));
  return Float64Array.from(limbs) as FieldElement;
}

/** The element of 32 bytes, little-endian; the highest bit is ignored. Values of p and more are reduced modulo p. */
export function decodeElement(out: FieldElement, bytes: Uint8Array): void {
  if (bytes.length !== ENCODED_BYTES) throw new RangeError(`expected ${ENCODED_BYTES} bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, ENCODED_BYTES);
  for (let i = 0; i < LIMBS; i++) {
    const bit = at(LIMB_OFFSETS, i);
    // The four bytes that hold the limb; the last of them are those of the end.
    const byte = Math.min(bit >>> 3, ENCODED_BYTES - 4);
    out[i] = (view.getUint32(byte, true) >>> (bit - 8 * byte)) & ((1 << at(LIMB_BITS, i)) - 1);
  }
  multiply(out, out, ONE);
}

const ONE: FieldElement = fieldElement(1n);

/** Scratch, here and below: written before it is read, within one call. */
const SCRATCH: FieldElement = fieldElement(0n);
const POWERS = fieldElements(5) as [FieldElement, FieldElement, FieldElement, FieldElement, FieldElement];

/** out = a + b, not carried: its weight is the sum of theirs. */
export function add(out: FieldElement, a: FieldElement, b: FieldElement): void {
  out[0] = a[0] + b[0];
  out[1] = a[1] + b[1];
  out[2] = a[2] + b[2];
  out[3] = a[3] + b[3];
  out[4] = a[4] + b[4];
  out[5] = a[5] + b[5];
  out[6] = a[6] + b[6];
  out[7] = a[7] + b[7];
  out[8] = a[8] + b[8];
  out[9] = a[9] + b[9];
  out[10] = a[10] + b[10];
  out[11] = a[11] + b[11];
}

/** out = a − b, not carried: its weight is the sum of theirs. */
export function subtract(out: FieldElement, a: FieldElement, b: FieldElement): void {
  out[0] = a[0] - b[0];
  out[1] = a[1] - b[1];
  out[2] = a[2] - b[2];
  out[3] = a[3] - b[3];
  out[4] = a[4] - b[4];
  out[5] = a[5] - b[5];
  out[6] = a[6] - b[6];
  out[7] = a[7] - b[7];
  out[8] = a[8] - b[8];
  out[9] = a[9] - b[9];
  out[10] = a[10] - b[10];
  out[11] = a[11] - b[11];
}

/** out = a · b. */
// biome-ignore format: one row of the convolution, or one carry, a line
export function multiply(out: FieldElement, a: FieldElement, b: FieldElement): void {
  const a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5], a6 = a[6], a7 = a[7], a8 = a[8], a9 = a[9], a10 = a[10], a11 = a[11];
  const b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3], b4 = b[4], b5 = b[5], b6 = b[6], b7 = b[7], b8 = b[8], b9 = b[9], b10 = b[10], b11 = b[11];
  let r0 = a0 * b0 + 19 * (a4 * b8 + a8 * b4 + 2 * (a1 * b11 + a2 * b10 + a3 * b9 + a5 * b7 + a6 * b6 + a7 * b5 + a9 * b3 + a10 * b2 + a11 * b1));
  let r1 = a0 * b1 + a1 * b0 + 19 * (a2 * b11 + a3 * b10 + a4 * b9 + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + a9 * b4 + a10 * b3 + a11 * b2);
  let r2 = a0 * b2 + a2 * b0 + 2 * (a1 * b1) + 19 * (a3 * b11 + a4 * b10 + a6 * b8 + a7 * b7 + a8 * b6 + a10 * b4 + a11 * b3 + 2 * (a5 * b9 + a9 * b5));
  let r3 = a0 * b3 + a3 * b0 + 2 * (a1 * b2 + a2 * b1) + 19 * (a4 * b11 + a7 * b8 + a8 * b7 + a11 * b4 + 2 * (a5 * b10 + a6 * b9 + a9 * b6 + a10 * b5));
  let r4 = a0 * b4 + a4 * b0 + 2 * (a1 * b3 + a2 * b2 + a3 * b1) + 19 * (a8 * b8 + 2 * (a5 * b11 + a6 * b10 + a7 * b9 + a9 * b7 + a10 * b6 + a11 * b5));
  let r5 = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 + 19 * (a6 * b11 + a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7 + a11 * b6);
  let r6 = a0 * b6 + a2 * b4 + a3 * b3 + a4 * b2 + a6 * b0 + 2 * (a1 * b5 + a5 * b1) + 19 * (a7 * b11 + a8 * b10 + a10 * b8 + a11 * b7 + 2 * (a9 * b9));
  let r7 = a0 * b7 + a3 * b4 + a4 * b3 + a7 * b0 + 2 * (a1 * b6 + a2 * b5 + a5 * b2 + a6 * b1) + 19 * (a8 * b11 + a11 * b8 + 2 * (a9 * b10 + a10 * b9));
  let r8 = a0 * b8 + a4 * b4 + a8 * b0 + 2 * (a1 * b7 + a2 * b6 + a3 * b5 + a5 * b3 + a6 * b2 + a7 * b1) + 19 * (2 * (a9 * b11 + a10 * b10 + a11 * b9));
  let r9 = a0 * b9 + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + a9 * b0 + 19 * (a10 * b11 + a11 * b10);
  let r10 = a0 * b10 + a2 * b8 + a3 * b7 + a4 * b6 + a6 * b4 + a7 * b3 + a8 * b2 + a10 * b0 + 2 * (a1 * b9 + a5 * b5 + a9 * b1) + 19 * (a11 * b11);
  let r11 = a0 * b11 + a3 * b8 + a4 * b7 + a7 * b4 + a8 * b3 + a11 * b0 + 2 * (a1 * b10 + a2 * b9 + a5 * b6 + a6 * b5 + a9 * b2 + a10 * b1);
  let t = 0;
  t = r0 + ROUND_22 - ROUND_22; r0 -= t; r1 += t * INVERSE_22;
  t = r6 + ROUND_21 - ROUND_21; r6 -= t; r7 += t * INVERSE_21;
  t = r1 + ROUND_21 - ROUND_21; r1 -= t; r2 += t * INVERSE_21;
  t = r7 + ROUND_21 - ROUND_21; r7 -= t; r8 += t * INVERSE_21;
  t = r2 + ROUND_21 - ROUND_21; r2 -= t; r3 += t * INVERSE_21;
  t = r8 + ROUND_22 - ROUND_22; r8 -= t; r9 += t * INVERSE_22;
  t = r3 + ROUND_21 - ROUND_21; r3 -= t; r4 += t * INVERSE_21;
  t = r9 + ROUND_21 - ROUND_21; r9 -= t; r10 += t * INVERSE_21;
  t = r4 + ROUND_22 - ROUND_22; r4 -= t; r5 += t * INVERSE_22;
  t = r10 + ROUND_21 - ROUND_21; r10 -= t; r11 += t * INVERSE_21;
  t = r5 + ROUND_21 - ROUND_21; r5 -= t; r6 += t * INVERSE_21;
  t = r11 + ROUND_21 - ROUND_21; r11 -= t; r0 += 19 * t * INVERSE_21;
  t = r6 + ROUND_21 - ROUND_21; r6 -= t; r7 += t * INVERSE_21;
  t = r0 + ROUND_22 - ROUND_22; r0 -= t; r1 += t * INVERSE_22;
  t = r7 + ROUND_21 - ROUND_21; r7 -= t; r8 += t * INVERSE_21;
  t = r1 + ROUND_21 - ROUND_21; r1 -= t; r2 += t * INVERSE_21;
  out[0] = r0; out[1] = r1; out[2] = r2; out[3] = r3; out[4] = r4; out[5] = r5;
  out[6] = r6; out[7] = r7; out[8] = r8; out[9] = r9; out[10] = r10; out[11] = r11;
}

/** out = a². */
// biome-ignore format: as in multiply
export function square(out: FieldElement, a: FieldElement): void {
  const a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5], a6 = a[6], a7 = a[7], a8 = a[8], a9 = a[9], a10 = a[10], a11 = a[11];
  let r0 = a0 * a0 + 19 * (2 * (a4 * a8 + a6 * a6) + 4 * (a1 * a11 + a2 * a10 + a3 * a9 + a5 * a7));
  let r1 = 2 * (a0 * a1) + 19 * (2 * (a2 * a11 + a3 * a10 + a4 * a9 + a5 * a8 + a6 * a7));
  let r2 = 2 * (a0 * a2 + a1 * a1) + 19 * (a7 * a7 + 2 * (a3 * a11 + a4 * a10 + a6 * a8) + 4 * (a5 * a9));
  let r3 = 2 * (a0 * a3) + 4 * (a1 * a2) + 19 * (2 * (a4 * a11 + a7 * a8) + 4 * (a5 * a10 + a6 * a9));
  let r4 = 2 * (a0 * a4 + a2 * a2) + 4 * (a1 * a3) + 19 * (a8 * a8 + 4 * (a5 * a11 + a6 * a10 + a7 * a9));
  let r5 = 2 * (a0 * a5 + a1 * a4 + a2 * a3) + 19 * (2 * (a6 * a11 + a7 * a10 + a8 * a9));
  let r6 = a3 * a3 + 2 * (a0 * a6 + a2 * a4) + 4 * (a1 * a5) + 19 * (2 * (a7 * a11 + a8 * a10 + a9 * a9));
  let r7 = 2 * (a0 * a7 + a3 * a4) + 4 * (a1 * a6 + a2 * a5) + 19 * (2 * (a8 * a11) + 4 * (a9 * a10));
  let r8 = a4 * a4 + 2 * (a0 * a8) + 4 * (a1 * a7 + a2 * a6 + a3 * a5) + 19 * (2 * (a10 * a10) + 4 * (a9 * a11));
  let r9 = 2 * (a0 * a9 + a1 * a8 + a2 * a7 + a3 * a6 + a4 * a5) + 19 * (2 * (a10 * a11));
  let r10 = 2 * (a0 * a10 + a2 * a8 + a3 * a7 + a4 * a6 + a5 * a5) + 4 * (a1 * a9) + 19 * (a11 * a11);
  let r11 = 2 * (a0 * a11 + a3 * a8 + a4 * a7) + 4 * (a1 * a10 + a2 * a9 + a5 * a6);
  let t = 0;
  t = r0 + ROUND_22 - ROUND_22; r0 -= t; r1 += t * INVERSE_22;
  t = r6 + ROUND_21 - ROUND_21; r6 -= t; r7 += t * INVERSE_21;
  t = r1 + ROUND_21 - ROUND_21; r1 -= t; r2 += t * INVERSE_21;
  t = r7 + ROUND_21 - ROUND_21; r7 -= t; r8 += t * INVERSE_21;
  t = r2 + ROUND_21 - ROUND_21; r2 -= t; r3 += t * INVERSE_21;
  t = r8 + ROUND_22 - ROUND_22; r8 -= t; r9 += t * INVERSE_22;
  t = r3 + ROUND_21 - ROUND_21; r3 -= t; r4 += t * INVERSE_21;
  t = r9 + ROUND_21 - ROUND_21; r9 -= t; r10 += t * INVERSE_21;
  t = r4 + ROUND_22 - ROUND_22; r4 -= t; r5 += t * INVERSE_22;
  t = r10 + ROUND_21 - ROUND_21; r10 -= t; r11 += t * INVERSE_21;
  t = r5 + ROUND_21 - ROUND_21; r5 -= t; r6 += t * INVERSE_21;
  t = r11 + ROUND_21 - ROUND_21; r11 -= t; r0 += 19 * t * INVERSE_21;
  t = r6 + ROUND_21 - ROUND_21; r6 -= t; r7 += t * INVERSE_21;
  t = r0 + ROUND_22 - ROUND_22; r0 -= t; r1 += t * INVERSE_22;
  t = r7 + ROUND_21 - ROUND_21; r7 -= t; r8 += t * INVERSE_21;
  t = r1 + ROUND_21 - ROUND_21; r1 -= t; r2 += t * INVERSE_21;
  out[0] = r0; out[1] = r1; out[2] = r2; out[3] = r3; out[4] = r4; out[5] = r5;
  out[6] = r6; out[7] = r7; out[8] = r8; out[9] = r9; out[10] = r10; out[11] = r11;
}

/** out = a^(2^n). */
function squareTimes(out: FieldElement, a: FieldElement, n: number): void {
  square(out, a);
  for (let i = 1; i < n; i++) square(out, out);
}

/** out = a^((p − 5) / 8), the power in the square root of RFC 8032 §5.1.3. */
export function powerOfRoot(out: FieldElement, a: FieldElement): void {
  // ones(n) is a^(2^n − 1): n ones in binary. The exponent 2^252 − 3 is 250 ones, a zero and a one.
  const [ones5, ones10, ones50, t, u] = POWERS;
  square(t, a);
  multiply(u, t, a);
  squareTimes(t, u, 2);
  multiply(t, t, u);
  square(t, t);
  multiply(ones5, t, a);
  squareTimes(t, ones5, 5);
  multiply(ones10, t, ones5);
  squareTimes(t, ones10, 10);
  multiply(t, t, ones10);
  squareTimes(u, t, 20);
  multiply(u, u, t);
  squareTimes(u, u, 10);
  multiply(ones50, u, ones10);
  squareTimes(t, ones50, 50);
  multiply(t, t, ones50);
  squareTimes(u, t, 100);
  multiply(u, u, t);
  squareTimes(u, u, 50);
  multiply(u, u, ones50);
  squareTimes(u, u, 2);
  multiply(out, u, a);
}

/**
 * The sign of the reduced value of a, an integer between −p and p: reduced limbs are within 51 % of their range, so the
 * highest one that is not zero outweighs all below it.
 */
function signOfReduced(a: FieldElement): number {
  for (let i = LIMBS - 1; i >= 0; i--) {
    const limb = at(a, i);
    if (limb !== 0) return limb;
  }
  return 0;
}

/** Is a ≡ 0 (mod p)? */
export function isZero(a: FieldElement): boolean {
  multiply(SCRATCH, a, ONE);
  return signOfReduced(SCRATCH) === 0;
}

/** Is a ≡ b (mod p)? */
export function areEqual(a: FieldElement, b: FieldElement): boolean {
  subtract(SCRATCH, a, b);
  return isZero(SCRATCH);
}

/** Is the representative of a in [0, p) odd? A negative one gets there by adding p, which is odd. */
export function isOdd(a: FieldElement): boolean {
  multiply(SCRATCH, a, ONE);
  const odd = SCRATCH[0] % 2 !== 0;
  return signOfReduced(SCRATCH) < 0 ? !odd : odd;
}
