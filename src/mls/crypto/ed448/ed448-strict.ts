import { ed448 } from "@noble/curves/ed448.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { shake256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import type { SignatureItem } from "../provider.ts";

const { Point } = ed448;
type EdwardsPoint = typeof Point.BASE;

const KEY_BYTES = 57;
const SIGNATURE_BYTES = 114;
const DIGEST_BYTES = 114;

/** dom4(0, "") of RFC 8032 §2. */
const DOMAIN = Uint8Array.of(...new TextEncoder().encode("SigEd448"), 0, 0);

/**
 * Verifies Ed448 signatures (RFC 8032 §5.2.7) one by one under the policy `"strict"`: canonical encodings, a key and an R
 * of prime order, and the equation, in noble's arithmetic. For a key of prime order the equation without the cofactor
 * says that R is of prime order too, or neutral. So a multiplication by the order is made for each key but for no R.
 */
export function verifyEd448Strictly(items: readonly SignatureItem[]): boolean[] {
  const keys = new Map<string, EdwardsPoint | undefined>();
  return items.map((item) => {
    if (item.publicKey.length !== KEY_BYTES || item.signature.length !== SIGNATURE_BYTES) return false;
    const key = keyOf(item.publicKey, keys);
    return key !== undefined && holds(key, item);
  });
}

function keyOf(publicKey: Uint8Array, keys: Map<string, EdwardsPoint | undefined>): EdwardsPoint | undefined {
  const name = String.fromCharCode(...publicKey);
  if (keys.has(name)) return keys.get(name);
  const point = decodePoint(publicKey);
  const key = point === undefined || point.is0() || !point.isTorsionFree() ? undefined : point;
  keys.set(name, key);
  return key;
}

function holds(key: EdwardsPoint, { publicKey, message, signature }: SignatureItem): boolean {
  const encodedR = signature.subarray(0, KEY_BYTES);
  const S = bytesToNumberLE(signature.subarray(KEY_BYTES));
  const R = decodePoint(encodedR);
  if (R === undefined || R.is0() || S >= Point.Fn.ORDER) return false;
  const digest = shake256(concatBytes(DOMAIN, encodedR, publicKey, message), { dkLen: DIGEST_BYTES });
  const k = Point.Fn.create(bytesToNumberLE(digest));
  return R.add(key.multiplyUnsafe(k)).equals(Point.BASE.multiplyUnsafe(S));
}

/** noble's decoder throws for bytes that are not the canonical encoding of a point. */
function decodePoint(encoded: Uint8Array): EdwardsPoint | undefined {
  try {
    return Point.fromBytes(encoded);
  } catch {
    return undefined;
  }
}
