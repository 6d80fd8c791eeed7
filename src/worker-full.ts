/**
 * The entry with everything that most deployments do not need and would only load: ML-DSA in JavaScript. A deployment
 * that does names this file as `main` in wrangler.toml.
 */
import { createApp } from "./http/create-app.ts";
import { webCryptoOver } from "./mls/crypto/webcrypto.ts";
import { postQuantumCrypto } from "./mls/post-quantum/index.ts";

export { Pool } from "./pool/pool.ts";
export { RestoreEpochKeeper } from "./pool/restore-epoch-keeper.ts";

const app = createApp({
  build: { mlDsa: true },
  cryptoProviders: { noble: postQuantumCrypto, webcrypto: webCryptoOver(postQuantumCrypto) },
});

export default { fetch: app.fetch };
