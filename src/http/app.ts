import { PLAIN_PROVIDERS } from "../admission/crypto-providers.ts";
import { PLAIN_BUILD } from "../config/deployment.ts";
import { createApp } from "./create-app.ts";

/** The app of src/worker.ts, with what every deployment needs. */
export const app = createApp({ build: PLAIN_BUILD, cryptoProviders: PLAIN_PROVIDERS });
