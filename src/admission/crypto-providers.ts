/** Who may check signatures here, by the name that a deployment gives. */
import { batchVerifier } from "../mls/crypto/batch-verifier.ts";
import type { CryptoVerifier } from "../mls/crypto/provider.ts";
import { webCryptoVerifierOver } from "../mls/crypto/webcrypto-verifier.ts";

export type CryptoProviders = Readonly<Record<"noble" | "webcrypto", CryptoVerifier>>;

/** Pure JavaScript or the platform's own crypto, for all suites without ML-DSA. The verdicts are the same. */
export const PLAIN_PROVIDERS: CryptoProviders = {
  noble: batchVerifier,
  webcrypto: webCryptoVerifierOver(batchVerifier),
};
