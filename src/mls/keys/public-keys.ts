/**
 * Whether received bytes are a public key at all (RFC 9420 §5.1.1, §10: "MUST be a public key for the scheme"):
 * length, encoding, on the curve, not of small order. Plain arithmetic on public values, so no provider is asked and
 * nothing here needs to be constant in time.
 */
import { type Ciphersuite, ciphersuiteInfo, Kem, SignatureScheme, signaturePublicKeyBytes } from "../ciphersuite.ts";

/** What is wrong with a public key. */
export type PublicKeyDefect =
  | "wrong length"
  | "compressed point"
  | "not on the curve"
  | "not canonical"
  | "small order";

/** The defect of an HPKE public key for the suite's KEM (RFC 9180 §7.1.4), or undefined for a sound one. */
export function hpkePublicKeyDefect(ciphersuite: Ciphersuite, key: Uint8Array): PublicKeyDefect | undefined {
  const { kem, kemPublicKeyBytes } = ciphersuiteInfo(ciphersuite);
  switch (kem) {
    case Kem.DHKEM_X25519:
      return montgomeryDefect(key, kemPublicKeyBytes, 0x7f, p25519(), LOW_ORDER_X25519);
    case Kem.DHKEM_X448:
      return montgomeryDefect(key, kemPublicKeyBytes, 0xff, p448(), []);
    case Kem.DHKEM_P256:
      return pointDefect(key, kemPublicKeyBytes, p256());
    case Kem.DHKEM_P384:
      return pointDefect(key, kemPublicKeyBytes, p384());
    case Kem.DHKEM_P521:
      return pointDefect(key, kemPublicKeyBytes, p521());
  }
}

/** The defect of a signature public key, or undefined for a sound one. A sound one may still have made nothing. */
export function signaturePublicKeyDefect(scheme: SignatureScheme, key: Uint8Array): PublicKeyDefect | undefined {
  const length = signaturePublicKeyBytes(scheme);
  switch (scheme) {
    case SignatureScheme.ed25519:
      return edwardsDefect(key, length, ed25519());
    case SignatureScheme.ed448:
      return edwardsDefect(key, length, ed448());
    case SignatureScheme.ecdsa_secp256r1_sha256:
      return pointDefect(key, length, p256());
    case SignatureScheme.ecdsa_secp384r1_sha384:
      return pointDefect(key, length, p384());
    case SignatureScheme.ecdsa_secp521r1_sha512:
      return pointDefect(key, length, p521());
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
  const u = littleEndian(key, topByteMask) % p;
  return u <= 1n || u === p - 1n || lowOrder.includes(u) ? "small order" : undefined;
}

// ---- Short Weierstrass points y² = x³ - 3x + b, SEC 1 §2.3 -------------------------------------

type WeierstrassCurve = { readonly p: bigint; readonly b: bigint };

const p256 = (): WeierstrassCurve => ({
  p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
});
const p384 = (): WeierstrassCurve => ({
  p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
});
const p521 = (): WeierstrassCurve => ({
  p: 2n ** 521n - 1n,
  b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
});

/** The curves have prime order, so a point on the curve other than infinity has no small order. */
function pointDefect(key: Uint8Array, length: number, { p, b }: WeierstrassCurve): PublicKeyDefect | undefined {
  const coordinate = (length - 1) / 2;
  if (key.length === coordinate + 1 && (key[0] === 2 || key[0] === 3)) return "compressed point";
  if (key.length !== length) return "wrong length";
  const x = bigEndian(key.subarray(1, 1 + coordinate));
  const y = bigEndian(key.subarray(1 + coordinate));
  if (key[0] !== 4 || x >= p || y >= p) return "not canonical";
  return (y * y - (x * x * x - 3n * x + b)) % p === 0n ? undefined : "not on the curve";
}

// ---- Edwards points a·x² + y² = 1 + d·x²·y², RFC 8032 §5.1, §5.2 -------------------------------

type EdwardsCurve = {
  readonly p: bigint;
  readonly a: bigint;
  readonly d: bigint;
  /** The y-coordinates of small order besides 1, -1 and 0. */
  readonly lowOrder: readonly bigint[];
};

const p25519 = (): bigint => 2n ** 255n - 19n;
const p448 = (): bigint => 2n ** 448n - 2n ** 224n - 1n;

const ed25519 = (): EdwardsCurve => ({
  p: p25519(),
  a: -1n,
  d: 37095705934669439343138083508754565189542113879843219016388785533085940283555n,
  lowOrder: [
    2707385501144840649318225287225658788936804267575313519463743609750303402022n,
    55188659117513257062467267217118295137698188065244968500265048394206261417927n,
  ],
});
const ed448 = (): EdwardsCurve => ({ p: p448(), a: 1n, d: -39081n, lowOrder: [] });

function edwardsDefect(key: Uint8Array, length: number, curve: EdwardsCurve): PublicKeyDefect | undefined {
  if (key.length !== length) return "wrong length";
  const { p, a, d, lowOrder } = curve;
  const y = littleEndian(key, 0x7f);
  if (y >= p) return "not canonical";
  if (y <= 1n || y === p - 1n || lowOrder.includes(y)) return "small order";
  const y2 = (y * y) % p;
  // x² = (y² - 1) / (d·y² - a); a quotient is a square where the product is, and that saves the inversion.
  const square = mod((y2 - 1n) * mod(d * y2 - a, p), p);
  return power(square, (p - 1n) / 2n, p) === 1n ? undefined : "not on the curve";
}

// ---- numbers ------------------------------------------------------------------------------------

/** Eight bytes at a time: a detour by hexadecimal text takes three times as long [measured]. */
function bigEndian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const head = bytes.length % 8;
  let value = 0n;
  for (let at = 0; at < head; at++) value = (value << 8n) | BigInt(view.getUint8(at));
  for (let at = head; at < bytes.length; at += 8) value = (value << 64n) | view.getBigUint64(at);
  return value;
}

/** With the last byte masked: it holds a sign or unused bits. */
function littleEndian(bytes: Uint8Array, topByteMask: number): bigint {
  const reversed = bytes.toReversed();
  reversed[0] = (reversed[0] ?? 0) & topByteMask;
  return bigEndian(reversed);
}

function mod(value: bigint, p: bigint): bigint {
  const rest = value % p;
  return rest < 0n ? rest + p : rest;
}

function power(base: bigint, exponent: bigint, p: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}
