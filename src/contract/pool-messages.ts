/**
 * What crosses the RPC boundary between the Worker and a user's pool.
 *
 * All are `type`s, not interfaces (structured clone over Workers RPC), bytes are Uint8Array, times are unix seconds as
 * numbers. Expected outcomes are values; only a fault throws. `at` of an answer is when it took effect, by the pool's clock.
 */
import type { AdmittedKeyPackage } from "./admitted-key-package.ts";
import type { CapabilityLists } from "./capability-lists.ts";

/** The principal of the token that made a request. */
export type UserClaimer = { readonly user: string; readonly client: string };

/** Who holds the secret of a capability, whoever that is. */
export type CapabilityClaimer = {
  /** The name that its owner gave it. */
  readonly capability: string;
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
};

export type Claimer = UserClaimer | CapabilityClaimer;

/** TLS SignatureScheme number (RFC 8446 §4.2.3), as in the ciphersuites of RFC 9420 §17.1. */
export type SignatureScheme = number;

/**
 * `restoreEpoch`: the newest one that the Worker knows, in unix seconds; 0 for none. `token`: of a caller who is a client
 * of the pool's own user; absent for all others.
 */
export type PoolCall = {
  readonly user: string;
  readonly restoreEpoch: number;
  readonly token?: CallerToken | undefined;
};

/** Which client a token was issued to and when, in unix seconds; `issuedAt` is undefined if it does not say. */
export type CallerToken = { readonly client: string; readonly issuedAt: number | undefined };

/** An operator or another client of the user ended the caller's client after the token was issued, at `endedAt`. */
export type TokenPredatesRevocation = { readonly outcome: "token_predates_revocation"; readonly endedAt: number };

// ---- registration -------------------------------------------------------------------------------

export type SignatureKey = { readonly scheme: SignatureScheme; readonly publicKey: Uint8Array };

export type RegisterCall = PoolCall & {
  readonly client: string;
  readonly signatureKeys: readonly SignatureKey[];
};

export type Registration = {
  readonly client: string;
  readonly registeredAt: number;
  readonly signatureKeys: readonly SignatureKey[];
};

export type RegisterAnswer =
  | { readonly outcome: "created" | "unchanged" | "extended"; readonly registration: Registration; readonly at: number }
  | { readonly outcome: "signature_key_conflict"; readonly scheme: SignatureScheme }
  | { readonly outcome: "registrations_exhausted"; readonly retryAfterSeconds: number }
  /** Another registered client of the user has the key. */
  | { readonly outcome: "signature_key_in_use"; readonly scheme: SignatureScheme }
  | { readonly outcome: "too_many_clients" }
  | TokenPredatesRevocation;

// ---- inventory ----------------------------------------------------------------------------------

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

// ---- publish ------------------------------------------------------------------------------------

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
  /** Packages of the same request that admission refused: they count against the client's refusal budget. */
  readonly refused: number;
  /**
   * The number of packages that the preflight of this request gave leave to check: their check ends with this call.
   * Without it, the admitted and the refused ones. They are fewer if the Worker withheld admitted packages, as it does for
   * a replace of which one package was refused.
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

// ---- remove, reconcile, revoke -----------------------------------------------------------------

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

export type RevokeUserAnswer = { readonly outcome: "revoked"; readonly clients: number; readonly purged: number };

// ---- journal -----------------------------------------------------------------------------------

export type JournalEntry = {
  readonly sequence: number;
  /** Whose package was claimed, or missed. */
  readonly client: string;
  readonly at: number;
  readonly event: "claimed" | "last_resort" | "missed";
  readonly ciphersuite: number | undefined;
  readonly keyPackageRef: Uint8Array | undefined;
  /** Undefined for one whose name was erased, and for a claim by a capability. */
  readonly claimer: UserClaimer | undefined;
  /** The name of the capability that claimed; undefined for a user. */
  readonly capability: string | undefined;
  /** Only with `missed`: why no package could be given. */
  readonly reason: "exhausted" | "incompatible" | "rate_limited" | undefined;
};

export type JournalAnswer =
  | { readonly outcome: "page"; readonly entries: readonly JournalEntry[]; readonly nextAfter: number | undefined }
  | ClientRefused;

/** The same over all clients of the user, or one of them, those included that are revoked. */
export type UserJournalCall = PoolCall & {
  readonly client: string | undefined;
  readonly after: number | undefined;
  readonly limit: number;
};

export type UserJournalAnswer =
  | {
      readonly outcome: "page";
      readonly entries: readonly JournalEntry[];
      readonly nextAfter: number | undefined;
    }
  | TokenPredatesRevocation;

