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
import type { CryptoVerifier, SignatureItem, SignaturePolicy } from "./provider.ts";

/** The part of `nobleCrypto` that takes no secret: all that a directory needs. */
export const nobleVerifier: CryptoVerifier = {
  supports: (suite, use) => {
    const { kem, signatureScheme } = ciphersuiteInfo(suite);
    return !isMlDsa(signatureScheme) && (use !== "make" || !isMlKem(kem));
  },
  verify: async (scheme, item, policy) => verifySignature(onCurve(scheme), item, policy),
  verifyMany: async (scheme, items, policy) => verifySignatures(onCurve(scheme), items, policy),
  hash: async (algorithm, data) => digest(algorithm, data),
};

/** Asking for a scheme that `supports` denies is a fault of the caller. */
export function onCurve(scheme: SignatureScheme): CurveScheme {
  if (isMlDsa(scheme)) throw new RangeError("expected a provider with ML-DSA, such as postQuantumCrypto");
  return scheme;
}

/** Either S is accepted (RFC 9420 does not require the low one), and the message is hashed with the curve's hash. */
export const ECDSA = { format: "der", lowS: false, prehash: true } as const;

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
