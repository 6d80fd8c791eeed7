/** What happened, as the callers saw it. One line of JSON for each operation, written when its caller knows the end. */

/** A package as its owner made it. References are in base64url. */
export type OfferedPackage = {
  readonly ref: string;
  readonly lastResort: boolean;
  readonly notAfter: number;
  readonly ciphersuite: number;
  /** Extension types that its capabilities list beyond those that every package has. */
  readonly extensions: readonly number[];
};

/** What a claim asked for: a repetition under its key asks for the same. */
export type Criteria = {
  /**
   * Of each group of ciphersuites one package is wanted, the preferred one first. An ordinary claim has one group, a
   * bundle several: a client gives one of each, or none.
   */
  readonly groups: readonly (readonly number[])[];
  /** Extension types that a package must list. */
  readonly extensions: readonly number[];
  readonly allowLastResort: boolean;
  readonly excludeClients: readonly string[];
};

export type GivenPackage = {
  readonly ref: string;
  /** The reference of the bytes that came with it. */
  readonly bytesRef: string;
  readonly ciphersuite: number;
  readonly notAfter: number;
  /** The receipt that came with it, and the reference that the receipt names. */
  readonly receipt: { readonly text: string; readonly ref: string } | undefined;
};

export type ClaimedBy = {
  readonly client: string;
  readonly status: string;
  /** In the order of the groups that were asked for; empty for a client that gave nothing. */
  readonly packages: readonly GivenPackage[];
};

export type UserAnswer = { readonly user: string; readonly status: string; readonly clients: readonly ClaimedBy[] };

/** Times are unix milliseconds of one machine: from the first byte of the first try to the last of the last. */
type Span = {
  /** Unique within a history. */
  readonly id: string;
  readonly sentMs: number;
  readonly endedMs: number;
  /** HTTP status of the answer; undefined if none ever came: then it is unknown whether it took effect. */
  readonly status: number | undefined;
  readonly tries: number;
};

export type Publish = Span & {
  readonly kind: "publish";
  readonly mode: "add" | "replace";
  readonly user: string;
  readonly client: string;
  readonly packages: readonly OfferedPackage[];
  /** One for each package, in order; empty without an answer. */
  readonly codes: readonly string[];
};

/** Packages of one client, offered once more as those of another client of the user, which has the same signature key. */
export type Resend = Span & {
  readonly kind: "resend";
  readonly user: string;
  /** Who offers them now. */
  readonly client: string;
  /** All of them had been stored for another client before. */
  readonly packages: readonly OfferedPackage[];
  /** One for each package, in order; empty without an answer. */
  readonly codes: readonly string[];
};

export type Remove = Span & {
  readonly kind: "remove";
  readonly user: string;
  readonly client: string;
  readonly refs: readonly string[] | "all";
};

/** Ends a registration, which takes every package of the client with it. */
export type Revoke = Span & { readonly kind: "revoke"; readonly user: string; readonly client: string };

/** The owner makes a claim capability, under a name that it never uses again. */
export type MakeCapability = Span & {
  readonly kind: "make_capability";
  readonly user: string;
  readonly client: string;
  readonly name: string;
  readonly maxClaims: number;
  /** Unix seconds. */
  readonly expiresAt: number;
};

export type EndCapability = Span & {
  readonly kind: "end_capability";
  readonly user: string;
  readonly client: string;
  readonly name: string;
};

export type Claim = Span & {
  readonly kind: "claim";
  /** Whose token it came with, or which capability. */
  readonly caller: string;
  /** The name of the capability, which is one of the user who was asked; undefined with a token. */
  readonly capability: string | undefined;
  /** Whether it asked for routes. */
  readonly routed: boolean;
  readonly idempotencyKey: string | undefined;
  readonly criteria: Criteria;
  readonly asked: readonly string[];
  /** Empty without an answer. */
  readonly users: readonly UserAnswer[];
};

export type RestoreEpoch = Span & { readonly kind: "restore_epoch"; readonly epoch: number | undefined };

/** A delivery service asks whose packages these are. */
export type FindRoutes = Span & {
  readonly kind: "find_routes";
  readonly refs: readonly string[];
  readonly found: readonly Route[];
};

export type Route = {
  readonly ref: string;
  readonly user: string;
  readonly client: string;
  readonly notAfter: number;
};

/** Everything that changes nothing: kept for its status. */
export type Read = Span & { readonly kind: "read"; readonly route: string };

export type Operation =
  | Publish
  | Resend
  | Remove
  | Revoke
  | MakeCapability
  | EndCapability
  | Claim
  | FindRoutes
  | RestoreEpoch
  | Read;

export type JournaledPackage = {
  readonly ref: string;
  readonly ciphersuite: number;
  readonly at: number;
  /** Entries of one claim have one number. */
  readonly sequence: number;
  /** The caller of the claim: who it came from, or the capability of the user. */
  readonly caller: string;
};

export type SuiteStock = { readonly ciphersuite: number; readonly available: number; readonly lastResort: boolean };

/** What the directory says of one client after all callers have ended and the outbox has run. */
export type FinalClient = {
  readonly user: string;
  readonly client: string;
  readonly liveRefs: readonly string[];
  /** Its inventory: one for each ciphersuite that it ever stocked. */
  readonly stock: readonly SuiteStock[];
  /** Packages in the journal, with the second of their claim; misses are left out. */
  readonly journal: readonly JournaledPackage[];
  /** Its rows in D1; undefined if it has none, which not even a client that never stocked anything should have. */
  readonly directory: readonly SuiteStock[] | undefined;
};

export type History = {
  readonly operations: readonly Operation[];
  readonly final: { readonly atMs: number; readonly clients: readonly FinalClient[] };
};

/** The caller of a claim by capability: as a user has many, and others have some of the same name. */
export const callerOf = (user: string, capability: string): string => `capability ${capability} of ${user}`;

export type Violation = { readonly rule: string; readonly what: string };
