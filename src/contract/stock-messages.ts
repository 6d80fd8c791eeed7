/** Taking packages out of stock, comparing it with a device's, and the ends of clients and users. */

import type { ClientRefused, SuiteInventory } from "./inventory-messages.ts";
import type { PoolCall, TokenPredatesRevocation } from "./pool-call.ts";

export type RemoveCall = PoolCall & {
  readonly client: string;
  readonly which: { readonly kind: "all" } | { readonly kind: "refs"; readonly refs: readonly Uint8Array[] };
};

export type RemoveAnswer =
  | { readonly outcome: "removed"; readonly removed: number; readonly inventory: readonly SuiteInventory[] }
  | ClientRefused;

export type ReconcileCall = PoolCall & {
  readonly client: string;
  /** SHA-256 over the live refs of the client, sorted bytewise and concatenated. */
  readonly digest: Uint8Array;
  /** The refs whose private keys the client holds, if it sent them. */
  readonly held: readonly Uint8Array[] | undefined;
  /** Whether to remove the live packages that are not in `held`. */
  readonly prune: boolean;
};

/**
 * `removed`: deleted, replaced or revoked. `never_seen`: this client never uploaded it, or it ended long ago.
 * `unknown_since_restore`: a restore epoch is in force, and what became of the package before it cannot be told. It may
 * have been claimed, so it is taken again only if it was made after the epoch.
 */
export type MissingReason = "claimed" | "removed" | "expired" | "never_seen" | "unknown_since_restore";

export type MissingPackage = { readonly ref: Uint8Array; readonly reason: MissingReason };

export type ReconcileAnswer =
  | {
      readonly outcome: "same" | "different";
      /** Live refs at the server after any pruning, sorted. */
      readonly serverRefs: readonly Uint8Array[];
      /** Of `held`, those that are not live at the server, sorted. */
      readonly missing: readonly MissingPackage[];
      readonly pruned: number;
      readonly inventory: readonly SuiteInventory[];
      readonly restoreEpoch: number;
    }
  | ClientRefused;

export type RevokeAnswer =
  | {
      readonly outcome: "revoked";
      readonly purged: number;
      /** When it ended. */
      readonly at: number;
      /** Of the registration that ended, now or before. */
      readonly registeredAt: number;
    }
  | ClientRefused;

/** `existed`: whether there was anything in the pool. */
export type EraseAnswer =
  | { readonly outcome: "erased"; readonly existed: boolean }
  | { readonly outcome: "directory_unavailable" }
  | TokenPredatesRevocation;

export type RevokeUserAnswer = {
  readonly outcome: "revoked";
  readonly at: number;
  /** Those that were registered until then, and how many packages of each went with it. */
  readonly ended: readonly { readonly client: string; readonly registeredAt: number; readonly purged: number }[];
};
