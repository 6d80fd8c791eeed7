/**
 * Whether received bytes are a public key at all (RFC 9420 §5.1.1, §10: "MUST be a public key for the scheme"):
 * length, encoding, on the curve, not of small order. The values are public, so the arithmetic need not be constant in
 * time and does not go through a provider. Weierstrass points are checked by the equation of the curve: noble's decoder
 * takes two to three times as long (measured in Node and in workerd).
 */
import { ciphersuiteInfo, Kem, SignatureScheme, type Suite, signaturePublicKeyBytes } from "../ciphersuite.ts";
import { copyOf } from "../codec/byte-strings.ts";
import { at } from "../crypto/at.ts";
import { offCurve, P256, P384, P521, type WeierstrassCurve } from "../crypto/ecdsa/weierstrass-curves.ts";
import { decodePoint448, isSmallOrder448, P448, type Point448 } from "../crypto/ed448/edwards448.ts";
import { decodePoint, isSmallOrder, type Point } from "../crypto/ed25519/edwards25519.ts";
import { bigEndian, littleEndian } from "../crypto/integers.ts";
import { mlKemKeyDefect } from "./ml-kem-keys.ts";

/** What is wrong with a public key. */
export type PublicKeyDefect =
  | "wrong length"
  | "compressed point"
  | "not on the curve"
  | "not canonical"
  | "coefficient out of range"
  | "small order";

/**
 * The defect of an HPKE public key for the suite's KEM (RFC 9180 §7.1.4, FIPS 203 §7.2), or undefined for a valid one. A
 * hybrid key is an ML-KEM key followed by one on a curve, and both have to be valid.
 */
export function hpkePublicKeyDefect(suite: Suite, key: Uint8Array): PublicKeyDefect | undefined {
  const { kem, kemPublicKeyBytes } = ciphersuiteInfo(suite);
  switch (kem) {
    case Kem.DHKEM_X25519:
      return montgomeryDefect(key, kemPublicKeyBytes, 0x7f, EDWARDS_25519.p, LOW_ORDER_X25519);
    case Kem.DHKEM_X448:
      return montgomeryDefect(key, kemPublicKeyBytes, 0xff, P448, []);
    case Kem.DHKEM_P256:
      return weierstrassDefect(key, kemPublicKeyBytes, P256);
    case Kem.DHKEM_P384:
      return weierstrassDefect(key, kemPublicKeyBytes, P384);
    case Kem.DHKEM_P521:
      return weierstrassDefect(key, kemPublicKeyBytes, P521);
    case Kem.MLKEM512:
    case Kem.MLKEM768:
    case Kem.MLKEM1024:
      return key.length === kemPublicKeyBytes ? mlKemKeyDefect(key) : "wrong length";
    case Kem.MLKEM768_X25519:
      return hybridDefect(key, 32, (half) => hpkePublicKeyDefect(1, half), kemPublicKeyBytes);
    case Kem.MLKEM768_P256:
      return hybridDefect(key, 65, (half) => hpkePublicKeyDefect(2, half), kemPublicKeyBytes);
    case Kem.MLKEM1024_P384:
      return hybridDefect(key, 97, (half) => hpkePublicKeyDefect(7, half), kemPublicKeyBytes);
  }
}

/** The halves are told apart by their lengths, which are fixed (draft-irtf-cfrg-concrete-hybrid-kems). */
function hybridDefect(
  key: Uint8Array,
  curveBytes: number,
  curveDefect: (half: Uint8Array) => PublicKeyDefect | undefined,
  length: number,
): PublicKeyDefect | undefined {
  if (key.length !== length) return "wrong length";
  return mlKemKeyDefect(key.subarray(0, -curveBytes)) ?? curveDefect(key.subarray(-curveBytes));
}

/**
 * The one encoding of a valid HPKE public key by which it is told from others. X25519 and X448 take the same coordinate in
 * several encodings (RFC 7748 §5); a key of any other kind has one.
 */
export function canonicalHpkePublicKey(suite: Suite, key: Uint8Array): Uint8Array {
  const canonical = copyOf(key);
  switch (ciphersuiteInfo(suite).kem) {
    case Kem.DHKEM_X25519:
      reduceCoordinate(canonical, 0x7f, EDWARDS_25519.p);
      break;
    case Kem.DHKEM_X448:
      reduceCoordinate(canonical, 0xff, P448);
      break;
    case Kem.MLKEM768_X25519:
      reduceCoordinate(canonical.subarray(-32), 0x7f, EDWARDS_25519.p);
  }
  return canonical;
}

