/** With the types of openapi-typescript, called by openapi-fetch. */
import createClient from "openapi-fetch";
import { bodyOf, type Errand, type Person, run, type Seen } from "./errand.ts";
import type { paths } from "./schema.d.ts";

await run(async (errand: Errand): Promise<Seen> => {
  const as = ({ token }: Person) =>
    createClient<paths>({ baseUrl: errand.url, headers: { authorization: `Bearer ${token}` } });
  const owner = as(errand.owner);
  const claimer = as(errand.claimer);
  const { user, client } = errand.owner;
  const ours = { path: { user, client } };

  const registered = bodyOf(
    await owner.PUT("/v1/users/{user}/clients/{client}", { params: ours, body: errand.registration }),
  );
  const published = bodyOf(
    await owner.POST("/v1/users/{user}/clients/{client}/key-packages", {
      params: ours,
      body: { key_packages: [...errand.key_packages] },
    }),
  );
  const { inventory } = bodyOf(await owner.GET("/v1/users/{user}/clients/{client}/inventory", { params: ours }));
  const claim = async () =>
    bodyOf(
      await claimer.POST("/v1/users/{user}/claims", {
        params: { path: { user }, header: { "Idempotency-Key": errand.idempotency_key } },
        body: { ciphersuites: [1] },
      }),
    );
  const first = (await claim()).clients[0];
  const second = (await claim()).clients[0];
  const compared = bodyOf(
    await owner.POST("/v1/users/{user}/clients/{client}/reconcile", {
      params: ours,
      body: { digest: errand.digest, refs: [] },
    }),
  );
  const { error } = await claimer.POST("/v1/users/{user}/claims", {
    params: { path: { user: "nobody" } },
    body: {},
  });
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
