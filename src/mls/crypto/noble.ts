import { ed448 } from "@noble/curves/ed448.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { randomBytes } from "@noble/hashes/utils.js";
import {
  type CurveScheme,
  ciphersuiteInfo,
  type HashAlgorithm,
  isMlDsa,
  isMlKem,
  SignatureScheme,
} from "../ciphersuite.ts";
import { at } from "./at.ts";
import { verifyEcdsaBatch } from "./ecdsa/ecdsa-batch.ts";
import { verifyEd448Strictly } from "./ed448/ed448-strict.ts";
import { hasPointsOfPrimeOrder, verifyEd25519Batch } from "./ed25519/ed25519-batch.ts";
import { deriveHpkeKeyPair } from "./hpke-derive-key-pair.ts";
import type { CryptoProvider, SignatureItem, SignaturePolicy } from "./provider.ts";

/**
 * The default adapter: pure JavaScript, the same everywhere, all suites of RFC 9420; of other suites, those with
 * signatures on curves can be validated. `postQuantumCrypto` has the rest. Randomness is the platform's
 * `crypto.getRandomValues`.
 */
export const nobleCrypto: CryptoProvider = {
  supports: (suite, use) => {
    const { kem, signatureScheme } = ciphersuiteInfo(suite);
    return !isMlDsa(signatureScheme) && (use !== "make" || !isMlKem(kem));
  },
  verify: async (scheme, item, policy) => verifySignature(onCurve(scheme), item, policy),
  verifyMany: async (scheme, items, policy) => verifySignatures(onCurve(scheme), items, policy),
  sign: async (scheme, privateKey, message) => signMessage(onCurve(scheme), privateKey, message),
  hash: async (algorithm, data) => digest(algorithm, data),
  deriveKeyPair: async (suite, ikm) => deriveHpkeKeyPair(suite, ikm),
  generateSignatureKeyPair: async (scheme) => {
    const { secretKey, publicKey } = generateKeyPair(onCurve(scheme));
    return { privateKey: secretKey, publicKey };
  },
  random: (length) => randomBytes(length),
};

/** Asking for a scheme that `supports` denies is a fault of the caller. */
function onCurve(scheme: SignatureScheme): CurveScheme {
  if (isMlDsa(scheme)) throw new RangeError("expected a provider with ML-DSA, such as postQuantumCrypto");
  return scheme;
}

/** Either S is accepted (RFC 9420 does not require the low one), and the message is hashed with the curve's hash. */
const ECDSA = { format: "der", lowS: false, prehash: true } as const;

/** RFC 8032's encodings instead of ZIP-215's, and no public key of small order. The equation has the cofactor. */
const RFC_8032 = { zip215: false } as const;

/** In a batch where that is faster, with the same verdicts as `verifySignature`. */
function verifySignatures(scheme: CurveScheme, items: readonly SignatureItem[], policy: SignaturePolicy): boolean[] {
  switch (scheme) {
    case SignatureScheme.ed25519:
      return verifyEd25519Batch(items, randomBytes);
    case SignatureScheme.ed448:
      if (policy === "strict") return verifyEd448Strictly(items);
      return items.map((item) => verifySignature(scheme, item, policy));
    case SignatureScheme.ecdsa_secp256r1_sha256:
      return verifyEcdsaBatch(p256, sha256, items);
    case SignatureScheme.ecdsa_secp384r1_sha384:
      return verifyEcdsaBatch(p384, sha384, items);
    case SignatureScheme.ecdsa_secp521r1_sha512:
      return verifyEcdsaBatch(p521, sha512, items);
  }
}

/** noble throws for keys and signatures of a wrong form: they are not valid. */
function verifySignature(scheme: CurveScheme, item: SignatureItem, policy: SignaturePolicy): boolean {
  const { publicKey, message, signature } = item;
  try {
    switch (scheme) {
      case SignatureScheme.ed25519: {
        const holdsWithCofactor = ed25519.verify(signature, message, publicKey, RFC_8032);
        if (!holdsWithCofactor || hasPointsOfPrimeOrder(item)) return holdsWithCofactor;
        return at(verifyEd25519Batch([item], randomBytes), 0);
      }
      case SignatureScheme.ed448:
        if (policy === "strict") return at(verifyEd448Strictly([item]), 0);
        return ed448.verify(signature, message, publicKey, RFC_8032);
      case SignatureScheme.ecdsa_secp256r1_sha256:
        return p256.verify(signature, message, publicKey, ECDSA);
      case SignatureScheme.ecdsa_secp384r1_sha384:
        return p384.verify(signature, message, publicKey, ECDSA);
      case SignatureScheme.ecdsa_secp521r1_sha512:
        return p521.verify(signature, message, publicKey, ECDSA);
    }
  } catch {
    return false;
  }
}

function signMessage(scheme: CurveScheme, privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  switch (scheme) {
    case SignatureScheme.ed25519:
      return ed25519.sign(message, privateKey);
    case SignatureScheme.ed448:
      return ed448.sign(message, privateKey);
    case SignatureScheme.ecdsa_secp256r1_sha256:
      return p256.sign(message, privateKey, ECDSA);
    case SignatureScheme.ecdsa_secp384r1_sha384:
      return p384.sign(message, privateKey, ECDSA);
    case SignatureScheme.ecdsa_secp521r1_sha512:
      return p521.sign(message, privateKey, ECDSA);
  }
}

/** ECDSA public keys are uncompressed points, RFC 9420 §5.1.1. */
function generateKeyPair(scheme: CurveScheme): { secretKey: Uint8Array; publicKey: Uint8Array } {
  switch (scheme) {
    case SignatureScheme.ed25519:
      return ed25519.keygen();
    case SignatureScheme.ed448:
      return ed448.keygen();
    case SignatureScheme.ecdsa_secp256r1_sha256:
      return uncompressed(p256);
    case SignatureScheme.ecdsa_secp384r1_sha384:
      return uncompressed(p384);
    case SignatureScheme.ecdsa_secp521r1_sha512:
      return uncompressed(p521);
  }
}

function uncompressed(curve: typeof p256): { secretKey: Uint8Array; publicKey: Uint8Array } {
  const { secretKey } = curve.keygen();
  return { secretKey, publicKey: curve.getPublicKey(secretKey, false) };
}

function digest(algorithm: HashAlgorithm, data: Uint8Array): Uint8Array {
  switch (algorithm) {
    case "SHA-256":
      return sha256(data);
    case "SHA-384":
      return sha384(data);
    case "SHA-512":
      return sha512(data);
  }
}
