/** The ciphersuites of RFC 9420 §17.1 and what each is made of (RFC 9420 §5.1, RFC 9180 §7, RFC 8446 §4.2.3). */

/** Numbers of the suites by their names in RFC 9420 §17.1. */
export const Ciphersuite = {
  MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519: 1,
  MLS_128_DHKEMP256_AES128GCM_SHA256_P256: 2,
  MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519: 3,
  MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448: 4,
  MLS_256_DHKEMP521_AES256GCM_SHA512_P521: 5,
  MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448: 6,
  MLS_256_DHKEMP384_AES256GCM_SHA384_P384: 7,
} as const;
/** The number of a suite that this library knows. */
export type Ciphersuite = (typeof Ciphersuite)[keyof typeof Ciphersuite];

/** TLS SignatureScheme numbers (RFC 8446 §4.2.3) of the suites' signatures. */
export const SignatureScheme = {
  ecdsa_secp256r1_sha256: 0x0403,
  ecdsa_secp384r1_sha384: 0x0503,
  ecdsa_secp521r1_sha512: 0x0603,
  ed25519: 0x0807,
  ed448: 0x0808,
} as const;
/** The number of a scheme that a suite uses. */
export type SignatureScheme = (typeof SignatureScheme)[keyof typeof SignatureScheme];
/** Its name in RFC 8446 §4.2.3. */
export type SignatureSchemeName = keyof typeof SignatureScheme;

/** HPKE KEMs by their number in RFC 9180 §7.1. */
export const Kem = {
  DHKEM_P256: 0x0010,
  DHKEM_P384: 0x0011,
  DHKEM_P521: 0x0012,
  DHKEM_X25519: 0x0020,
  DHKEM_X448: 0x0021,
} as const;
/** The number of a KEM that a suite uses. */
export type Kem = (typeof Kem)[keyof typeof Kem];

/** The hash of a suite, by its name in WebCrypto. */
export type HashAlgorithm = "SHA-256" | "SHA-384" | "SHA-512";

/** What a suite is made of (RFC 9420 §17.1); lengths are those of RFC 9180 §7.1 and RFC 9420 §5.1.1. */
export type CiphersuiteInfo = {
  readonly ciphersuite: Ciphersuite;
  readonly name: keyof typeof Ciphersuite;
  readonly kem: Kem;
  readonly kemPublicKeyBytes: number;
  readonly kdf: number;
  readonly aead: number;
  readonly hash: HashAlgorithm;
  readonly hashBytes: number;
  readonly signatureScheme: SignatureScheme;
  readonly signaturePublicKeyBytes: number;
};

/** All suites that the library knows, in the order of their numbers. */
export const CIPHERSUITES: readonly Ciphersuite[] = [1, 2, 3, 4, 5, 6, 7];

const SHA256 = { hash: "SHA-256", hashBytes: 32, kdf: 1 } as const;
const SHA384 = { hash: "SHA-384", hashBytes: 48, kdf: 2 } as const;
const SHA512 = { hash: "SHA-512", hashBytes: 64, kdf: 3 } as const;
const X25519 = { kem: Kem.DHKEM_X25519, kemPublicKeyBytes: 32 } as const;
const X448 = { kem: Kem.DHKEM_X448, kemPublicKeyBytes: 56 } as const;
const P256 = { kem: Kem.DHKEM_P256, kemPublicKeyBytes: 65 } as const;
const P384 = { kem: Kem.DHKEM_P384, kemPublicKeyBytes: 97 } as const;
const P521 = { kem: Kem.DHKEM_P521, kemPublicKeyBytes: 133 } as const;
const ED25519 = { signatureScheme: SignatureScheme.ed25519, signaturePublicKeyBytes: 32 } as const;
const ED448 = { signatureScheme: SignatureScheme.ed448, signaturePublicKeyBytes: 57 } as const;
const ECDSA_P256 = { signatureScheme: SignatureScheme.ecdsa_secp256r1_sha256, signaturePublicKeyBytes: 65 } as const;
const ECDSA_P384 = { signatureScheme: SignatureScheme.ecdsa_secp384r1_sha384, signaturePublicKeyBytes: 97 } as const;
const ECDSA_P521 = { signatureScheme: SignatureScheme.ecdsa_secp521r1_sha512, signaturePublicKeyBytes: 133 } as const;
const AES_128_GCM = 1;
const AES_256_GCM = 2;
const CHACHA20_POLY1305 = 3;

const INFO: Readonly<Record<Ciphersuite, Omit<CiphersuiteInfo, "ciphersuite" | "name">>> = {
  1: { ...X25519, ...SHA256, aead: AES_128_GCM, ...ED25519 },
  2: { ...P256, ...SHA256, aead: AES_128_GCM, ...ECDSA_P256 },
  3: { ...X25519, ...SHA256, aead: CHACHA20_POLY1305, ...ED25519 },
  4: { ...X448, ...SHA512, aead: AES_256_GCM, ...ED448 },
  5: { ...P521, ...SHA512, aead: AES_256_GCM, ...ECDSA_P521 },
  6: { ...X448, ...SHA512, aead: CHACHA20_POLY1305, ...ED448 },
  7: { ...P384, ...SHA384, aead: AES_256_GCM, ...ECDSA_P384 },
};

/** Whether this library knows the suite. */
export function isCiphersuite(value: number): value is Ciphersuite {
  return (CIPHERSUITES as readonly number[]).includes(value);
}

/** The parts of a suite. */
export function ciphersuiteInfo(ciphersuite: Ciphersuite): CiphersuiteInfo {
  return { ciphersuite, name: ciphersuiteName(ciphersuite), ...INFO[ciphersuite] };
}

function ciphersuiteName(ciphersuite: Ciphersuite): keyof typeof Ciphersuite {
  const names = Object.keys(Ciphersuite) as (keyof typeof Ciphersuite)[];
  const name = names.find((candidate) => Ciphersuite[candidate] === ciphersuite);
  if (name === undefined) throw new RangeError(`expected a ciphersuite of RFC 9420, got ${ciphersuite}`);
  return name;
}

/** The name of a scheme in RFC 8446 §4.2.3, as JSON of the directory's HTTP API uses it. */
export function signatureSchemeName(scheme: SignatureScheme): SignatureSchemeName {
  const names = Object.keys(SignatureScheme) as SignatureSchemeName[];
  const name = names.find((candidate) => SignatureScheme[candidate] === scheme);
  if (name === undefined) throw new RangeError(`expected a signature scheme of RFC 9420, got ${scheme}`);
  return name;
}

/** Bytes of a public key of a scheme: raw for EdDSA, the uncompressed point for ECDSA (RFC 9420 §5.1.1). */
export function signaturePublicKeyBytes(scheme: SignatureScheme): number {
  const known = [ED25519, ED448, ECDSA_P256, ECDSA_P384, ECDSA_P521].find((entry) => entry.signatureScheme === scheme);
  if (known === undefined) throw new RangeError(`expected a signature scheme of RFC 9420, got ${scheme}`);
  return known.signaturePublicKeyBytes;
}
