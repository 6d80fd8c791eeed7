/** What a build of the Worker gives the app beside what every one has: each entry (src/worker*.ts) makes its own. */
import type { CryptoProviders } from "../admission/crypto-providers.ts";
import type { Build } from "../config/deployment.ts";

export type Extras = {
  /** What its settings may ask for. */
  readonly build: Build;
  readonly cryptoProviders: CryptoProviders;
};
