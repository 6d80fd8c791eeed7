/**
 * What crosses the boundary between the Worker and the object that keeps what operators did. Plain data; times are unix
 * seconds. Users are named by the id of their pool's object in hex, so that no name is kept there for good.
 */
import type { Counted } from "../shared/heavy-hitters.ts";

/** Written before a change is made. */
export type AuditEntry = {
  readonly at: number;
  /** The operator, as its token says. */
  readonly actor: { readonly user: string; readonly client: string | undefined };
  /** Id of the operation, such as `revokeUser`. */
  readonly operation: string;
  /** The pool that it is about; undefined for what is about none or all. */
  readonly target: string | undefined;
  readonly why: string;
  readonly requestId: string;
};

/** Written after it. */
export type AuditOutcome = {
  readonly at: number;
  /** HTTP status. */
  readonly status: number;
  /** Of the problem, if there was one. */
  readonly code: string | undefined;
  /** What it came to: counts, and times in unix seconds. */
  readonly outcomes: Readonly<Record<string, number>>;
};

/** `outcome` is undefined for a change that is under way, or of which nobody knows how it ended. */
export type AuditRecord = AuditEntry & { readonly id: number; readonly outcome: AuditOutcome | undefined };

export type AuditQuery = {
  /** Records older than this one; undefined for the newest. */
  readonly before: number | undefined;
  readonly limit: number;
  readonly target: string | undefined;
};

/** Keys of the issuer that were fetched before `sinceMs`, in unix milliseconds, are not believed any more. */
export type IssuerKeyMark = { readonly issuer: string; readonly sinceMs: number };

/** The lists of who did most; names are ids of pools, those of refusals a problem's code, a blank and such an id. */
export const ACTIVITY_LISTS = ["claimers", "targets", "refusals"] as const;
export type Activity = Readonly<Record<(typeof ACTIVITY_LISTS)[number], Counted>>;

export type ActivitySpan = "hour" | "day";

/** What every isolate goes by. */
export type StandingOrders = {
  /** All of them, those included that are over: whoever reads compares with its own clock. */
  readonly blocked: readonly BlockedCaller[];
  readonly keyMarks: readonly IssuerKeyMark[];
};

/** A user whose tokens open nothing but operators' routes. */
export type BlockedCaller = {
  readonly pool: string;
  readonly since: number;
  /** Undefined for until it is lifted. */
  readonly until: number | undefined;
  readonly why: string;
};
