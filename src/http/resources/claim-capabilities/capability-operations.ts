/** Claim capabilities: an owner lets others claim who need no token, and of whom it learns no name. */
import type { Context } from "hono";
import { MAX_CLAIM_CAPABILITIES } from "../../../config/limits.ts";
import { fromBase64Url } from "../../../shared/base64url.ts";
import { unixSeconds } from "../../../shared/time.ts";
import type { AppEnv } from "../../bindings.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { ownPool } from "../../upstream/own-pool.ts";
import { capabilityBody } from "../../wire/bodies.ts";
import { capabilityAnswer, capabilityList, capabilityRequest, capabilityRevoked } from "./capability-schemas.ts";

const COLLECTION = "/v1/users/{user}/clients/{client}/claim-capabilities";

const HASH_BYTES = 32;

export const claimCapabilities = [
  operation({
    id: "createClaimCapability",
    method: "PUT",
    path: `${COLLECTION}/{capability}`,
    access: "publisher",
    body: { json: capabilityRequest },
    needs: "pool",
    handle: async ({ user, client, capability: name, body }, c) => {
      const offered = isOffered(c);
      if (!offered.ok) return offered;
      const secretHash = fromBase64Url(body.secret_sha256);
      if (secretHash?.length !== HASH_BYTES) {
        return refuse("invalid_base64", `secret_sha256: expected ${HASH_BYTES} bytes in base64url, got something else`);
      }
      const { expires_at: expiresAt, max_claims: maxClaims } = body;
      const now = unixSeconds(Date.now());
      if (expiresAt !== undefined && expiresAt <= now) {
        return refuse("invalid_request", `expires_at: expected a time later than ${now}, got ${expiresAt}`);
      }
      const made = await ownPool(c, user).createCapability({ client, name, secretHash, expiresAt, maxClaims });
      if (!made.ok) return made;
      return ok(c.json(capabilityBody(made.value.capability), made.value.outcome === "created" ? 201 : 200));
    },
  }),
  operation({
    id: "listClaimCapabilities",
    method: "GET",
    path: COLLECTION,
    access: "publisher",
    needs: "pool",
    // Also where the deployment takes none any more: what is kept of a user can always be seen and taken back.
    handle: async ({ user, client }, c) => {
      const listed = await ownPool(c, user).listCapabilities({ client });
      return listed.ok ? ok(c.json({ capabilities: listed.value.capabilities.map(capabilityBody) })) : listed;
    },
  }),
  operation({
    id: "revokeClaimCapability",
    method: "DELETE",
    path: `${COLLECTION}/{capability}`,
    access: "publisher",
    needs: "pool",
    handle: async ({ user, client, capability: name }, c) => {
      const revoked = await ownPool(c, user).revokeCapability({ client, name });
      return revoked.ok ? ok(c.json({ name, existed: revoked.value.existed })) : revoked;
    },
  }),
];

export const claimCapabilitiesDescribed = (): Descriptions => ({
  createClaimCapability: {
    summary: "Let whoever holds a secret claim from this user without a token. Idempotent.",
    answers: [
      { status: 201, description: "Created.", json: capabilityAnswer },
      { status: 200, description: "There already, and the same.", json: capabilityAnswer },
    ],
    problems: [
      "not_offered",
      "invalid_request",
      "invalid_base64",
      "capability_exists",
      "too_many_capabilities",
      "client_not_registered",
    ],
  },
  listClaimCapabilities: {
    summary: `The user's claim capabilities, at most ${MAX_CLAIM_CAPABILITIES}.`,
    answers: [{ status: 200, description: "All of them.", json: capabilityList }],
    problems: ["client_not_registered"],
  },
  revokeClaimCapability: {
    summary: "End a claim capability, whichever client of the user made it. May be repeated.",
    answers: [{ status: 200, description: "Revoked, or there was none.", json: capabilityRevoked }],
    problems: ["client_not_registered"],
  },
});

function isOffered(c: Context<AppEnv>): Result<true> {
  if (c.get("deployment").takesClaimCapabilities) return ok(true);
  return refuse("not_offered", "expected a directory that takes claim capabilities, got one that is not set up to");
}
