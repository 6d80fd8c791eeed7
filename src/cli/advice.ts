/** What to do about a refusal, by the code of its problem. The directory says what is wrong; this says what helps here. */

const NEW_TOKEN = "Get a new token from the issuer; on a local directory, leave out --token-file and KPD_TOKEN.";
const TRY_LATER = "Try again in a moment. If it goes on, tell the operator the request's id.";
const OPERATOR = "Only the operator of the directory can fix this: tell them what it says.";
const WAIT = "Wait as long as it says.";
const SMALLER = "Give less at once.";
const REPORT =
  "This is a fault of kpd or of what it was given: check the arguments, else report it with the request's id.";

export const ADVICE: Readonly<Record<string, string>> = {
  empty_body: REPORT,
  invalid_json: REPORT,
  invalid_request: REPORT,
  invalid_identifier:
    "Users and clients are 1 to 256 bytes of UTF-8 without control characters, and neither . nor .. .",
  invalid_base64: REPORT,
  malformed_messages: "kpd validate says which package is broken.",
  invalid_idempotency_key: "--idempotency-key takes 1 to 128 visible ASCII characters.",
  idempotency_key_missing: "Give --idempotency-key.",
  routes_not_kept: OPERATOR,
  reason_missing: "Say why with --reason.",
  caller_blocked: "An operator has blocked this user: ask them.",
  too_many_blocked_callers: "Lift blocks that are no longer needed: kpd admin blocked lists them.",
  operator_records_unavailable: TRY_LATER,
  token_missing: "Give --token-file, or set KPD_TOKEN.",
  token_invalid: NEW_TOKEN,
  token_expired: NEW_TOKEN,
  wrong_issuer: NEW_TOKEN,
  wrong_audience: NEW_TOKEN,
  insufficient_scope: "Get a token with the scope that is named above.",
  not_owner: "--user and --client must be those of the token.",
  route_not_found:
    "Check --url: it is the directory's address without a path, and the directory may be of another version.",
  unknown_user:
    "Check the name; users are compared byte for byte. A user exists once a client of theirs is registered.",
  capability_refused: "Check the secret and the user; the owner may have revoked it, or it is used up.",
  capability_exists: "Revoke the capability first: kpd capability revoke.",
  too_many_capabilities: "Revoke capabilities that are not in use: kpd capability list shows them.",
  capability_refusals_exhausted: WAIT,
  not_offered: "The operator of the directory can set it up; else leave out what asks for it.",
  unknown_pool: "Pool ids come from the list of pools of this deployment.",
  client_not_registered: "Register the client first: kpd register.",
  method_not_allowed: "Check --url, and that the directory is of the same version as kpd.",
  body_incomplete: TRY_LATER,
  body_timeout: TRY_LATER,
  signature_key_conflict:
    "The client is registered with another key. Use the key file that it was registered with, or end the registration first: kpd revoke.",
  restore_epoch_older: "Declare a later one, or leave it: the newer one is in force.",
  signature_key_in_use: "Another client of the user has this key: make a new key file with kpd generate.",
  possession_unproven: "Use the key file that the public key belongs to, and a token of this directory.",
  proof_expired: "Set the clock of this machine: the directory's time is named above.",
  token_predates_revocation: "The client was ended. Get a new token from the issuer, or register another client.",
  body_too_large: SMALLER,
  uri_too_long: "Use shorter identifiers.",
  unsupported_media_type: REPORT,
  too_many_key_packages: SMALLER,
  too_many_values: SMALLER,
  too_many_refs: SMALLER,
  too_many_users: SMALLER,
  too_many_clients: "Revoke a client of the user that is no longer in use: kpd revoke.",
  invalid_signature_key: "Make a new key file: kpd generate.",
  invalid_key_package: "kpd inspect says what is wrong with the package.",
  batch_refused: "Nothing was changed. Leave out the packages that were refused, and try again.",
  empty_replacement: "Give packages: kpd does not replace a stock by nothing.",
  idempotency_key_reused: "Use a new --idempotency-key, or leave it out.",
  rate_limited:
    "Wait as long as it says. Claims of one package by many callers are bounded, so that none drains a client.",
  too_many_requests: WAIT,
  registrations_exhausted: WAIT,
  uploads_exhausted: WAIT,
  unknown_users_exhausted:
    "Check the names: too many were asked for that are not in the directory. Else wait as long as it says.",
  refusals_exhausted: "Wait as long as it says, and run kpd validate on the packages meanwhile.",
  internal_error: TRY_LATER,
  authentication_not_configured: OPERATOR,
  authentication_unavailable: TRY_LATER,
  setting_invalid: OPERATOR,
  pool_unavailable: TRY_LATER,
  pool_overloaded: TRY_LATER,
  pool_schema_newer: OPERATOR,
  directory_unavailable: TRY_LATER,
  not_ready: OPERATOR,
};
