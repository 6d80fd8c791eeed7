import type { Build } from "./deployment.ts";
import { readReceiptSettings } from "./receipt-settings.ts";
import { readX509Settings } from "./x509-settings.ts";

/** That of src/worker-full.ts, which has everything that a setting can ask for. */
export const FULL_BUILD: Build = {
  mlDsa: true,
  x509: readX509Settings,
  claimCapabilities: true,
  receipts: readReceiptSettings,
};
