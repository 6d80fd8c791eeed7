/** What to do about a refusal, for whoever calls the API: `kpd` has words of its own, which name its options. */
import type { ProblemCode } from "../../../src/http/refusals/problem-codes.ts";

const DETAIL = "`detail` says what was expected and what came.";
const FIX = `Fix the request: ${DETAIL}`;
const NEW_TOKEN = `Get a new token from the issuer. ${DETAIL}`;
const TRY_LATER =
  "Try again in a moment, after `Retry-After` if there is one. If it goes on, tell the operator `instance`.";
const OPERATOR = "Only the operator of the directory can fix this: tell them `detail` and `instance`.";
const WAIT = "Wait for as many seconds as `Retry-After` says.";
const SMALLER = "Send less in one request: `detail` says how much may be sent.";

/** Text in which a pair of backticks marks code. */
export const PROBLEM_ADVICE: Readonly<Record<ProblemCode, string>> = {
  empty_body: "Send a body as the API reference describes it.",
  invalid_json: FIX,
  invalid_request: "Fix the members that `errors` points to.",
  invalid_identifier:
    "Users and clients are 1 to 256 bytes of UTF-8 without control characters, percent-encoded in a path, and not `.` or `..`.",
  invalid_base64: "Encode it in base64url (`-` and `_`) and without padding (`=`).",
  malformed_messages: `Send MLSMessages one after the other and nothing else. ${DETAIL}`,
  invalid_idempotency_key: "A key is 1 to 128 visible ASCII characters, such as a UUID.",
  idempotency_key_missing: "Send the header `Idempotency-Key` with a fresh key, such as a UUID.",
  routes_not_kept: "Claim without `route`. The operator can turn routes on: `WELCOME_ROUTES`.",
  reason_missing:
    "Send the header `Operator-Reason` with 1 to 500 characters, those beyond ASCII and `%` percent-encoded.",
  token_missing: "Send `Authorization: Bearer …` with a token of the issuer.",
  token_invalid: NEW_TOKEN,
  token_expired: "Get a new token from the issuer. If it is new, a clock is wrong: the issuer's or the directory's.",
  wrong_issuer: `Use a token of the issuer that the directory is set up for. ${DETAIL}`,
  wrong_audience: `Have the token issued for this directory. ${DETAIL}`,
  capability_refused: "Check the secret and the user. The owner may have revoked it, or it has expired or is used up.",
  insufficient_scope: "Get a token with the scope that `detail` names.",
  caller_blocked: "An operator has blocked this user: ask them.",
  not_owner: "Use the user and the client of the token in the path, or the token of that client.",
  token_predates_revocation: "Get a new token from the issuer, and register the client again.",
  route_not_found: "Check method and path against the API reference. The directory may be of another version.",
  unknown_user: "Check the name: it is compared byte for byte. A user exists once a client of theirs is registered.",
  unknown_pool: "Take ids from the list of pools of this deployment.",
  client_not_registered: "Register the client first.",
  method_not_allowed: "Use one of the methods that the header `Allow` names.",
  body_incomplete: "Send it again.",
  body_timeout: "Send it again, or send less at once.",
  signature_key_conflict: "Register with the key that is registered. To change it, end the registration first.",
  signature_key_in_use: "Make a key for this client alone, or revoke the other client.",
  capability_exists: "Revoke the capability first, or take another name and another secret.",
  restore_epoch_older: "Declare a later one, or leave it: the newer one is in force.",
  body_too_large: SMALLER,
  uri_too_long: "Use shorter identifiers, or fewer parameters.",
  unsupported_media_type: "Send the `Content-Type` that the API reference names.",
  too_many_values: SMALLER,
  too_many_key_packages: SMALLER,
  too_many_refs: SMALLER,
  too_many_users: SMALLER,
  too_many_blocked_callers: "Lift blocks that are no longer needed.",
  too_many_capabilities: "Revoke capabilities that are not in use.",
  too_many_clients: "Revoke a client of the user that is no longer in use.",
  invalid_signature_key: `Send the public key as its scheme encodes it. ${DETAIL}`,
  invalid_key_package: "The inspector shows what is wrong with the package, and where.",
  possession_unproven: "Sign with the private half of the key that is registered, for this directory's audience.",
  proof_expired: "Set the device's clock, or sign for the time in `server_time`, and register again.",
  batch_refused: "Leave out the packages that were refused, and send the others again.",
  empty_replacement: "Send packages. If the stock is to be empty: `?allow_empty=true`.",
  not_offered: "Leave out what asks for it. The operator can set it up.",
  idempotency_key_reused: "Use a new key for a new request, and the same request with the same key.",
  too_many_requests: WAIT,
  rate_limited: `${WAIT} Claims are bounded so that nobody drains a client.`,
  unknown_users_exhausted: `Check the names: too many were asked for that are not in the directory. ${WAIT}`,
  capability_refusals_exhausted: `Check the secret: too many claims were refused. ${WAIT}`,
  refusals_exhausted: `Look into the packages that were refused with the inspector. ${WAIT}`,
  uploads_exhausted: WAIT,
  registrations_exhausted: WAIT,
  internal_error: TRY_LATER,
  authentication_not_configured: OPERATOR,
  authentication_unavailable: TRY_LATER,
  setting_invalid: OPERATOR,
  not_ready: OPERATOR,
  pool_unavailable: TRY_LATER,
  pool_schema_newer: OPERATOR,
  pool_overloaded: TRY_LATER,
  operator_records_unavailable: TRY_LATER,
  directory_unavailable: TRY_LATER,
};
