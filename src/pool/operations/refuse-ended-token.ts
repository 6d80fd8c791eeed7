/**
 * Whether the caller's client was ended after its token was issued. Whoever found a lost device holds such tokens: they
 * neither register the client again nor act for one that has been registered again by its owner.
 */
import type { CallerToken, TokenPredatesRevocation } from "../../contract/pool-call.ts";
import { tokensEndedAt } from "../tables/ended-tokens-table.ts";

/** The refusal, or undefined for a token that is as good as before. */
export function refuseEndedToken(
  sql: SqlStorage,
  { client, issuedAt }: CallerToken,
): TokenPredatesRevocation | undefined {
  const endedAt = tokensEndedAt(sql, client);
  if (endedAt === undefined || isIssuedAfter(endedAt, issuedAt)) return undefined;
  return { outcome: "token_predates_revocation", endedAt };
}

/** In whole seconds, as `endedAt` is. A token that does not say when it was issued may be of any time. */
const isIssuedAfter = (endedAt: number, issuedAt: number | undefined): boolean =>
  issuedAt !== undefined && Math.floor(issuedAt) > endedAt;
