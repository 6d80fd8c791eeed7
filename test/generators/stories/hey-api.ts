/** With the client of @hey-api/openapi-ts. */
import { bodyOf, type Errand, type Person, run, type Seen } from "./errand.ts";
import { createClient } from "./hey-api/client/index.ts";
import { claimUser, getInventory, publishKeyPackages, reconcile, registerClient } from "./hey-api/index.ts";

await run(async (errand: Errand): Promise<Seen> => {
  const as = ({ token }: Person) => createClient({ baseUrl: errand.url, auth: token });
  const { user, client } = errand.owner;
  const owner = { client: as(errand.owner), path: { user, client } };
  const claimer = { client: as(errand.claimer) };

  const registered = bodyOf(await registerClient({ ...owner, body: errand.registration }));
  const published = bodyOf(await publishKeyPackages({ ...owner, body: { key_packages: [...errand.key_packages] } }));
  const { inventory } = bodyOf(await getInventory(owner));
  const claim = async () =>
    bodyOf(
      await claimUser({
        ...claimer,
        path: { user },
        headers: { "Idempotency-Key": errand.idempotency_key },
        body: { ciphersuites: [1] },
      }),
    );
  const first = (await claim()).clients[0];
  const second = (await claim()).clients[0];
  const compared = bodyOf(await reconcile({ ...owner, body: { digest: errand.digest, refs: [] } }));
  const { error } = await claimUser({ ...claimer, path: { user: "nobody" }, body: {} });
  return {
    registered: registered.client,
    stored: published.results.filter(({ code }) => code === "stored").length,
    available: inventory[0]?.available ?? 0,
    last_resort_uses: inventory[0]?.last_resort?.uses ?? null,
    claimed: first?.status ?? "nothing",
    again: first?.key_package_ref !== undefined && first.key_package_ref === second?.key_package_ref,
    unknown_here: compared.server_refs.length,
    refused: error?.code ?? "nothing",
  };
});
