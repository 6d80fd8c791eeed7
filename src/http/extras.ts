/** What a build of the Worker gives the app beside what every one has: each entry (src/worker*.ts) makes its own. */
import type { MiddlewareHandler } from "hono";
import type { CryptoProviders } from "../admission/crypto-providers.ts";
import type { Build } from "../config/deployment.ts";
import type { ReceiptSettings } from "../config/receipt-settings.ts";
import type { X509Settings } from "../config/x509-settings.ts";
import type { SuiteProfile } from "../mls/suite-profile.ts";
import type { X509Verifier } from "../mls/x509/x509-verifier.ts";
import type { AppEnv } from "./bindings.ts";
import type { Operation } from "./operation.ts";
import type { Receipts } from "./receipts/receipts.ts";

export type Extras = {
  /** What its settings may ask for. */
  readonly build: Build;
  readonly cryptoProviders: CryptoProviders;
  /** Makes what signs for a deployment that has keys; there if `build.receipts`. */
  readonly receipts?: (settings: ReceiptSettings, profile: SuiteProfile) => Promise<Receipts>;
  /** Routes that only this build has, and what lets a claim in with a capability; there if `build.claimCapabilities`. */
  readonly claimCapabilities?: {
    readonly operations: readonly Operation[];
    readonly instead: (...ofTokens: readonly MiddlewareHandler<AppEnv>[]) => MiddlewareHandler<AppEnv>[];
  };
  /**
   * Makes the verifier of a deployment that has trust anchors; there if `build.x509`. Rejects with SettingError for one
   * that cannot be used.
   */
  readonly x509Verifier?: (settings: X509Settings) => Promise<X509Verifier>;
};
