/** Looking without taking: a user's clients and what they support, from the directory. */
import { Hono } from "hono";
import { type DirectoryClient, readClients } from "../../../directory/queries.ts";
import { authenticate } from "../../auth/authenticate.ts";
import { targetUser } from "../../auth/target-user.ts";
import type { AppEnv } from "../../bindings.ts";
import { problem } from "../../refusals/refusal.ts";
import { readDirectory } from "../../upstream/directory.ts";
import { signatureKeysBody } from "../../wire/bodies.ts";
import { answerTagged, tagged } from "../../wire/etag.ts";

export const users = new Hono<AppEnv>().get(
  "/v1/users/:user/clients",
  authenticate("key-packages:claim"),
  targetUser,
  async (c) => {
    const user = c.get("target");
    const clients = await readDirectory(() => readClients(c.env.DB, user));
    if (!clients.ok) return problem(c, clients.refusal);
    if (!clients.value) return problem(c, { code: "unknown_user" });
    return answerTagged(c, tagged({ user, clients: clients.value.map(clientBody) }), "no-store");
  },
);

function clientBody(client: DirectoryClient) {
  return {
    client: client.client,
    registered_at: client.registeredAt,
    signature_keys: signatureKeysBody(client.signatureKeys),
    offers: client.offers.map((offer) => ({
      ciphersuite: offer.ciphersuite,
      available: offer.available,
      last_resort: offer.lastResort,
      next_expiry: offer.nextExpiry,
      capabilities: offer.capabilities.map(({ extensions, proposals, credentials }) => ({
        extensions: [...extensions],
        proposals: [...proposals],
        credentials: [...credentials],
      })),
    })),
  };
}
