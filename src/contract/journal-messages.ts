/** The journal of claims, of one client and of all. */

import type { ClientRefused } from "./inventory-messages.ts";
import type { PoolCall, TokenPredatesRevocation, UserClaimer } from "./pool-call.ts";

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
