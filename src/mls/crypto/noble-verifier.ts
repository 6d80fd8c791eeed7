import { ed448 } from "@noble/curves/ed448.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { randomBytes } from "@noble/hashes/utils.js";
import { type CurveScheme, SignatureScheme } from "../ciphersuite.ts";
import { at } from "./at.ts";
import { batchVerifier, onCurve } from "./batch-verifier.ts";
import { verifyEd448 } from "./ed448/ed448-verify.ts";
import { hasPointsOfPrimeOrder, verifyEd25519Batch } from "./ed25519/ed25519-batch.ts";
import type { CryptoVerifier, SignatureItem, SignaturePolicy } from "./provider.ts";

/** The part of `nobleCrypto` that takes no secret: noble verifies a single signature, with the verdict of a batch. */
export const nobleVerifier: CryptoVerifier = {
  ...batchVerifier,
  verify: async (scheme, item, policy) => verifySignature(onCurve(scheme), item, policy),
};

/** Either S is accepted (RFC 9420 does not require the low one), and the message is hashed with the curve's hash. */
export const ECDSA = { format: "der", lowS: false, prehash: true } as const;

/** RFC 8032's encodings instead of ZIP-215's, and no public key of small order. The equation has the cofactor. */
const RFC_8032 = { zip215: false } as const;

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
        if (policy === "strict") return at(verifyEd448([item], policy), 0);
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
