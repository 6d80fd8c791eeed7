import { ed448 } from "@noble/curves/ed448.js";
import { bytesToNumberLE, numberToBytesLE } from "@noble/curves/utils.js";
import { shake256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import type { SignatureItem, SignaturePolicy } from "../../../src/mls/crypto/provider.ts";

/** Makes Ed448 signatures that no honest signer makes; the equation with the cofactor holds for each. */

const { Point } = ed448;
export const L448 = Point.Fn.ORDER;
const SECRET = 12_345n;
const ORDER_4 = Point.fromAffine({ x: 1n, y: 0n });

/** Encodings of points of small order with y ≥ p, or with a sign on x = 0. */
export const NON_CANONICAL_448: readonly Uint8Array[] = [
  1n + 2n ** 455n,
  Point.Fp.ORDER - 1n + 2n ** 455n,
  Point.Fp.ORDER,
  Point.Fp.ORDER + 1n,
  Point.Fp.ORDER + 1n + 2n ** 455n,
  1n + 2n ** 448n,
].map((value) => numberToBytesLE(value, 57));

/** dom4(0, "") of RFC 8032 §2. */
const DOMAIN = Uint8Array.of(...new TextEncoder().encode("SigEd448"), 0, 0);

export function forge448(
  message: Uint8Array,
  {
    nonce,
    keyTorsion = 0,
    nonceTorsion = 0,
    encodedR,
  }: { nonce: bigint; keyTorsion?: number; nonceTorsion?: number; encodedR?: Uint8Array },
): SignatureItem {
  const publicKey = withTorsion(SECRET, keyTorsion).toBytes();
  const R = encodedR ?? withTorsion(nonce, nonceTorsion).toBytes();
  const k = bytesToNumberLE(shake256(concatBytes(DOMAIN, R, publicKey, message), { dkLen: 114 })) % L448;
  return { publicKey, message, signature: concatBytes(R, numberToBytesLE((nonce + k * SECRET) % L448, 57)) };
}

/** The verdict by its definition at `SignaturePolicy`, on noble's points: `"openmls"` is noble's own. */
export function verdictOnEd448({ publicKey, message, signature }: SignatureItem, policy: SignaturePolicy): boolean {
  if (!ed448.verify(signature, message, publicKey, { zip215: false })) return false;
  const points = [publicKey, signature.subarray(0, 57)].map((encoded) => Point.fromBytes(encoded, false));
  return policy === "openmls" || points.every((point) => !point.is0() && point.isTorsionFree());
}

function withTorsion(scalar: bigint, torsion: number): typeof ORDER_4 {
  let point = scalar === 0n ? Point.ZERO : Point.BASE.multiply(scalar);
  for (let i = 0; i < torsion; i++) point = point.add(ORDER_4);
  return point;
}
