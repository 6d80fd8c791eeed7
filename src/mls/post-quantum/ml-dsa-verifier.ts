import { ml_dsa44, ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { isMlDsa, type MlDsaScheme, SignatureScheme } from "../ciphersuite.ts";
import type { CryptoVerifier, SignatureItem } from "../crypto/provider.ts";

export const ML_DSA = {
  [SignatureScheme.mldsa44]: ml_dsa44,
  [SignatureScheme.mldsa65]: ml_dsa65,
  [SignatureScheme.mldsa87]: ml_dsa87,
} as const;

/** A verifier with ML-DSA (FIPS 204), so that it validates every suite of every profile; everything else is the other's. */
export function withMlDsa(base: CryptoVerifier): CryptoVerifier {
  return {
    ...base,
    supports: (suite, use) => use !== "make" || base.supports(suite, use),
    verify: async (scheme, item, policy) =>
      isMlDsa(scheme) ? verifyMlDsa(scheme, item) : base.verify(scheme, item, policy),
    verifyMany: async (scheme, items, policy) =>
      isMlDsa(scheme) ? items.map((item) => verifyMlDsa(scheme, item)) : base.verifyMany(scheme, items, policy),
  };
}

/** noble throws for keys and signatures of a wrong length: they are not valid. */
function verifyMlDsa(scheme: MlDsaScheme, { publicKey, message, signature }: SignatureItem): boolean {
  try {
    return ML_DSA[scheme].verify(signature, message, publicKey);
  } catch {
    return false;
  }
}
