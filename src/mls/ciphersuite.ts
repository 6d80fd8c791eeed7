/**
 * What a ciphersuite is made of (RFC 9420 §5.1), and the seven of RFC 9420 §17.1. Suites of other texts are in
 * named-profiles.ts: their numbers are not assigned, and implementations disagree about them.
 */

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
/** The number of a suite of RFC 9420. */
export type Ciphersuite = (typeof Ciphersuite)[keyof typeof Ciphersuite];

/** TLS SignatureScheme numbers (RFC 8446 §4.2.3, draft-ietf-tls-mldsa) of the suites' signatures. */
export const SignatureScheme = {
  ecdsa_secp256r1_sha256: 0x0403,
  ecdsa_secp384r1_sha384: 0x0503,
  ecdsa_secp521r1_sha512: 0x0603,
  ed25519: 0x0807,
  ed448: 0x0808,
  mldsa44: 0x0904,
  mldsa65: 0x0905,
  mldsa87: 0x0906,
} as const;
/** The number of a scheme that a suite uses. */
export type SignatureScheme = (typeof SignatureScheme)[keyof typeof SignatureScheme];
/** Its name in the TLS registry. */
export type SignatureSchemeName = keyof typeof SignatureScheme;

/** HPKE KEMs by their number in RFC 9180 §7.1 and draft-ietf-hpke-pq. */
export const Kem = {
  DHKEM_P256: 0x0010,
  DHKEM_P384: 0x0011,
  DHKEM_P521: 0x0012,
  DHKEM_X25519: 0x0020,
  DHKEM_X448: 0x0021,
  MLKEM512: 0x0040,
  MLKEM768: 0x0041,
  MLKEM1024: 0x0042,
  MLKEM768_P256: 0x0050,
  MLKEM1024_P384: 0x0051,
  /** Also called X-Wing. */
  MLKEM768_X25519: 0x647a,
} as const;
/** The number of a KEM that a suite uses. */
export type Kem = (typeof Kem)[keyof typeof Kem];

/** HPKE AEADs by their number in RFC 9180 §7.3. */
export const Aead = { AES_128_GCM: 1, AES_256_GCM: 2, CHACHA20_POLY1305: 3 } as const;
/** The number of an AEAD that a suite uses. */
export type Aead = (typeof Aead)[keyof typeof Aead];

/** The hash of a suite, by its name in WebCrypto. */
export type HashAlgorithm = "SHA-256" | "SHA-384" | "SHA-512";

/** The choices that make a suite. Its KDF in MLS is HKDF with its hash. */
export type CiphersuiteParts = {
  /** What the suite is called where it is defined, such as `MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519`. */
  readonly name: string;
  readonly kem: Kem;
  readonly aead: Aead;
  readonly hash: HashAlgorithm;
  readonly signatureScheme: SignatureScheme;
};

/** A suite with the lengths that follow from its parts, in bytes. */
export type CiphersuiteInfo = CiphersuiteParts & {
  /** The number by which a KeyPackage names it. Only together with a profile does it say which suite is meant. */
  readonly ciphersuite: number;
  readonly kemPublicKeyBytes: number;
  /** Of HKDF, RFC 9180 §7.2. */
  readonly kdf: number;
  readonly hashBytes: number;
  readonly signaturePublicKeyBytes: number;
  /** Of the longest signature. */
  readonly signatureMaxBytes: number;
};

/** A suite of RFC 9420 by its number alone, or any suite by its parts. */
export type Suite = Ciphersuite | CiphersuiteInfo;

/** All suites of RFC 9420, in the order of their numbers. */
export const CIPHERSUITES: readonly Ciphersuite[] = [1, 2, 3, 4, 5, 6, 7];

const HASHES: Readonly<Record<HashAlgorithm, { readonly hashBytes: number; readonly kdf: number }>> = {
  "SHA-256": { hashBytes: 32, kdf: 1 },
  "SHA-384": { hashBytes: 48, kdf: 2 },
  "SHA-512": { hashBytes: 64, kdf: 3 },
};

/** RFC 9180 §7.1; for ML-KEM 384 bytes for each of its 2, 3 or 4 polynomials and 32 more (FIPS 203, table 3). */
const KEM_PUBLIC_KEY_BYTES: Readonly<Record<Kem, number>> = {
  [Kem.DHKEM_P256]: 65,
  [Kem.DHKEM_P384]: 97,
  [Kem.DHKEM_P521]: 133,
  [Kem.DHKEM_X25519]: 32,
  [Kem.DHKEM_X448]: 56,
  [Kem.MLKEM512]: 800,
  [Kem.MLKEM768]: 1184,
  [Kem.MLKEM1024]: 1568,
  [Kem.MLKEM768_P256]: 1184 + 65,
  [Kem.MLKEM1024_P384]: 1568 + 97,
  [Kem.MLKEM768_X25519]: 1184 + 32,
};

/** Raw for EdDSA and ML-DSA (FIPS 204, table 2), the uncompressed point for ECDSA (RFC 9420 §5.1.1). */
const SIGNATURE_PUBLIC_KEY_BYTES: Readonly<Record<SignatureScheme, number>> = {
  [SignatureScheme.ecdsa_secp256r1_sha256]: 65,
  [SignatureScheme.ecdsa_secp384r1_sha384]: 97,
  [SignatureScheme.ecdsa_secp521r1_sha512]: 133,
  [SignatureScheme.ed25519]: 32,
  [SignatureScheme.ed448]: 57,
  [SignatureScheme.mldsa44]: 1312,
  [SignatureScheme.mldsa65]: 1952,
  [SignatureScheme.mldsa87]: 2592,
};

