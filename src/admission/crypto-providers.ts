/** Who may check signatures here, by the name that a deployment gives. */
import type { CryptoProviderName } from "../config/deployment.ts";
import { nobleCrypto } from "../mls/crypto/noble.ts";
import type { CryptoProvider } from "../mls/crypto/provider.ts";
import { webCrypto } from "../mls/crypto/webcrypto.ts";

const PROVIDERS: Readonly<Record<CryptoProviderName, CryptoProvider>> = { noble: nobleCrypto, webcrypto: webCrypto };

/** Pure JavaScript or the platform's own crypto. The verdicts are the same. */
export const cryptoProviderOf = (name: CryptoProviderName): CryptoProvider => PROVIDERS[name];
