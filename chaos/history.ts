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
  /** The preferred one first. */
  readonly ciphersuites: readonly number[];
  /** Extension types that a package must list. */
  readonly extensions: readonly number[];
  readonly allowLastResort: boolean;
  readonly excludeClients: readonly string[];
};

export type ClaimedBy = {
  readonly client: string;
  readonly status: string;
  readonly ref?: string;
  /** The reference of the bytes that came with it. */
  readonly bytesRef?: string;
  readonly ciphersuite?: number;
  readonly notAfter?: number;
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

export type Claim = Span & {
  readonly kind: "claim";
  readonly caller: string;
  readonly idempotencyKey: string | undefined;
  readonly criteria: Criteria;
  readonly asked: readonly string[];
  /** Empty without an answer. */
  readonly users: readonly UserAnswer[];
};

export type RestoreEpoch = Span & { readonly kind: "restore_epoch"; readonly epoch: number | undefined };

/** Everything that changes nothing: kept for its status. */
export type Read = Span & { readonly kind: "read"; readonly route: string };

export type Operation = Publish | Resend | Remove | Revoke | Claim | RestoreEpoch | Read;

export type SuiteStock = { readonly ciphersuite: number; readonly available: number; readonly lastResort: boolean };

/** What the directory says of one client after all callers have ended and the outbox has run. */
export type FinalClient = {
  readonly user: string;
  readonly client: string;
  readonly liveRefs: readonly string[];
  /** Its inventory: one for each ciphersuite that it ever stocked. */
  readonly stock: readonly SuiteStock[];
  /** Refs in the journal, claimed one-time ones only, with the second of the claim. */
  readonly journal: readonly { readonly ref: string; readonly at: number }[];
  /** Its rows in D1; undefined if it has none, which not even a client that never stocked anything should have. */
  readonly directory: readonly SuiteStock[] | undefined;
};

export type History = {
  readonly operations: readonly Operation[];
  readonly final: { readonly atMs: number; readonly clients: readonly FinalClient[] };
};

export type Violation = { readonly rule: string; readonly what: string };
