/** What happened, as the callers saw it. One line of JSON for each operation, written when its caller knows the end. */

/** A package as its owner made it. References are in base64url. */
export type OfferedPackage = { readonly ref: string; readonly lastResort: boolean; readonly notAfter: number };

export type ClaimedBy = {
  readonly client: string;
  readonly status: string;
  readonly ref?: string;
  readonly bytesRef?: string;
};

export type UserAnswer = { readonly user: string; readonly status: string; readonly clients: readonly ClaimedBy[] };

/** Times are unix milliseconds of one machine: from the first byte of the first try to the last of the last. */
type Span = {
  /** Unique within a history. */
  readonly id: string;
  readonly sentMs: number;
  readonly endedMs: number;
  /** HTTP status of the answer; undefined if none ever came: then nobody knows whether it took effect. */
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
  /** Empty without an answer. */
  readonly users: readonly UserAnswer[];
};

export type RestoreEpoch = Span & { readonly kind: "restore_epoch"; readonly epoch: number | undefined };

/** Everything that changes nothing: kept for its status. */
export type Read = Span & { readonly kind: "read"; readonly route: string };

export type Operation = Publish | Remove | Revoke | Claim | RestoreEpoch | Read;

/** What the directory says of one client after all callers have ended and the outbox has run. */
export type FinalClient = {
  readonly user: string;
  readonly client: string;
  readonly liveRefs: readonly string[];
  readonly available: number;
  readonly lastResort: boolean;
  /** Refs in the journal, claimed one-time ones only, with the second of the claim. */
  readonly journal: readonly { readonly ref: string; readonly at: number }[];
  /** The row of D1. */
  readonly directory: { readonly available: number; readonly lastResort: boolean } | undefined;
};

export type History = {
  readonly operations: readonly Operation[];
  readonly final: { readonly atMs: number; readonly clients: readonly FinalClient[] };
};

export type Violation = { readonly rule: string; readonly what: string };
