import { shake256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { littleEndian } from "../integers.ts";
import type { SignatureItem, SignaturePolicy } from "../provider.ts";
import { signedDigits } from "../signed-digits.ts";
import {
  add448,
  areEqual448,
  BASE_448,
  decodePoint448,
  isPrimeOrder448,
  isSmallOrder448,
  L448,
  negate448,
  oddMultiples448,
  POINT_BYTES_448,
  type Point448,
  SCALAR_BITS_448,
  sum448,
} from "./edwards448.ts";

const SIGNATURE_BYTES = 114;
const DIGEST_BYTES = 114;

/** dom4(0, "") of RFC 8032 §2. */
const DOMAIN = Uint8Array.of(...new TextEncoder().encode("SigEd448"), 0, 0);

/** Digits of A, and of the base point, whose table is kept, so that it may be larger. */
const KEY_WIDTH = 5;
const BASE_WIDTH = 8;

/** The odd multiples of −A for a public key A. */
type Key = readonly Point448[];

let keptBase: readonly Point448[] | undefined;

/**
 * Verifies Ed448 signatures (RFC 8032 §5.2.7) one by one; one verdict for each, in order. Encodings have to be canonical,
 * S below L, and the key not of small order. Then
 * - `"strict"`: key and R are of prime order, and the equation holds without the cofactor. For a key of prime order that
 *   says of R that it is of prime order too, or neutral: so a multiplication by the order is made for each key but for no R.
 * - `"openmls"`: the equation holds with the cofactor.
 */
export function verifyEd448(items: readonly SignatureItem[], policy: SignaturePolicy): boolean[] {
  const keys = new Map<string, Key | undefined>();
  return items.map((item) => {
    if (item.publicKey.length !== POINT_BYTES_448 || item.signature.length !== SIGNATURE_BYTES) return false;
    const key = keyOf(item.publicKey, policy, keys);
    return key !== undefined && holds(key, item, policy);
  });
}

/** Made once for all signatures of a key; `undefined` for one that the policy does not accept. */
function keyOf(publicKey: Uint8Array, policy: SignaturePolicy, keys: Map<string, Key | undefined>): Key | undefined {
  const name = String.fromCharCode(...publicKey);
  if (keys.has(name)) return keys.get(name);
  const point = decodePoint448(publicKey);
  const key = point && hasGoodOrder(point, policy) ? oddMultiples448(negate448(point), KEY_WIDTH) : undefined;
  keys.set(name, key);
  return key;
}

const hasGoodOrder = (point: Point448, policy: SignaturePolicy): boolean =>
  policy === "strict" ? isPrimeOrder448(point) : !isSmallOrder448(point);

function holds(key: Key, { publicKey, message, signature }: SignatureItem, policy: SignaturePolicy): boolean {
  const encodedR = signature.subarray(0, POINT_BYTES_448);
  const S = littleEndian(signature.subarray(POINT_BYTES_448));
  const R = decodePoint448(encodedR);
  if (R === undefined || S >= L448) return false;
  const digest = shake256(concatBytes(DOMAIN, encodedR, publicKey, message), { dkLen: DIGEST_BYTES });
  const k = littleEndian(digest) % L448;
  keptBase ??= oddMultiples448(BASE_448, BASE_WIDTH);
  // [S]B − [k]A, which has to be R.
  const sum = sum448([
    { oddMultiples: keptBase, digits: signedDigits(S, BASE_WIDTH, SCALAR_BITS_448) },
    { oddMultiples: key, digits: signedDigits(k, KEY_WIDTH, SCALAR_BITS_448) },
  ]);
  if (policy === "openmls") return isSmallOrder448(add448(sum, negate448(R)));
  return areEqual448(sum, R) && !isSmallOrder448(R);
}