/** The defect of a signature public key, or undefined for a valid one. Nothing is said of its signatures. */
export function signaturePublicKeyDefect(scheme: SignatureScheme, key: Uint8Array): PublicKeyDefect | undefined {
  const length = signaturePublicKeyBytes(scheme);
  switch (scheme) {
    case SignatureScheme.ed25519:
      return edwardsDefect(key, length, EDWARDS_25519);
    case SignatureScheme.ed448:
      return edwardsDefect(key, length, EDWARDS_448);
    case SignatureScheme.ecdsa_secp256r1_sha256:
      return weierstrassDefect(key, length, P256);
    case SignatureScheme.ecdsa_secp384r1_sha384:
      return weierstrassDefect(key, length, P384);
    case SignatureScheme.ecdsa_secp521r1_sha512:
      return weierstrassDefect(key, length, P521);
    // Every string of that length is a key: its coefficients have ten bits, and all values are allowed (FIPS 204 §7.2).
    case SignatureScheme.mldsa44:
    case SignatureScheme.mldsa65:
    case SignatureScheme.mldsa87:
      return key.length === length ? undefined : "wrong length";
  }
}

// ---- Montgomery u-coordinates, RFC 7748 ---------------------------------------------------------

/** The two u-coordinates of order 8 on Curve25519; 0, 1 and -1 are of small order on both curves (RFC 7748 §6, §7). */
const LOW_ORDER_X25519: readonly bigint[] = [
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];

/** RFC 7748 §5 accepts coordinates from p on and ignores the unused top bit, so both are reduced first. */
function montgomeryDefect(
  key: Uint8Array,
  length: number,
  topByteMask: number,
  p: bigint,
  lowOrder: readonly bigint[],
): PublicKeyDefect | undefined {
  if (key.length !== length) return "wrong length";
  const u = littleEndian(withTopByteMasked(key, topByteMask)) % p;
  return u <= 1n || u === p - 1n || lowOrder.includes(u) ? "small order" : undefined;
}

/** Writes the coordinate in the place of whatever encoding of it is there; most are below p as they are. */
function reduceCoordinate(key: Uint8Array, topByteMask: number, p: bigint): void {
  if (littleEndian(key) < p) return;
  let u = littleEndian(withTopByteMasked(key, topByteMask)) % p;
  for (let i = 0; i < key.length; i++, u >>= 8n) key[i] = Number(u & 0xffn);
}

// ---- Short Weierstrass points y² = x³ + a·x + b, SEC 1 §2.3 ------------------------------------

/** The curves have prime order, so a point on the curve other than infinity is not of small order. */
function weierstrassDefect(key: Uint8Array, length: number, curve: WeierstrassCurve): PublicKeyDefect | undefined {
  const { p, bytes: coordinate } = curve;
  if (key.length === coordinate + 1 && (key[0] === 2 || key[0] === 3)) return "compressed point";
  if (key.length !== length) return "wrong length";
  const x = bigEndian(key.subarray(1, 1 + coordinate));
  const y = bigEndian(key.subarray(1 + coordinate));
  if (key[0] !== 4 || x >= p || y >= p) return "not canonical";
  return offCurve(curve, { x, y }) === 0n ? undefined : "not on the curve";
}

// ---- Edwards points, RFC 8032 §5.1.3, §5.2.3 ----------------------------------------------------

type EdwardsCurve<Point> = {
  readonly p: bigint;
  readonly decode: (bytes: Uint8Array) => Point | undefined;
  readonly isSmallOrder: (point: Point) => boolean;
};

const EDWARDS_25519: EdwardsCurve<Point> = { p: 2n ** 255n - 19n, decode: decodePoint, isSmallOrder };
const EDWARDS_448: EdwardsCurve<Point448> = { p: P448, decode: decodePoint448, isSmallOrder: isSmallOrder448 };

/** The sign is left out: both points with a y are on the curve or neither is, and both are of small order or neither. */
function edwardsDefect<Point>(
  key: Uint8Array,
  length: number,
  { p, decode, isSmallOrder }: EdwardsCurve<Point>,
): PublicKeyDefect | undefined {
  if (key.length !== length) return "wrong length";
  const y = withTopByteMasked(key, 0x7f);
  if (littleEndian(y) >= p) return "not canonical";
  const point = decode(y);
  if (point === undefined) return "not on the curve";
  return isSmallOrder(point) ? "small order" : undefined;
}

// ---- numbers ------------------------------------------------------------------------------------

/** A copy of a little-endian number whose last byte also holds a sign or unused bits. */
function withTopByteMasked(key: Uint8Array, mask: number): Uint8Array {
  const masked = copyOf(key);
  masked[masked.length - 1] = at(masked, masked.length - 1) & mask;
  return masked;
}
