/** Who a verified token speaks for, and what it may do. */
import type { Access } from "../operation.ts";

/** One scope for each role; none implies another. */
export const SCOPE_OF = {
  anyone: undefined,
  publisher: "key-packages:publish",
  sibling: "clients:revoke",
  self: "users:data",
  claimer: "key-packages:claim",
  operator: "directory:admin",
} as const satisfies Readonly<Record<Access, string | undefined>>;

export type Scope = NonNullable<(typeof SCOPE_OF)[Access]>;

export const SCOPES: readonly Scope[] = Object.values(SCOPE_OF).filter((scope) => scope !== undefined);

export type Principal = {
  readonly user: string;
  /** Undefined in a token without the client's claim: good for an operator, not for publishers and claimers. */
  readonly client: string | undefined;
  /** Those that this service knows. */
  readonly scopes: ReadonlySet<Scope>;
  /** When the token was issued (`iat`), in unix seconds, if it says so. */
  readonly issuedAt: number | undefined;
};

/** The principal's client. Only tokens of operators have none, and `authenticate` keeps those from other routes. */
export function clientOf(principal: Principal): string {
  if (principal.client === undefined) throw new TypeError("expected a token with a client");
  return principal.client;
}
