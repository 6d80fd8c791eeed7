import { ed448 } from "@noble/curves/ed448.js";
import { bytesToNumberLE, numberToBytesLE } from "@noble/curves/utils.js";
import { shake256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import type { SignatureItem } from "../../../src/mls/crypto/provider.ts";

/** Makes Ed448 signatures that no honest signer makes; the equation with the cofactor holds for each. */

const { Point } = ed448;
const L = Point.Fn.ORDER;
const SECRET = 12_345n;
const ORDER_4 = Point.fromAffine({ x: 1n, y: 0n });

/** dom4(0, "") of RFC 8032 §2. */
const DOMAIN = Uint8Array.of(...new TextEncoder().encode("SigEd448"), 0, 0);

export function forge448(
  message: Uint8Array,
  { nonce, keyTorsion = 0, nonceTorsion = 0 }: { nonce: bigint; keyTorsion?: number; nonceTorsion?: number },
): SignatureItem {
  const publicKey = withTorsion(SECRET, keyTorsion).toBytes();
  const R = withTorsion(nonce, nonceTorsion).toBytes();
  const k = bytesToNumberLE(shake256(concatBytes(DOMAIN, R, publicKey, message), { dkLen: 114 })) % L;
  return { publicKey, message, signature: concatBytes(R, numberToBytesLE((nonce + k * SECRET) % L, 57)) };
}

function withTorsion(scalar: bigint, torsion: number): typeof ORDER_4 {
  let point = scalar === 0n ? Point.ZERO : Point.BASE.multiply(scalar);
  for (let i = 0; i < torsion; i++) point = point.add(ORDER_4);
  return point;
}
