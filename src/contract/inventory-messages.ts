/** What a client has in stock, as its owner and operators see it. */

import type { TokenPredatesRevocation } from "./pool-call.ts";
import type { Registration } from "./registration-messages.ts";

/** A last resort in stock. Times are unix seconds. */
export type LastResortView = {
  readonly storedAt: number;
  readonly firstUsedAt: number | undefined;
  readonly uses: number;
  /** Whether its owner should replace it: it was used, or is old. */
  readonly needsRotation: boolean;
};

export type SuiteInventory = {
  readonly ciphersuite: number;
  /** Live, unexpired one-time packages; the last resort never counts. */
  readonly available: number;
  readonly lastResort: LastResortView | undefined;
  /** Unix seconds; undefined with nothing in stock. */
  readonly nextExpiry: number | undefined;
  readonly target: number;
  readonly lowWatermark: number;
  readonly needsUpload: boolean;
};

export type ClientView = {
  readonly registration: Registration;
  readonly inventory: readonly SuiteInventory[];
};

/** Leaky buckets that are not empty: by name, when each will be, in unix milliseconds. */
export type BudgetView = { readonly name: string; readonly emptyAtMs: number };

export type NotRegistered = { readonly outcome: "client_not_registered" };

/** Why a call about a client was not answered. */
export type ClientRefused = NotRegistered | TokenPredatesRevocation;

/** `restoreEpoch`, of this and of other answers: the newest that the pool knows, in unix seconds; 0 for none. */
export type ClientAnswer =
  | { readonly outcome: "found"; readonly view: ClientView; readonly restoreEpoch: number }
  | ClientRefused;
