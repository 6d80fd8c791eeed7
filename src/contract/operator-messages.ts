/** What operators see of a pool and change in it. */

import type { ClaimCapability } from "./capability-messages.ts";
import type { StockEvent } from "./event-messages.ts";
import type { BudgetView, ClientView } from "./inventory-messages.ts";
import type { JournalEntry } from "./journal-messages.ts";
import type { PoolCall, TokenPredatesRevocation } from "./pool-call.ts";

export type PoolView =
  | {
      readonly outcome: "found";
      readonly restoreEpoch: number;
      readonly directoryPending: boolean;
      readonly clients: readonly OperatorClientView[];
      /** Of the user as a whole. */
      readonly budgets: readonly BudgetView[];
      readonly tokensEnded: readonly TokensEnded[];
      readonly capabilities: readonly ClaimCapability[];
      /** As it is stored, and perhaps over; undefined if budgets were never raised. */
      readonly raised: RaisedBudgets | undefined;
      readonly events: WaitingEvents;
      readonly activity: Activity;
    }
  | { readonly outcome: "unknown_user" }
  | TokenPredatesRevocation;

/** Times are unix seconds. */
export type OperatorClientView = ClientView &
  ClientActivity & {
    /** Undefined for a client that is registered. */
    readonly revokedAt: number | undefined;
    /** Undefined for one that never stored a package. */
    readonly lastUploadAt: number | undefined;
    readonly budgets: readonly BudgetView[];
  };

/** From the newest records of claims. */
export type ClientActivity = {
  /** When it last gave a package, in unix seconds; undefined if no record says so. */
  readonly lastClaimedAt: number | undefined;
  readonly missed: readonly MissedCount[];
};

/** Claims that the client's owner was told of and that found nothing for this reason. */
export type MissedCount = {
  readonly reason: NonNullable<JournalEntry["reason"]>;
  readonly count: number;
  readonly lastAt: number;
};

export type Activity = {
  /** Records since then were looked at, in unix seconds. */
  readonly since: number;
  /** The busiest first. */
  readonly claimersOfHour: readonly ClaimerCount[];
  readonly claimersOfDay: readonly ClaimerCount[];
};

/** What one user claimed, over all clients. `user` is undefined for users whose names were erased, and for capabilities. */
export type ClaimerCount = { readonly user: string | undefined; readonly claimed: number; readonly missed: number };

/** What is kept for a backend that is told of low stock. Times are unix seconds. */
export type WaitingEvents = {
  /** In the order in which they happened. */
  readonly pending: readonly StockEvent[];
  /** Of packages that expire until then the backend was told. */
  readonly told: readonly { readonly client: string; readonly until: number }[];
};

/** Tokens of the client, or of every client of the user, that were issued until then (unix seconds) are at an end. */
export type TokensEnded = { readonly client: string | undefined; readonly endedAt: number };

/** A package in stock, without its bytes. Times are unix seconds. */
export type StoredPackage = {
  readonly client: string;
  readonly ref: Uint8Array;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
  readonly storedAt: number;
  readonly notBefore: number;
  readonly notAfter: number;
};

export type StoredPackagesAnswer =
  | {
      readonly outcome: "page";
      readonly packages: readonly StoredPackage[];
      readonly nextAfter: number | undefined;
    }
  | TokenPredatesRevocation;

/** Every budget of the pool is so many times as large until then (unix seconds). */
export type RaisedBudgets = { readonly factor: number; readonly until: number };

export type RaiseBudgetsCall = PoolCall & RaisedBudgets;

/** Of one client or all, of one claimer or all. */
export type ResetBudgetsCall = PoolCall & { readonly client: string | undefined; readonly claimer: string | undefined };

export type ResetBudgetsAnswer =
  | { readonly outcome: "reset"; readonly buckets: number }
  | { readonly outcome: "unknown_user" };

export type RaiseBudgetsAnswer = { readonly outcome: "raised" | "unknown_user" };

/** Asks what a restore epoch would void; changes nothing. `epoch` in unix seconds. */
export type CountBeforeCall = PoolCall & { readonly epoch: number };

export type CountBeforeAnswer = {
  readonly outcome: "counted";
  readonly oneTime: number;
  readonly lastResorts: number;
};

/** Made with the id of the pool, which is not told whose it is. Names of users who were erased. */
export type ForgetCall = Pick<PoolCall, "restoreEpoch"> & {
  readonly users: readonly string[];
  /** Counts and changes nothing. */
  readonly dryRun: boolean;
};

/** In how many records of claims, and of clients' budgets, one of the names was. */
export type ForgetAnswer = { readonly outcome: "forgotten"; readonly claims: number; readonly clients: number };

/** Made with the id of the pool, which is not told whose it is. */
export type ResyncCall = Pick<PoolCall, "restoreEpoch">;

/** `queued`: not everything could be delivered; the pool goes on by itself. */
export type ResyncAnswer = { readonly outcome: "delivered" | "queued" | "unknown_user" };
