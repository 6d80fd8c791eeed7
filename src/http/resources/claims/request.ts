/** What a claim asks for, and the hash by which a repetition of it is known. */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { MAX_IDEMPOTENCY_KEY_CHARACTERS } from "../../../config/limits.ts";
import { readSettings } from "../../../config/settings.ts";
import type { ClaimCall, ClaimCriteria } from "../../../contract/pool-messages.ts";
import type { Bindings } from "../../bindings.ts";
import { accept, type Checked, refuse } from "../../refusals/refusal.ts";
import { acceptedCiphersuites } from "../service/policy.ts";
import type { ClaimRequest } from "./schemas.ts";

/** The criteria with what the request leaves open filled in from the policy. A claimer may ask for more life, not less. */
export function criteriaOf(env: Bindings, request: ClaimRequest): ClaimCriteria {
  const { minRemainingLifetimeSeconds } = readSettings(env);
  return {
    ciphersuites: request.ciphersuites ?? acceptedCiphersuites(env),
    requiredCapabilities: {
      extensions: request.required_capabilities?.extensions ?? [],
      proposals: request.required_capabilities?.proposals ?? [],
      credentials: request.required_capabilities?.credentials ?? [],
    },
    excludeClients: request.exclude_clients ?? [],
    minRemainingLifetimeSeconds: Math.max(request.min_remaining_lifetime_seconds ?? 0, minRemainingLifetimeSeconds),
    allowLastResort: request.allow_last_resort ?? true,
  };
}

/**
 * The idempotency of a call from the header and the request it stands for; undefined without the header. The hash is
 * over the request as it was sent, not over what the policy filled in: a deployment that changes its defaults between
 * two tries does not turn a repetition into another request.
 */
export function idempotencyOf(
  key: string | undefined,
  users: readonly string[],
  request: ClaimRequest,
): Checked<ClaimCall["idempotency"]> {
  if (key === undefined) return accept(undefined);
  if (key.length > MAX_IDEMPOTENCY_KEY_CHARACTERS || !/^[\x21-\x7e]+$/.test(key)) {
    return refuse(
      "invalid_idempotency_key",
      `expected 1 to ${MAX_IDEMPOTENCY_KEY_CHARACTERS} visible ASCII characters`,
    );
  }
  return accept({ key, bodyHash: sha256(utf8ToBytes(canonical(users, request))) });
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
  ]);
}
