/** The calls of a publisher and of a claimer, over real HTTP. */
import { localRegistration } from "../../../tools/lib/registration-requests.ts";
import type { SampleSigner } from "../../../tools/lib/sample-packages.ts";
import type { Server } from "./started-directory.ts";

type PublishResult = { index: number; ok: boolean; code: string; key_package_ref?: string };
type Inventory = { ciphersuite: number; available: number; last_resort: object | null };
export type ClaimedClient = { client: string; status: string; key_package?: string; key_package_ref?: string };

export async function call<T>(
  server: Server,
  method: string,
  path: string,
  token: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: T }> {
  const response = await fetch(server.address + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T };
}

/** An owner with a registered client of its own. */
export async function owner(server: Server, user: string, signer: SampleSigner) {
  const token = await server.token(user, "phone", "key-packages:publish");
  const client = `/v1/users/${user}/clients/phone`;
  const { status, body } = await call(server, "PUT", client, token, await localRegistration(user, "phone", signer));
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return {
    publish: (keyPackages: readonly string[]) =>
      call<{ results: PublishResult[]; inventory: Inventory[] }>(server, "POST", `${client}/key-packages`, token, {
        key_packages: keyPackages,
      }),
    inventory: async () =>
      (await call<{ inventory: Inventory[] }>(server, "GET", `${client}/inventory`, token)).body.inventory,
  };
}

/** Claims of a user, by bob. */
export async function claimer(server: Server, user: string) {
  const token = await server.token("bob", "laptop", "key-packages:claim");
  return async (idempotencyKey?: string): Promise<ClaimedClient> => {
    const { status, body } = await call<{ clients: ClaimedClient[] }>(
      server,
      "POST",
      `/v1/users/${user}/claims`,
      token,
      { ciphersuites: [1] },
      idempotencyKey ? { "idempotency-key": idempotencyKey } : {},
    );
    const [claim] = body.clients ?? [];
    if (!claim) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return claim;
  };
}
