/** Registrations: which signature keys a client vouches for its packages with. */
import type { Context } from "hono";
import type * as z from "zod/mini";
import { isAmbiguousIdentity } from "../../../admission/policy.ts";
import { SMALL_BODY_BYTES } from "../../../config/limits.ts";
import type { Settings } from "../../../config/settings.ts";
import { unixSeconds } from "../../../shared/time.ts";
import type { AppEnv } from "../../bindings.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { receiptQuery, receiptsFor } from "../../receipts/receipts.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { ownPool } from "../../upstream/own-pool.ts";
import type { PoolClient } from "../../upstream/pool-client.ts";
import { clientViewBody } from "../../wire/bodies.ts";
import { shownText } from "../../wire/shown-value.ts";
import {
  clientAnswer,
  MAX_KEY_PACKAGES_READ,
  proofTimes,
  type RegisterRequest,
  registerRequest,
  revokeAnswer,
} from "./client-schemas.ts";
import { checkPackages } from "./packages-as-proof.ts";
import { checkPossession } from "./possession.ts";
import { type NamedKey, readKeys, readProofs } from "./registered-keys.ts";
import { unprovenRegistrations } from "./unproven-registrations.ts";

const CLIENT = "/v1/users/{user}/clients/{client}";

/** A package of each scheme in base64url, with quotes and white space. */
const largestRegistration = ({ maxKeyPackageBytes }: Settings): number =>
  SMALL_BODY_BYTES + MAX_KEY_PACKAGES_READ * Math.ceil((maxKeyPackageBytes * 4) / 3);

export const clients = [
  operation({
    id: "registerClient",
    method: "PUT",
    path: CLIENT,
    access: "publisher",
    query: receiptQuery,
    body: { json: registerRequest, maxBytes: largestRegistration },
    needs: "pool",
    handle: async ({ user, client, body, query }, c) => {
      const receipts = await receiptsFor(c, query);
      if (!receipts.ok) return receipts;
      const { credentialIdentity, x509 } = c.get("deployment");
      const templates = [credentialIdentity, ...(x509?.name ? [x509.name.template] : [])];
      const ambiguous = templates.find((template) => isAmbiguousIdentity(template, user, client));
      if (ambiguous !== undefined) {
        const detail = `expected names that give an identity of the form ${ambiguous} which no others give, got ${shownText(user)} and ${shownText(client)}`;
        return refuse("invalid_identifier", detail);
      }
      const keys = readKeys(body, c.get("deployment"));
      if (!keys.ok) return keys;
      const held = await checkHeld(c, { user, client, keys: keys.value, body });
      if (!held.ok) return held;
      const pool = ownPool(c, user);
      const signatureKeys = keys.value.map(({ scheme, publicKey }) => ({ scheme, publicKey }));
      const registered = await pool.register({ client, signatureKeys });
      if (!registered.ok) return registered;
      const { outcome, registration, at } = registered.value;
      const signed = await receipts.value?.registration(user, registration, at);
      const receipt = signed === undefined ? {} : { receipt: signed };
      if (outcome === "created") {
        const view = { registration, inventory: [] };
        return ok(c.json({ user, ...clientViewBody(c.get("deployment"), view), ...receipt }, 201));
      }
      const found = await pool.getClient({ client });
      if (!found.ok) return found;
      return ok(c.json({ user, ...clientViewBody(c.get("deployment"), found.value.view), ...receipt }));
    },
  }),
  operation({
    id: "getClient",
    method: "GET",
    path: CLIENT,
    access: "publisher",
    needs: "pool",
    handle: async ({ user, client }, c) => {
      const found = await ownPool(c, user).getClient({ client });
      return found.ok ? ok(c.json({ user, ...clientViewBody(c.get("deployment"), found.value.view) })) : found;
    },
  }),
  operation({
    id: "revokeClient",
    method: "DELETE",
    path: CLIENT,
    access: "publisher",
    query: receiptQuery,
    needs: "pool",
    handle: (about, c) => revoked(c, about, (which) => ownPool(c, about.user).revoke(which)),
  }),
  operation({
    id: "endSibling",
    method: "POST",
    path: `${CLIENT}/revocation`,
    access: "sibling",
    query: receiptQuery,
    needs: "pool",
    handle: (about, c) => revoked(c, about, (which) => ownPool(c, about.user).endClient(which)),
  }),
];

