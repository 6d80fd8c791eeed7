/** Who a verified token speaks for, and what it may do. */
import type { Access } from "../operation.ts";

/** One scope for each role; none implies another. */
export const SCOPE_OF = {
  anyone: undefined,
  publisher: "key-packages:publish",
  sibling: "clients:revoke",
  claimer: "key-packages:claim",
  operator: "directory:admin",
} as const satisfies Readonly<Record<Access, string | undefined>>;

export type Scope = NonNullable<(typeof SCOPE_OF)[Access]>;

export type Principal = {
  readonly user: string;
  /** Undefined in a token without the client's claim: good for an operator, not for publishers and claimers. */
  readonly client: string | undefined;
  readonly scopes: ReadonlySet<string>;
  /** `iat`, in unix seconds, if the token has one. */
  readonly issuedAt: number | undefined;
};
