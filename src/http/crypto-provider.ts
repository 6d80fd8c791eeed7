/** Which adapter checks signatures here. */

import { SettingError } from "../config/settings.ts";
import { nobleCrypto } from "../mls/crypto/noble.ts";
import type { CryptoProvider } from "../mls/crypto/provider.ts";
import { webCrypto } from "../mls/crypto/webcrypto.ts";
import type { Bindings } from "./bindings.ts";

/** `CRYPTO_PROVIDER`: `noble` (pure JavaScript, default) or `webcrypto` (native). The verdicts are the same. */
export function cryptoProvider(env: Pick<Bindings, "CRYPTO_PROVIDER">): CryptoProvider {
  switch (env.CRYPTO_PROVIDER) {
    case undefined:
    case "":
    case "noble":
      return nobleCrypto;
    case "webcrypto":
      return webCrypto;
    default:
      throw new SettingError("CRYPTO_PROVIDER", "noble or webcrypto");
  }
}
