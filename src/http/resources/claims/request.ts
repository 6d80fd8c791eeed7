/** What a claim asks for, and the hash by which a repetition of it is known. */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Deployment } from "../../../config/deployment.ts";
import type { ClaimCall, ClaimCriteria } from "../../../contract/claim-messages.ts";
import type { ClaimRequest } from "./claim-schemas.ts";

/** The criteria with what the request leaves open filled in from the policy. A claimer may ask for more life, not less. */
export function criteriaOf({ ciphersuites, settings }: Deployment, request: ClaimRequest): ClaimCriteria {
  return {
    ...(request.bundle
      ? { ciphersuites: [], bundle: request.bundle }
      : { ciphersuites: request.ciphersuites ?? ciphersuites.map(({ ciphersuite }) => ciphersuite) }),
    requiredCapabilities: {
      extensions: request.required_capabilities?.extensions ?? [],
      proposals: request.required_capabilities?.proposals ?? [],
      credentials: request.required_capabilities?.credentials ?? [],
    },
    excludeClients: request.exclude_clients ?? [],
    minRemainingLifetimeSeconds: Math.max(
      request.min_remaining_lifetime_seconds ?? 0,
      settings.minRemainingLifetimeSeconds,
    ),
    allowLastResort: request.allow_last_resort ?? true,
  };
}

/**
 * The idempotency of a call from its key and the request that the key names; undefined without a key. The hash is
 * over the request as it was sent, not over what the policy filled in: a deployment that changes its defaults between
 * two tries does not turn a repetition into another request.
 */
export function idempotencyOf(
  key: string | undefined,
  users: readonly string[],
  request: ClaimRequest,
): ClaimCall["idempotency"] {
  return key === undefined ? undefined : { key, bodyHash: sha256(utf8ToBytes(canonical(users, request))) };
}

/** One text for every way to write the same request in JSON. */
function canonical(users: readonly string[], request: ClaimRequest): string {
  const required = request.required_capabilities;
  return JSON.stringify([
    users,
    request.ciphersuites ?? null,
    [required?.extensions ?? [], required?.proposals ?? [], required?.credentials ?? []],
    request.exclude_clients ?? [],
    request.min_remaining_lifetime_seconds ?? null,
    request.allow_last_resort ?? true,
    ...(request.format === "mls_message" ? [request.format] : []),
    ...(request.route ? ["route"] : []),
    ...(request.bundle ? [{ bundle: request.bundle }] : []),
  ]);
}
