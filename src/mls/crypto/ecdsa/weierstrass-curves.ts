import { bigEndian } from "../integers.ts";
import type { Affine, CurveEquation } from "./affine-sums.ts";

/** A curve y² = x³ + a·x + b modulo p, with p ≡ 3 (mod 4), of a prime order n that has as many bytes as p. */
export type WeierstrassCurve = CurveEquation & {
  readonly b: bigint;
  readonly n: bigint;
  readonly base: Affine;
  /** Of n. */
  readonly bits: number;
  /** Of a coordinate and of a scalar. */
  readonly bytes: number;
};

/** All three have a = −3 (SP 800-186 §3.2.1.3 to §3.2.1.5), which their doublings rely on. */
const A = -3n;

export const P256: WeierstrassCurve = {
  p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  a: A,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  base: {
    x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  },
  bits: 256,
  bytes: 32,
};

export const P384: WeierstrassCurve = {
  p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  a: A,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  base: {
    x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  },
  bits: 384,
  bytes: 48,
};

export const P521: WeierstrassCurve = {
  p: 2n ** 521n - 1n,
  a: A,
  b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  n: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  base: {
    x: 0xc6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66n,
    y: 0x11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650n,
  },
  bits: 521,
  bytes: 66,
};

/** Zero for a point on the curve; modulo p. */
export const offCurve = ({ p, a, b }: WeierstrassCurve, { x, y }: Affine): bigint => (y * y - (x * x + a) * x - b) % p;

/** Tags of SEC 1 §2.3.3. The lowest bit of a compressed point's tag is that of y. */
const COMPRESSED = 0x02;
const UNCOMPRESSED = 0x04;

/** Decodes a point (SEC 1 §2.3.4); `undefined` for what is not the encoding of one, and for the point at infinity. */
export function decodeSec1(curve: WeierstrassCurve, encoded: Uint8Array): Affine | undefined {
  const { p, bytes } = curve;
  const tag = encoded[0] ?? 0;
  const x = bigEndian(encoded.subarray(1, 1 + bytes));
  if (x >= p) return undefined;
  if (encoded.length === 1 + bytes && (tag & ~1) === COMPRESSED) {
    const root = power(-offCurve(curve, { x, y: 0n }), (p + 1n) / 4n, p);
    // A root of zero would have no other sign; orders are prime, so no point has one.
    const point = { x, y: Number(root & 1n) === (tag & 1) ? root : p - root };
    return offCurve(curve, point) === 0n ? point : undefined;
  }
  if (encoded.length !== 1 + 2 * bytes || tag !== UNCOMPRESSED) return undefined;
  const point = { x, y: bigEndian(encoded.subarray(1 + bytes)) };
  return point.y < p && offCurve(curve, point) === 0n ? point : undefined;
}

/** base^exponent in 0 … modulus − 1. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === "1") result = (result * base) % modulus;
  }
  return result < 0n ? result + modulus : result;
}