// ---- claim -------------------------------------------------------------------------------------

export type ClaimCriteria = {
  /** Acceptable ciphersuites, the preferred one first; none for a bundle, so that a pool without bundles gives nothing. */
  readonly ciphersuites: readonly number[];
  /**
   * Groups of acceptable ciphersuites, of which a client gives one package each or none at all. No suite is in two of
   * them. Undefined for an ordinary claim.
   */
  readonly bundle?: readonly (readonly number[])[];
  readonly requiredCapabilities: CapabilityLists;
  readonly excludeClients: readonly string[];
  readonly minRemainingLifetimeSeconds: number;
  readonly allowLastResort: boolean;
};

export type ClaimCall = PoolCall & {
  readonly claimer: Claimer;
  readonly criteria: ClaimCriteria;
  /** `bodyHash`: SHA-256 over the request, by which another request with the same key is recognised. */
  readonly idempotency: { readonly key: string; readonly bodyHash: Uint8Array } | undefined;
};

export type ClaimedPackage = {
  readonly keyPackage: Uint8Array;
  readonly keyPackageRef: Uint8Array;
  readonly ciphersuite: number;
  readonly notAfter: number;
  /** When its client was registered; undefined in a record of a version that did not note it. */
  readonly registeredAt: number | undefined;
};

export type ClientClaim =
  | {
      readonly client: string;
      readonly status: "claimed" | "last_resort";
      /** Of a bundle the one of the first group. */
      readonly package: ClaimedPackage;
      /** Those of a bundle's other groups, in their order. */
      readonly others?: readonly ClaimedPackage[];
    }
  | { readonly client: string; readonly status: "exhausted" | "incompatible" | "excluded" }
  | { readonly client: string; readonly status: "rate_limited"; readonly retryAfterSeconds: number };

/** What a client gave: nothing, one package, or a bundle in the order of its groups. */
export const packagesOf = (claim: ClientClaim): readonly ClaimedPackage[] =>
  "package" in claim ? [claim.package, ...(claim.others ?? [])] : [];

/**
 * `ok`: every client that was not excluded gave a package; `partial`: some did; `none`: none could;
 * `rate_limited`: none did, and a budget kept at least one from it.
 */
export type ClaimStatus = "ok" | "partial" | "none" | "rate_limited";

export type ClaimAnswer =
  | {
      readonly outcome: "answered";
      readonly status: ClaimStatus;
      readonly clients: readonly ClientClaim[];
      readonly replayed: boolean;
      /** When it was made first, in unix seconds. */
      readonly at: number;
      /** Its number in the journal; undefined for one that is not written down, as nothing was given. */
      readonly claimId: number | undefined;
    }
  | { readonly outcome: "unknown_user" }
  | { readonly outcome: "idempotency_key_reused" };

// ---- routes ------------------------------------------------------------------------------------

export type LocateCall = PoolCall & { readonly refs: readonly Uint8Array[] };

/** Whose package a reference names. `notAfter` in unix seconds. */
export type LocatedPackage = { readonly ref: Uint8Array; readonly client: string; readonly notAfter: number };

export type LocateAnswer =
  | { readonly outcome: "located"; readonly packages: readonly LocatedPackage[] }
  | { readonly outcome: "unknown_user" };

// ---- claim capabilities -------------------------------------------------------------------------

export type NewClaimCapability = {
  readonly name: string;
  /** The client that made it, and with whose registration it ends. */
  readonly client: string;
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Uint8Array;
  /** Unix seconds; undefined for never. */
  readonly expiresAt: number | undefined;
  /** Claims that give something; undefined for any number within the budgets. */
  readonly maxClaims: number | undefined;
};

export type ClaimCapability = NewClaimCapability & { readonly createdAt: number; readonly claims: number };

export type CreateCapabilityAnswer =
  | { readonly outcome: "created" | "unchanged"; readonly capability: ClaimCapability }
  /** The name has another secret or other bounds, or the secret another name. */
  | { readonly outcome: "capability_exists" }
  | { readonly outcome: "too_many_capabilities" };

export type CapabilityList = { readonly outcome: "listed"; readonly capabilities: readonly ClaimCapability[] };

export type CapabilityRevoked = { readonly outcome: "revoked"; readonly existed: boolean };

export type CapabilityClaimCall = Omit<ClaimCall, "claimer"> & { readonly secretHash: Uint8Array };

/** No such user, no such capability, and one that is over or used up, are one answer. */
export type CapabilityRefused = { readonly outcome: "capability_refused" };

// ---- operator ----------------------------------------------------------------------------------

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
      /** Undefined if budgets are what the settings say. */
      readonly raised: RaisedBudgets | undefined;
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
