/** Private keys of ML-KEM for implementations that keep none as a seed. */
import { shake256 } from "@noble/hashes/sha3.js";
import { ml_kem512, ml_kem768, ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import { Kem } from "../../../src/mls/index.ts";

const X_WING_SEED_BYTES = { mlKem: 64, x25519: 32 };

/**
 * A private key as draft-ietf-hpke-pq serializes it, with the decapsulation key of FIPS 203 §7.1 in place of its seed; for
 * X-Wing that of ML-KEM and then X25519's scalar, as its draft-01 had it. Keys of other KEMs are as they were.
 */
export function expandedKemKey(kem: Kem, privateKey: Uint8Array): Uint8Array {
  if (kem === Kem.MLKEM512) return ml_kem512.keygen(privateKey).secretKey;
  if (kem === Kem.MLKEM768) return ml_kem768.keygen(privateKey).secretKey;
  if (kem === Kem.MLKEM1024) return ml_kem1024.keygen(privateKey).secretKey;
  if (kem !== Kem.MLKEM768_X25519) return privateKey;
  const { mlKem, x25519 } = X_WING_SEED_BYTES;
  const seeds = shake256(privateKey, { dkLen: mlKem + x25519 });
  return Uint8Array.of(...ml_kem768.keygen(seeds.subarray(0, mlKem)).secretKey, ...seeds.subarray(mlKem));
}
