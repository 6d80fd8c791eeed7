/**
 * Proof of possession: whoever registers a signature key shows that they hold its private half, by a signature over who
 * registers it, where and when. Without it, anybody with a token could register the public key of another device.
 * docs/http-api.md has the same byte for byte, with a test vector.
 */
import type { SignatureScheme } from "../mls/ciphersuite.ts";
import { Writer } from "../mls/codec/writer.ts";
import type { CryptoVerifier } from "../mls/crypto/provider.ts";

/** No signature of MLS itself has this label (RFC 9420 §17.6), so none can be passed off as the other. */
const LABEL = "MLS 1.0 MLSKeyDirectoryRegistration";

export type RegistrationProof = {
  /** The directory: the `aud` of its tokens. */
  readonly audience: string;
  readonly user: string;
  readonly client: string;
  readonly scheme: SignatureScheme;
  readonly publicKey: Uint8Array;
  /** Unix seconds. */
  readonly signedAt: number;
};

/**
 * What is signed: SignContent of RFC 9420 §5.1.2 with the label "MLSKeyDirectoryRegistration" and the content
 * ```
 * struct {
 *   opaque audience<V>; opaque user<V>; opaque client<V>;   // UTF-8
 *   uint16 signature_scheme; opaque signature_key<V>; uint64 signed_at;
 * } RegistrationTBS;
 * ```
 */
export function registrationProofInput(proof: RegistrationProof): Uint8Array {
  const text = new TextEncoder();
  const content = new Writer()
    .opaque(text.encode(proof.audience))
    .opaque(text.encode(proof.user))
    .opaque(text.encode(proof.client))
    .u16(proof.scheme)
    .opaque(proof.publicKey)
    .u64(BigInt(proof.signedAt))
    .finish();
  return new Writer().opaque(text.encode(LABEL)).opaque(content).finish();
}

/** Whether the signature was made with that very key for that very registration. */
export function verifyRegistrationProof(
  crypto: Pick<CryptoVerifier, "verify">,
  proof: RegistrationProof,
  signature: Uint8Array,
): Promise<boolean> {
  const { scheme, publicKey } = proof;
  return crypto.verify(scheme, { publicKey, message: registrationProofInput(proof), signature }, "strict");
}
