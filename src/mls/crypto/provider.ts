import type { HashAlgorithm, SignatureScheme, Suite } from "../ciphersuite.ts";

/** One signature over `message` (for MLS: the encoded SignContent, RFC 9420 §5.1.2), to be checked with `publicKey`. */
export type SignatureItem = {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
};

/**
 * Which Ed448 signatures verify. Ed25519 and ECDSA have no such choice.
 *
 * RFC 8032 §5.1.7 lets a verifier multiply the equation by the cofactor or not, so that implementations disagree about
 * signatures whose key or R has a component of small order. For Ed25519 the field agrees on the equation without it:
 * that, canonical encodings, and no key or R of small order are required here under both policies. What then verifies
 * verifies for everybody.
 *
 * - `"openmls"`: for Ed448, which OpenMLS lacks, the equation with the cofactor, as noble has it; R may be of small order,
 *   the key may not.
 * - `"strict"`: for Ed448 the equation without the cofactor, and key and R of prime order.
 *
 * An honest signer's keys and R are of prime order.
 */
export type SignaturePolicy = "openmls" | "strict";

/** What a suite is wanted for; `"validate"` if left out. */
export type SuiteUse = "validate" | "make";

/** An HPKE key pair, RFC 9180 §4; the private key as SerializePrivateKey writes it. */
export type HpkeKeyPairBytes = { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array };

/** A signature key pair: EdDSA and ML-DSA seeds and raw keys, ECDSA scalars and uncompressed points. */
export type SignatureKeyPairBytes = { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array };

/**
 * What it takes to judge packages and no secret. Everything that a platform may do outside JavaScript is async.
 *
 * Verdicts are the same in every adapter:
 * - Bad input (a key or signature of the wrong length, off the curve, not strict DER) is `false`, never a rejection.
 * - Ed25519 and Ed448 (RFC 8032): as said at `SignaturePolicy`.
 * - ECDSA: strict DER, either S (RFC 9420 does not require the low one), the message hashed by the scheme's hash.
 *   Compressed public keys verify here, as in OpenMLS: refusing them is the directory's policy (RFC 9420 §5.1.1).
 * - ML-DSA (FIPS 204): the pure variant with an empty context.
 *
 * A rejection of any promise is a fault.
 */
export type CryptoVerifier = {
  /**
   * Whether packages of the suite can be validated, which takes its hash and its signatures, or also made, which takes
   * key pairs of its KEM. Asking anything else of a suite that is not supported is a fault.
   */
  supports(suite: Suite, use?: SuiteUse): boolean;
  verify(scheme: SignatureScheme, item: SignatureItem, policy: SignaturePolicy): Promise<boolean>;
  /** One verdict for each item, in order, the same as `verify` gives for the item alone. */
  verifyMany(scheme: SignatureScheme, items: readonly SignatureItem[], policy: SignaturePolicy): Promise<boolean[]>;
  hash(algorithm: HashAlgorithm, data: Uint8Array): Promise<Uint8Array>;
};

/** All cryptography of the library: a verifier that also makes keys and signatures. */
export type CryptoProvider = CryptoVerifier & {
  sign(scheme: SignatureScheme, privateKey: Uint8Array, message: Uint8Array): Promise<Uint8Array>;
  /** DeriveKeyPair of the suite's KEM, RFC 9180 §7.1.3, and for KEMs with ML-KEM draft-ietf-hpke-pq. */
  deriveKeyPair(suite: Suite, ikm: Uint8Array): Promise<HpkeKeyPairBytes>;
  generateSignatureKeyPair(scheme: SignatureScheme): Promise<SignatureKeyPairBytes>;
  /** Bytes from a cryptographically secure source. */
  random(length: number): Uint8Array;
};
