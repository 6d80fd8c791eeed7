/**
 * Why a request was not let in, by a kind that never changes. Callers see the problem code, which several kinds share;
 * the log and the data points have the kind, so that an operator can tell forgers from a lost key.
 */
import type { ProblemCode } from "../refusals/problem-codes.ts";
import type { Refusal } from "../refusals/refusal.ts";

const CODE_OF = {
  not_configured: "authentication_not_configured",
  missing: "token_missing",
  too_long: "token_invalid",
  malformed: "token_invalid",
  algorithm_not_allowed: "token_invalid",
  unknown_issuer: "wrong_issuer",
  unknown_key: "token_invalid",
  ambiguous_key: "token_invalid",
  bad_signature: "token_invalid",
  wrong_type: "token_invalid",
  wrong_audience: "wrong_audience",
  expired: "token_expired",
  not_yet_valid: "token_invalid",
  bad_claim: "token_invalid",
  no_client: "token_invalid",
  insufficient_scope: "insufficient_scope",
  blocked: "caller_blocked",
  unusable_key: "authentication_unavailable",
  keys_unavailable: "authentication_unavailable",
} as const satisfies Readonly<Record<string, ProblemCode>>;

export type FailureKind = keyof typeof CODE_OF;

export type AuthenticationFailure = Refusal & { readonly kind: FailureKind };

/** A failure as the error of a Result. `detail` never repeats anything of the token but a claim's name. */
export function failure(kind: FailureKind, detail: string, more: Pick<Refusal, "retryAfterSeconds"> = {}) {
  const error: AuthenticationFailure = { kind, code: CODE_OF[kind], detail, ...more };
  return { ok: false, error } as const;
}

/** The detail while no issuer is configured: `fault` names the setting. */
export const notConfigured = (fault: string): string => `expected settings of a token issuer, got none: ${fault}`;
