/** Publishing: what is known of packages before they are checked, and what became of each. */

import type { AdmittedKeyPackage } from "./admitted-key-package.ts";
import type { ClientRefused, SuiteInventory } from "./inventory-messages.ts";
import type { PoolCall } from "./pool-call.ts";
import type { SignatureKey } from "./registration-messages.ts";

/** A package by its reference alone, not checked yet. */
export type NamedKeyPackage = {
  readonly ref: Uint8Array;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
};

/** Asks what is known of packages already, and whether the others may be checked now. */
export type PreflightCall = PoolCall & {
  readonly client: string;
  readonly mode: "add" | "replace";
  readonly packages: readonly NamedKeyPackage[];
  /** Items of the same request that have no reference, as they cannot be decoded: they will be refused. */
  readonly unreadable: number;
};

/**
 * What the pool can say of a package without seeing more than its reference, suite and kind: it is in stock, it was, or
 * there is no room for it. Undefined where only a check can tell.
 */
export type KnownCode = Extract<
  PublishCode,
  "duplicate" | "already_claimed" | "already_removed" | "init_key_reused" | "stock_full"
>;

/**
 * `ready`: the check of the packages that are not known may begin, and counts as under way until `publish` ends it or it
 * times out; `known` has a place for each package. `busy`: too many packages of the client are under check, ask again in
 * a moment. `refusals_exhausted`: too many were refused lately; `uploads_exhausted`: too many were stored.
 */
export type PreflightAnswer =
  | {
      readonly outcome: "ready";
      readonly signatureKeys: readonly SignatureKey[];
      readonly known: readonly (KnownCode | undefined)[];
    }
  | { readonly outcome: "busy" }
  | { readonly outcome: "refusals_exhausted" | "uploads_exhausted"; readonly retryAfterSeconds: number }
  | ClientRefused;

export type PublishCall = PoolCall & {
  readonly client: string;
  readonly mode: "add" | "replace";
  readonly keyPackages: readonly AdmittedKeyPackage[];
  /** References of packages in stock that a replacement keeps: they were checked when they were stored. */
  readonly kept?: readonly Uint8Array[];
  /**
   * Packages of the same request that admission refused, or all that it looked at for a replacement that is refused: they
   * count against the client's refusal budget.
   */
  readonly refused: number;
  /**
   * The number of packages that the preflight of this request gave leave to check: their check ends with this call.
   * Without it, the admitted and the refused ones, some of which may have been refused without a check.
   */
  readonly checked?: number;
};

export type PublishCode =
  | "stored"
  | "duplicate"
  | "already_claimed"
  | "already_removed"
  | "before_restore_epoch"
  | "init_key_reused"
  | "encryption_key_reused"
  | "signature_key_mismatch"
  | "last_resort_superseded"
  | "too_many_capability_sets"
  | "stock_full";

/**
 * One code for each package of the call, in its order. `applied` is false for a replace that changed nothing: one of its
 * packages was refused, or one of those it keeps has left.
 */
export type PublishAnswer =
  | {
      readonly outcome: "published";
      readonly applied: boolean;
      readonly codes: readonly PublishCode[];
      readonly inventory: readonly SuiteInventory[];
      readonly restoreEpoch: number;
      readonly at: number;
      readonly registeredAt: number;
    }
  | ClientRefused;