export const clientsDescribed = (): Descriptions => ({
  registerClient: {
    summary: "Register a client, or add signature keys to it. Idempotent.",
    answers: [
      { status: 201, description: "Registered.", json: clientAnswer },
      { status: 200, description: "Already registered.", json: clientAnswer },
    ],
    problems: [
      "registrations_exhausted",
      "invalid_base64",
      "invalid_signature_key",
      "invalid_key_package",
      "proof_expired",
      "possession_unproven",
      "signature_key_conflict",
      "signature_key_in_use",
      "too_many_clients",
      "token_predates_revocation",
      "client_not_registered",
      "not_offered",
    ],
    members: { proof_expired: proofTimes },
  },
  getClient: {
    summary: "Registration and inventory.",
    answers: [{ status: 200, description: "The client.", json: clientAnswer }],
    problems: ["client_not_registered"],
  },
  revokeClient: {
    summary: "End the registration: packages are purged, what was handed out stays known.",
    answers: [{ status: 200, description: "Revoked.", json: revokeAnswer }],
    problems: ["client_not_registered", "not_offered"],
  },
  endSibling: {
    summary: "End a client of the same user, such as a lost device. Its older tokens no longer act for it.",
    answers: [{ status: 200, description: "Revoked.", json: revokeAnswer }],
    problems: ["client_not_registered", "not_offered"],
  },
});

type Registering = {
  readonly user: string;
  readonly client: string;
  readonly keys: readonly NamedKey[];
  readonly body: RegisterRequest;
};

/** Refuses keys of which the caller has not shown that they hold them, by proofs or by packages. */
async function checkHeld(c: Context<AppEnv>, { body, keys, ...who }: Registering): Promise<Result<void>> {
  const now = unixSeconds(Date.now());
  const deployment = c.get("deployment");
  const crypto = c.get("crypto");
  const { signed_at: signedAt, proofs } = body;
  const { registrationsPerHour } = deployment.settings.budgets;
  const within = (check: () => Promise<Result<void>>) =>
    unprovenRegistrations.within(who.user, registrationsPerHour, Date.now(), check);
  if (signedAt === undefined || proofs === undefined) {
    const x509 = await c.get("x509Verifier")();
    return within(() => checkPackages({ deployment, crypto, x509, now: () => now }, { ...who, keys }));
  }
  const proven = readProofs(keys, proofs);
  if (!proven.ok) return proven;
  return within(() => checkPossession(deployment, crypto, { ...who, keys: proven.value, signedAt }, now));
}

type Revoking = { readonly user: string; readonly client: string; readonly query: z.infer<typeof receiptQuery> };

/**
 * The answer of every route that ends one client, whoever may: `end` is the pool's call for it. It is not made if a
 * receipt is wanted that cannot be signed.
 */
export async function revoked(
  c: Context<AppEnv>,
  { user, client, query }: Revoking,
  end: (which: { readonly client: string }) => ReturnType<PoolClient["revoke"]>,
): Promise<Result<Response>> {
  const receipts = await receiptsFor(c, query);
  if (!receipts.ok) return receipts;
  const ended = await end({ client });
  if (!ended.ok) return ended;
  const { purged, at, registeredAt } = ended.value;
  c.set("outcomes", { purged });
  const receipt = await receipts.value?.revocation({ user, client, at, registeredAt, purged });
  return ok(c.json({ user, client, purged, ...(receipt === undefined ? {} : { receipt }) }));
}
