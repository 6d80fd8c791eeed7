/** Who a verified token speaks for, and what it may do. */
import type { Scope } from "../../config/scopes.ts";

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
