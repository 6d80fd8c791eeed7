/** Every refusal, by a code that never changes. Plain data: the description of the API is made from it. */

type ProblemKind = { readonly status: ProblemStatus; readonly title: string };
type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 414 | 415 | 422 | 429 | 500 | 503;

const refused = (status: ProblemStatus, title: string): ProblemKind => ({ status, title });

/** Every code with its status and title. A code that is not here cannot be answered: it does not compile. */
export const PROBLEMS = {
  empty_body: refused(400, "The request has no body"),
  invalid_json: refused(400, "The body is not valid JSON in UTF-8"),
  invalid_request: refused(400, "The request does not match the schema of this route"),
  invalid_identifier: refused(400, "A user or client identifier is not valid"),
  invalid_base64: refused(400, "A value is not base64url without padding"),
  malformed_messages: refused(400, "The body is not a sequence of MLSMessages"),
  invalid_idempotency_key: refused(400, "The Idempotency-Key is not valid"),
  reason_missing: refused(400, "A change by an operator needs a reason"),
  token_missing: refused(401, "A bearer token is required"),
  token_invalid: refused(401, "The token is not valid"),
  token_expired: refused(401, "The token has expired"),
  wrong_issuer: refused(401, "The token was issued by another issuer"),
  wrong_audience: refused(401, "The token is meant for another audience"),
  capability_refused: refused(401, "The capability gives no claim"),
  insufficient_scope: refused(403, "The token lacks the scope of this route"),
  caller_blocked: refused(403, "The user was blocked by an operator"),
  not_owner: refused(403, "The token belongs to another user or client"),
  token_predates_revocation: refused(403, "The client was ended after the token was issued; get a new token"),
  route_not_found: refused(404, "No such route"),
  unknown_user: refused(404, "The user is not in the directory"),
  unknown_pool: refused(404, "No pool of this directory can have that id"),
  client_not_registered: refused(404, "The client is not registered"),
  method_not_allowed: refused(405, "The method is not allowed for this route"),
  body_incomplete: refused(400, "The body ended before it was complete"),
  body_timeout: refused(408, "The body did not arrive in time"),
  signature_key_conflict: refused(409, "A different signature key is registered for this scheme"),
  signature_key_in_use: refused(409, "Another client of the user is registered with this signature key"),
  capability_exists: refused(409, "The user has a claim capability with this name or this secret"),
  restore_epoch_older: refused(409, "A newer restore epoch is in force"),
  body_too_large: refused(413, "The body is too large"),
  uri_too_long: refused(414, "The URL is too long"),
  unsupported_media_type: refused(415, "The media type is not supported by this route"),
  too_many_values: refused(422, "The body has too many values"),
  too_many_key_packages: refused(422, "Too many packages in one request"),
  too_many_refs: refused(422, "Too many references in one request"),
  too_many_users: refused(422, "Too many users in one request"),
  too_many_blocked_callers: refused(422, "Too many users are blocked"),
  too_many_capabilities: refused(422, "The user has too many claim capabilities"),
  too_many_clients: refused(422, "The user has too many clients"),
  invalid_signature_key: refused(422, "A signature key is not a valid public key of its scheme"),
  invalid_key_package: refused(422, "A KeyPackage that a signature key was to be read from is not one"),
  possession_unproven: refused(422, "A signature key's proof of possession does not hold"),
  proof_expired: refused(422, "The proofs of possession are not of this time"),
  batch_refused: refused(422, "A package of the replacement was refused; nothing was changed"),
  empty_replacement: refused(422, "Replacing the stock with an empty list requires ?allow_empty=true"),
  not_offered: refused(422, "The deployment is not set up for what the request asks for"),
  idempotency_key_reused: refused(422, "The Idempotency-Key was already used for a different request"),
  too_many_requests: refused(429, "Too many requests; retry later"),
  rate_limited: refused(429, "Claim budget exhausted; retry later"),
  unknown_users_exhausted: refused(429, "Too many claims for users who are not in the directory; retry later"),
  capability_refusals_exhausted: refused(429, "Too many claims with capabilities that give none; retry later"),
  refusals_exhausted: refused(429, "Too many rejected packages; retry later"),
  uploads_exhausted: refused(429, "Too many packages uploaded; retry later"),
  registrations_exhausted: refused(429, "Too many registrations of the user; retry later"),
  internal_error: refused(500, "Internal error"),
  authentication_not_configured: refused(503, "Authentication is not configured"),
  authentication_unavailable: refused(503, "The keys of the token's issuer cannot be fetched"),
  setting_invalid: refused(503, "A setting of the deployment cannot be read"),
  not_ready: refused(503, "A part of the deployment is not ready"),
  pool_unavailable: refused(503, "The user's pool did not answer"),
  pool_schema_newer: refused(503, "The user's pool was written by a newer version of the directory"),
  pool_overloaded: refused(503, "The user's pool is overloaded"),
  operator_records_unavailable: refused(503, "The record of operators' changes did not answer"),
  directory_unavailable: refused(503, "The directory's database did not answer"),
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The `type` of a code: where this deployment explains it. Programs look at the code, which is the same everywhere. */
export const problemType = (origin: string, code: ProblemCode): string => `${origin}/docs#${code}`;
