/**
 * The entry with everything that most deployments do not need and would only load: X.509, ML-DSA in JavaScript, signed
 * receipts, and claim capabilities. A deployment that needs it names this file as `main` in wrangler.toml.
 */
import { FULL_BUILD } from "./config/full-build.ts";
import { capabilityOr } from "./http/auth/presented-capability.ts";
import { configuredX509Verifier } from "./http/configured-x509.ts";
import { createApp } from "./http/create-app.ts";
import { signedReceipts } from "./http/receipts/signed-receipts.ts";
import { claimCapabilities } from "./http/resources/claim-capabilities/capability-operations.ts";
import { batchVerifier } from "./mls/crypto/batch-verifier.ts";
import { webCryptoVerifierOver } from "./mls/crypto/webcrypto-verifier.ts";
import { withMlDsa } from "./mls/post-quantum/ml-dsa-verifier.ts";

export { OperatorRecords } from "./pool/operator-records.ts";
export { Pool } from "./pool/pool.ts";
export { RestoreEpochKeeper } from "./pool/restore-epoch-keeper.ts";

const verifier = withMlDsa(batchVerifier);

const app = createApp({
  build: FULL_BUILD,
  cryptoProviders: { noble: verifier, webcrypto: webCryptoVerifierOver(verifier) },
  claimCapabilities: { operations: claimCapabilities, instead: capabilityOr },
  receipts: signedReceipts,
  x509Verifier: configuredX509Verifier,
});

export default { fetch: app.fetch };
