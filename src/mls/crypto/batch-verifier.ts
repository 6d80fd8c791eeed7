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
import { P256, P384, P521 } from "./ecdsa/weierstrass-curves.ts";
import { verifyEd448 } from "./ed448/ed448-verify.ts";
import { verifyEd25519Batch } from "./ed25519/ed25519-batch.ts";
import type { CryptoVerifier, SignatureItem, SignaturePolicy } from "./provider.ts";

/**
 * All that a directory needs: the part of a provider that takes no secret, in JavaScript, for signatures on curves. The
 * arithmetic is our own (decision 0001), so that a bundle with this verifier alone has nothing of noble but its hashes.
 */
export const batchVerifier: CryptoVerifier = {
  supports: (suite, use) => {
    const { kem, signatureScheme } = ciphersuiteInfo(suite);
    return !isMlDsa(signatureScheme) && (use !== "make" || !isMlKem(kem));
  },
  verify: async (scheme, item, policy) => at(verifySignatures(onCurve(scheme), [item], policy), 0),
  verifyMany: async (scheme, items, policy) => verifySignatures(onCurve(scheme), items, policy),
  hash: async (algorithm, data) => digest(algorithm, data),
};

/** Asking for a scheme that `supports` denies is a fault of the caller. */
export function onCurve(scheme: SignatureScheme): CurveScheme {
  if (isMlDsa(scheme)) throw new RangeError("expected a provider with ML-DSA, such as postQuantumCrypto");
  return scheme;
}

function verifySignatures(scheme: CurveScheme, items: readonly SignatureItem[], policy: SignaturePolicy): boolean[] {
  switch (scheme) {
    case SignatureScheme.ed25519:
      return verifyEd25519Batch(items, randomBytes);
    case SignatureScheme.ed448:
      return verifyEd448(items, policy);
    case SignatureScheme.ecdsa_secp256r1_sha256:
      return verifyEcdsaBatch(P256, sha256, items);
    case SignatureScheme.ecdsa_secp384r1_sha384:
      return verifyEcdsaBatch(P384, sha384, items);
    case SignatureScheme.ecdsa_secp521r1_sha512:
      return verifyEcdsaBatch(P521, sha512, items);
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
