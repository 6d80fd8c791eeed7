/**
 * The numbers that implementations use today for suites that IANA has not assigned. Most are suites of
 * draft-ietf-mls-pq-ciphersuites, of which each implementation ships a different selection under different numbers.
 */
import {
  Aead,
  type CiphersuiteInfo,
  type CiphersuiteParts,
  type HashAlgorithm,
  Kem,
  makeCiphersuite,
  SignatureScheme,
} from "./ciphersuite.ts";
import { makeProfile, RFC_9420, type SuiteProfile } from "./suite-profile.ts";

const { AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305 } = Aead;
const {
  ed25519,
  ecdsa_secp256r1_sha256: p256,
  ecdsa_secp384r1_sha384: p384,
  mldsa44,
  mldsa65,
  mldsa87,
} = SignatureScheme;

const parts = (
  name: string,
  kem: Kem,
  aead: Aead,
  hash: HashAlgorithm,
  signatureScheme: SignatureScheme,
): CiphersuiteParts => ({ name: `MLS_${name}`, kem, aead, hash, signatureScheme });

/** The eleven suites of draft-ietf-mls-pq-ciphersuites-06, in its order. None has a number yet. */
const PQ = {
  tbd1: parts("128_MLKEM768X25519_AES128GCM_SHA256_Ed25519", Kem.MLKEM768_X25519, AES_128_GCM, "SHA-256", ed25519),
  tbd2: parts("128_MLKEM768X25519_AES256GCM_SHA384_Ed25519", Kem.MLKEM768_X25519, AES_256_GCM, "SHA-384", ed25519),
  tbd3: parts("128_MLKEM768P256_AES128GCM_SHA256_P256", Kem.MLKEM768_P256, AES_128_GCM, "SHA-256", p256),
  tbd4: parts("128_MLKEM768P256_AES256GCM_SHA384_P256", Kem.MLKEM768_P256, AES_256_GCM, "SHA-384", p256),
  tbd5: parts("192_MLKEM1024P384_AES256GCM_SHA384_P384", Kem.MLKEM1024_P384, AES_256_GCM, "SHA-384", p384),
  tbd6: parts("128_MLKEM768_AES256GCM_SHA384_Ed25519", Kem.MLKEM768, AES_256_GCM, "SHA-384", ed25519),
  tbd7: parts("128_MLKEM768_AES256GCM_SHA384_P256", Kem.MLKEM768, AES_256_GCM, "SHA-384", p256),
  tbd8: parts("192_MLKEM1024_AES256GCM_SHA384_P384", Kem.MLKEM1024, AES_256_GCM, "SHA-384", p384),
  tbd9: parts(
    "128_MLKEM768X25519_CHACHA20POLY1305_SHA384_MLDSA44",
    Kem.MLKEM768_X25519,
    CHACHA20_POLY1305,
    "SHA-384",
    mldsa44,
  ),
  tbd10: parts("192_MLKEM768_AES256GCM_SHA384_MLDSA65", Kem.MLKEM768, AES_256_GCM, "SHA-384", mldsa65),
  tbd11: parts("256_MLKEM1024_AES256GCM_SHA384_MLDSA87", Kem.MLKEM1024, AES_256_GCM, "SHA-384", mldsa87),
} as const;

const numbered = (table: Readonly<Record<number, CiphersuiteParts>>): CiphersuiteInfo[] =>
  Object.entries(table).map(([number, suite]) => makeCiphersuite(Number(number), suite));

/**
 * The twelve suites of ts-mls from a first number on. Its names give the AEAD of the first one as AES128GCM; its code
 * uses AES-256, which is what counts.
 */
function tsMls(first: number): CiphersuiteInfo[] {
  const kems = [
    ["128_MLKEM512", Kem.MLKEM512, "SHA-256", ed25519, "Ed25519"],
    ["256_MLKEM768", Kem.MLKEM768, "SHA-384", ed25519, "Ed25519"],
    ["256_MLKEM1024", Kem.MLKEM1024, "SHA-512", ed25519, "Ed25519"],
    ["256_XWING", Kem.MLKEM768_X25519, "SHA-512", ed25519, "Ed25519"],
    ["256_MLKEM1024", Kem.MLKEM1024, "SHA-512", mldsa87, "MLDSA87"],
    ["256_XWING", Kem.MLKEM768_X25519, "SHA-512", mldsa87, "MLDSA87"],
  ] as const;
  return kems.flatMap(([kemName, kem, hash, scheme, schemeName], i) => {
    const name = (aead: string) => `${kemName}_${aead}_${hash.replace("-", "")}_${schemeName}`;
    const aes = kem === Kem.MLKEM512 ? "AES128GCM" : "AES256GCM";
    return [
      makeCiphersuite(first + 2 * i, parts(name(aes), kem, AES_256_GCM, hash, scheme)),
      makeCiphersuite(first + 2 * i + 1, parts(name("CHACHA20POLY1305"), kem, CHACHA20_POLY1305, hash, scheme)),
    ];
  });
}

/** OpenMLS 0.9 with libcrux (0x004D) or with its feature `draft-ietf-mls-pq-ciphersuites` (the others). */
const OPENMLS = makeProfile(
  "openmls-0.9",
  numbered({
    66: PQ.tbd8,
    77: parts("256_XWING_CHACHA20POLY1305_SHA256_Ed25519", Kem.MLKEM768_X25519, CHACHA20_POLY1305, "SHA-256", ed25519),
    78: PQ.tbd2,
    79: PQ.tbd1,
    80: PQ.tbd7,
    81: PQ.tbd10,
    82: PQ.tbd9,
    // Of drafts up to -02, which had SHA-512 here.
    2310: parts("256_MLKEM1024_AES256GCM_SHA512_MLDSA87", Kem.MLKEM1024, AES_256_GCM, "SHA-512", mldsa87),
    2311: PQ.tbd11,
    61506: PQ.tbd6,
  }),
);

/** Air's pairs: a classical suite and, under a number for private use, the same suite as TBD6 of the draft. */
const AIR = makeProfile("air", numbered({ 61506: PQ.tbd6 }));

/** What Wire proposes for its fork of OpenMLS and core-crypto: the draft's suites in the draft's order. Not released. */
const WIRE = makeProfile(
  "wire",
  Object.values(PQ).map((suite, i) => makeCiphersuite(0xf001 + i, suite)),
);

/** mls-rs with aws-lc and its feature `post-quantum`: the KEM is replaced, the rest is that of suite 1 or 7. */
const MLS_RS_AWS_LC = makeProfile(
  "mls-rs-aws-lc",
  numbered({
    65001: parts("128_MLKEM512_AES128GCM_SHA256_Ed25519", Kem.MLKEM512, AES_128_GCM, "SHA-256", ed25519),
    65002: parts("128_MLKEM768_AES128GCM_SHA256_Ed25519", Kem.MLKEM768, AES_128_GCM, "SHA-256", ed25519),
    65003: parts("256_MLKEM1024_AES256GCM_SHA384_P384", Kem.MLKEM1024, AES_256_GCM, "SHA-384", p384),
    65100: PQ.tbd1,
  }),
);

/** Every profile with a name, RFC 9420's first. */
export const PROFILES: readonly SuiteProfile[] = [
  RFC_9420,
  OPENMLS,
  makeProfile("ts-mls-1", tsMls(77)),
  makeProfile("ts-mls-2", tsMls(0xf007)),
  AIR,
  WIRE,
  MLS_RS_AWS_LC,
];
