/** Who may check signatures here, by the name that a deployment gives. */
import { nobleCrypto } from "../mls/crypto/noble.ts";
import type { CryptoProvider } from "../mls/crypto/provider.ts";
import { webCrypto } from "../mls/crypto/webcrypto.ts";

export type CryptoProviders = Readonly<Record<"noble" | "webcrypto", CryptoProvider>>;

/** Pure JavaScript or the platform's own crypto, for all suites without ML-DSA. The verdicts are the same. */
export const PLAIN_PROVIDERS: CryptoProviders = { noble: nobleCrypto, webcrypto: webCrypto };
