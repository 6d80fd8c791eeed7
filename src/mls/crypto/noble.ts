import { ed448 } from "@noble/curves/ed448.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { randomBytes } from "@noble/hashes/utils.js";
import { type CurveScheme, SignatureScheme } from "../ciphersuite.ts";
import { onCurve } from "./batch-verifier.ts";
import { deriveHpkeKeyPair } from "./hpke-derive-key-pair.ts";
import { ECDSA, nobleVerifier } from "./noble-verifier.ts";
import type { CryptoProvider } from "./provider.ts";

/**
 * The default adapter: pure JavaScript, the same everywhere, all suites of RFC 9420; of other suites, those with
 * signatures on curves can be validated. `postQuantumCrypto` has the rest. Randomness is the platform's
 * `crypto.getRandomValues`.
 */
export const nobleCrypto: CryptoProvider = {
  ...nobleVerifier,
  sign: async (scheme, privateKey, message) => signMessage(onCurve(scheme), privateKey, message),
  deriveKeyPair: async (suite, ikm) => deriveHpkeKeyPair(suite, ikm),
  generateSignatureKeyPair: async (scheme) => {
    const { secretKey, publicKey } = generateKeyPair(onCurve(scheme));
    return { privateKey: secretKey, publicKey };
  },
  random: (length) => randomBytes(length),
};

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
