import { ml_kem768_p256, ml_kem768_x25519, ml_kem1024_p384 } from "@noble/post-quantum/hybrid.js";
import { ml_kem512, ml_kem768, ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import { ciphersuiteInfo, isMlDsa, isMlKem, Kem } from "../ciphersuite.ts";
import { nobleCrypto } from "../crypto/noble.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { deriveSeed } from "./derive-seed.ts";
import { ML_DSA, withMlDsa } from "./ml-dsa-verifier.ts";

/**
 * A provider with ML-DSA (FIPS 204) and with key pairs of ML-KEM (FIPS 203), alone and beside X25519, P-256 or P-384
 * (draft-ietf-hpke-pq); everything else is the other provider's. Private keys are seeds: 32 bytes for ML-DSA and hybrid
 * KEMs, 64 for ML-KEM alone.
 */
export function withPostQuantum(base: CryptoProvider): CryptoProvider {
  return {
    ...base,
    ...withMlDsa(base),
    supports: () => true,
    sign: async (scheme, privateKey, message) =>
      isMlDsa(scheme)
        ? ML_DSA[scheme].sign(message, ML_DSA[scheme].keygen(privateKey).secretKey)
        : base.sign(scheme, privateKey, message),
    deriveKeyPair: async (suite, ikm) => {
      const { kem } = ciphersuiteInfo(suite);
      if (!isMlKem(kem)) return base.deriveKeyPair(suite, ikm);
      const { algorithm, seedBytes } = ML_KEM[kem];
      const privateKey = deriveSeed(kem, ikm, seedBytes);
      return { privateKey, publicKey: algorithm.keygen(privateKey).publicKey };
    },
    generateSignatureKeyPair: async (scheme) => {
      if (!isMlDsa(scheme)) return base.generateSignatureKeyPair(scheme);
      const privateKey = base.random(SEED_BYTES);
      return { privateKey, publicKey: ML_DSA[scheme].keygen(privateKey).publicKey };
    },
  };
}

/** Pure JavaScript, every suite of every profile. */
export const postQuantumCrypto: CryptoProvider = withPostQuantum(nobleCrypto);

/** FIPS 204 §3.6.1: the seed of a key pair. */
const SEED_BYTES = 32;

const ML_KEM = {
  [Kem.MLKEM512]: { algorithm: ml_kem512, seedBytes: 64 },
  [Kem.MLKEM768]: { algorithm: ml_kem768, seedBytes: 64 },
  [Kem.MLKEM1024]: { algorithm: ml_kem1024, seedBytes: 64 },
  [Kem.MLKEM768_P256]: { algorithm: ml_kem768_p256, seedBytes: 32 },
  [Kem.MLKEM1024_P384]: { algorithm: ml_kem1024_p384, seedBytes: 32 },
  [Kem.MLKEM768_X25519]: { algorithm: ml_kem768_x25519, seedBytes: 32 },
} as const;