/** DER of ECDSA varies by a few bytes (RFC 3279 §2.2.3); the others are fixed (RFC 8032, FIPS 204, table 2). */
const SIGNATURE_MAX_BYTES: Readonly<Record<SignatureScheme, number>> = {
  [SignatureScheme.ecdsa_secp256r1_sha256]: 72,
  [SignatureScheme.ecdsa_secp384r1_sha384]: 104,
  [SignatureScheme.ecdsa_secp521r1_sha512]: 139,
  [SignatureScheme.ed25519]: 64,
  [SignatureScheme.ed448]: 114,
  [SignatureScheme.mldsa44]: 2420,
  [SignatureScheme.mldsa65]: 3309,
  [SignatureScheme.mldsa87]: 4627,
};

/** A suite under a number, with the lengths that follow from its parts. */
export function makeCiphersuite(ciphersuite: number, parts: CiphersuiteParts): CiphersuiteInfo {
  return {
    ciphersuite,
    ...parts,
    ...HASHES[parts.hash],
    kemPublicKeyBytes: KEM_PUBLIC_KEY_BYTES[parts.kem],
    signaturePublicKeyBytes: SIGNATURE_PUBLIC_KEY_BYTES[parts.signatureScheme],
    signatureMaxBytes: SIGNATURE_MAX_BYTES[parts.signatureScheme],
  };
}

type Choice = Omit<CiphersuiteParts, "name">;

const X25519 = { kem: Kem.DHKEM_X25519, hash: "SHA-256", signatureScheme: SignatureScheme.ed25519 } as const;
const X448 = { kem: Kem.DHKEM_X448, hash: "SHA-512", signatureScheme: SignatureScheme.ed448 } as const;

const CHOICES: Readonly<Record<Ciphersuite, Choice>> = {
  1: { ...X25519, aead: Aead.AES_128_GCM },
  2: {
    kem: Kem.DHKEM_P256,
    aead: Aead.AES_128_GCM,
    hash: "SHA-256",
    signatureScheme: SignatureScheme.ecdsa_secp256r1_sha256,
  },
  3: { ...X25519, aead: Aead.CHACHA20_POLY1305 },
  4: { ...X448, aead: Aead.AES_256_GCM },
  5: {
    kem: Kem.DHKEM_P521,
    aead: Aead.AES_256_GCM,
    hash: "SHA-512",
    signatureScheme: SignatureScheme.ecdsa_secp521r1_sha512,
  },
  6: { ...X448, aead: Aead.CHACHA20_POLY1305 },
  7: {
    kem: Kem.DHKEM_P384,
    aead: Aead.AES_256_GCM,
    hash: "SHA-384",
    signatureScheme: SignatureScheme.ecdsa_secp384r1_sha384,
  },
};

const SUITES: ReadonlyMap<Ciphersuite, CiphersuiteInfo> = new Map(
  Object.entries(Ciphersuite).map(([name, number]) => [number, makeCiphersuite(number, { name, ...CHOICES[number] })]),
);

/** Whether RFC 9420 has a suite of this number. */
export function isCiphersuite(value: number): value is Ciphersuite {
  return (CIPHERSUITES as readonly number[]).includes(value);
}

/** The parts of a suite. */
export function ciphersuiteInfo(suite: Suite): CiphersuiteInfo {
  if (typeof suite !== "number") return suite;
  const info = SUITES.get(suite);
  if (info === undefined) throw new RangeError(`expected a ciphersuite of RFC 9420, got ${suite}`);
  return info;
}

/** The name of a scheme in the TLS registry, as JSON of the directory's HTTP API uses it. */
export function signatureSchemeName(scheme: SignatureScheme): SignatureSchemeName {
  const names = Object.keys(SignatureScheme) as SignatureSchemeName[];
  const name = names.find((candidate) => SignatureScheme[candidate] === scheme);
  if (name === undefined) throw new RangeError(`expected a signature scheme of a suite, got ${scheme}`);
  return name;
}

/** Bytes of a public key of a scheme: raw for EdDSA and ML-DSA, the uncompressed point for ECDSA (RFC 9420 §5.1.1). */
export function signaturePublicKeyBytes(scheme: SignatureScheme): number {
  return SIGNATURE_PUBLIC_KEY_BYTES[scheme];
}

/** A signature scheme of FIPS 204. It needs a provider that has it: see `CryptoProvider.supports`. */
export type MlDsaScheme = Extract<SignatureScheme, 0x0904 | 0x0905 | 0x0906>;
/** A signature scheme on an elliptic curve. */
export type CurveScheme = Exclude<SignatureScheme, MlDsaScheme>;

/** Whether a scheme is one of FIPS 204. */
export function isMlDsa(scheme: SignatureScheme): scheme is MlDsaScheme {
  return scheme === SignatureScheme.mldsa44 || scheme === SignatureScheme.mldsa65 || scheme === SignatureScheme.mldsa87;
}

/** A KEM of RFC 9180 itself, on an elliptic curve. */
export type CurveKem = Extract<Kem, 0x0010 | 0x0011 | 0x0012 | 0x0020 | 0x0021>;
/** A KEM with ML-KEM in it, alone or beside a curve. */
export type MlKem = Exclude<Kem, CurveKem>;

/** Whether a KEM has ML-KEM in it. */
export function isMlKem(kem: Kem): kem is MlKem {
  return kem >= Kem.MLKEM512;
}
