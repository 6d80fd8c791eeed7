/** Which problems an operation may answer. */

import { isAudited } from "../operation.ts";
import type { ProblemCode } from "../refusals/problem-codes.ts";
import type { DescribedOperation } from "./described-operations.ts";

const AUTHENTICATION: readonly ProblemCode[] = [
  "token_missing",
  "token_invalid",
  "token_expired",
  "wrong_issuer",
  "wrong_audience",
  "insufficient_scope",
  "authentication_not_configured",
  "authentication_unavailable",
  "too_many_requests",
];

const BODY: readonly ProblemCode[] = [
  "empty_body",
  "invalid_json",
  "invalid_request",
  "too_many_values",
  "body_incomplete",
  "body_timeout",
  "body_too_large",
  "unsupported_media_type",
];

const ANY: readonly ProblemCode[] = ["uri_too_long", "internal_error", "setting_invalid"];

/** All codes of an operation, each once. */
export function problemsOf(operation: DescribedOperation): readonly ProblemCode[] {
  const codes: ProblemCode[] = [...operation.problems, ...ANY];
  if (operation.access !== "anyone") codes.push(...AUTHENTICATION);
  if (["publisher", "sibling", "self"].includes(operation.access)) codes.push("not_owner", "token_predates_revocation");
  if (!["anyone", "operator"].includes(operation.access)) codes.push("caller_blocked");
  if (isAudited(operation)) codes.push("reason_missing", "operator_records_unavailable");
  if (operation.path.includes("{user}")) codes.push("invalid_identifier");
  if (operation.body) codes.push(...BODY);
  if (operation.takesIdempotencyKey) codes.push("invalid_idempotency_key");
  if (operation.query) codes.push("invalid_request");
  if (operation.needs === "pool") codes.push("pool_unavailable", "pool_overloaded", "pool_schema_newer");
  if (operation.needs === "records") codes.push("operator_records_unavailable");
  if (operation.needs === "directory") codes.push("directory_unavailable");
  return [...new Set(codes)];
}
