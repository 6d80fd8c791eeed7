import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE, numberToBytesLE } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import type { SignatureItem } from "../../../src/mls/crypto/provider.ts";

/** Makes Ed25519 signatures that no honest signer makes, for tests that compare verifiers. */

const { Point } = ed25519;
export const L = Point.Fn.ORDER;

/** A point of order 8. */
const ORDER_8 = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");

/** i times a point of order 8: 0 is the neutral point. */
export function torsion(i: number): typeof ORDER_8 {
  let point = Point.ZERO;
  for (let n = 0; n < i; n++) point = point.add(ORDER_8);
  return point;
}

/** Encodings of points of small order with y ≥ p, or with a sign on x = 0. */
export const NON_CANONICAL_SMALL_ORDER: readonly Uint8Array[] = [
  `01${"00".repeat(30)}80`,
  `ec${"ff".repeat(31)}`,
  `ed${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(31)}`,
  `ee${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(31)}`,
].map(hexToBytes);

export const SMALL_ORDER: readonly Uint8Array[] = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => torsion(i).toBytes());

/** Scalars from small numbers, so that a test's input is small and its key is not. */
export function scalarOf(seed: number): bigint {
  return bytesToNumberLE(sha512(Uint8Array.of(seed & 0xff, seed >>> 8))) % L;
}

/** What a forger chooses: components of small order of key and R, and how key and R are encoded. */
export type Forgery = {
  readonly secret: bigint;
  readonly nonce: bigint;
  readonly keyTorsion?: number;
  readonly nonceTorsion?: number;
  readonly publicKey?: Uint8Array;
  readonly encodedR?: Uint8Array;
};

/** A signature of which S = nonce + k · secret, so that the equation holds but for the components of small order. */
export function forge(message: Uint8Array, forgery: Forgery): SignatureItem {
  const { secret, nonce, keyTorsion = 0, nonceTorsion = 0 } = forgery;
  const publicKey = forgery.publicKey ?? times(secret).add(torsion(keyTorsion)).toBytes();
  const encodedR = forgery.encodedR ?? times(nonce).add(torsion(nonceTorsion)).toBytes();
  const k = bytesToNumberLE(sha512(concatBytes(encodedR, publicKey, message))) % L;
  return { publicKey, message, signature: concatBytes(encodedR, numberToBytesLE((nonce + k * secret) % L, 32)) };
}

/** As `forge`, with the first of the messages 0, 1, 2, … whose k modulo L has this remainder by 8. */
export function forgeWith(remainder: number, forgery: Forgery): SignatureItem {
  for (let n = 0; n < 1000; n++) {
    const item = forge(Uint8Array.of(n & 0xff, n >>> 8), forgery);
    if (Number(challenge(item) % 8n) === remainder) return item;
  }
  throw new Error(`expected a message with k of remainder ${remainder}`);
}

function challenge({ publicKey, message, signature }: SignatureItem): bigint {
  return bytesToNumberLE(sha512(concatBytes(signature.subarray(0, 32), publicKey, message))) % L;
}

/**
 * The verdict by its definition, on noble's points, apart from everything that the adapters do. `"openmls"`: canonical
 * encodings, S below L, A and R not of small order, and [S]B = R + [k]A without the cofactor. `"strict"`: also
 * [L]A = [L]R = 0.
 */
export function verdictByDefinition(item: SignatureItem): boolean {
  const { publicKey, signature } = item;
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const S = bytesToNumberLE(signature.subarray(32));
  const [A, R] = [publicKey, signature.subarray(0, 32)].map(decodeCanonical);
  if (S >= L || A === undefined || R === undefined || A.isSmallOrder() || R.isSmallOrder()) return false;
  return R.add(A.multiplyUnsafe(challenge(item))).equals(Point.BASE.multiplyUnsafe(S));
}

function decodeCanonical(encoded: Uint8Array): typeof ORDER_8 | undefined {
  try {
    return Point.fromBytes(encoded, false);
  } catch {
    return undefined;
  }
}

function times(scalar: bigint): typeof ORDER_8 {
  return scalar === 0n ? Point.ZERO : Point.BASE.multiply(scalar);
}

/** The same signature with S, its second half, changed by `difference`. */
export function withShiftedS(item: SignatureItem, difference: bigint): SignatureItem {
  const half = item.signature.length / 2;
  const S = bytesToNumberLE(item.signature.subarray(half)) + difference;
  return { ...item, signature: concatBytes(item.signature.subarray(0, half), numberToBytesLE(S, half)) };
}
