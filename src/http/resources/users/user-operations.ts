/** Looking without taking: a user's clients and what they support, from the directory. */
import { type DirectoryClient, findClients } from "../../../directory/queries.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok, refuse } from "../../refusals/refusal.ts";
import { readDirectory } from "../../upstream/bounded-directory.ts";
import { signatureKeysBody } from "../../wire/bodies.ts";
import { shownText } from "../../wire/shown-value.ts";
import { clientListAnswer } from "./user-schemas.ts";

export const users = [
  operation({
    id: "listClients",
    method: "GET",
    path: "/v1/users/{user}/clients",
    access: "claimer",
    revalidates: true,
    needs: "directory",
    handle: async ({ user }, c) => {
      const clients = await readDirectory(() => findClients(c.get("directory"), user));
      if (!clients.ok) return clients;
      if (!clients.value) return refuse("unknown_user", `expected a user of the directory, got ${shownText(user)}`);
      return ok(c.json({ user, clients: clients.value.map(clientBody) }, 200, { "Cache-Control": "no-store" }));
    },
  }),
];

export const usersDescribed = (): Descriptions => ({
  listClients: {
    summary: "A user's clients, ciphersuites and capabilities. Takes nothing.",
    answers: [{ status: 200, description: "The clients.", json: clientListAnswer }],
    problems: ["unknown_user"],
  },
});

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
      capabilities_complete: offer.capabilitiesComplete,
    })),
  };
}
