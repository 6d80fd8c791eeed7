/** Who may check signatures here, by the name that a deployment gives. */
import { nobleCrypto } from "../mls/crypto/noble.ts";
import type { CryptoProvider } from "../mls/crypto/provider.ts";
import { webCrypto } from "../mls/crypto/webcrypto.ts";

const PROVIDERS = { noble: nobleCrypto, webcrypto: webCrypto } as const;

/** Pure JavaScript or the platform's own crypto. The verdicts are the same. */
export const cryptoProviderOf = (name: keyof typeof PROVIDERS): CryptoProvider => PROVIDERS[name];
