import { expect, type Stage } from "../lib/rehearse/rehearsal-stage.ts";

const CROWD = 200;
const STOCK = 80;

/** A crowd claims from one user at once: everybody is answered, nothing is given twice, and it is well afterwards. */
export async function overload(stage: Stage): Promise<void> {
  await stage.start();
  const alice = await stage.owner("alice");
  await alice.register();
  await alice.publish(STOCK);
  const answers = await Promise.all(Array.from({ length: CROWD }, (_, index) => stage.claim("alice", `user-${index}`)));
  const known = new Set([200, 429, 503]);
  const statuses = answers.map(({ status }) => status);
  expect(
    "every claim is answered as described",
    statuses.every((status) => known.has(status)),
    [...new Set(statuses)],
  );
  const refs = answers.flatMap(({ json }) =>
    (json.clients ?? []).flatMap((client: { status: string; key_package_ref?: string }) =>
      client.status === "claimed" ? [client.key_package_ref] : [],
    ),
  );
  expect("no package is given twice", new Set(refs).size === refs.length);
  expect("and no more than there are", refs.length > 0 && refs.length <= STOCK, refs.length);
  await stage.command("check");
  const { json } = await stage.call(
    "GET",
    "/v1/admin/users/alice",
    await stage.token("operator", "console", "directory:admin"),
  );
  const { available } = json.clients[0].inventory[0];
  expect("what was not given is in stock", available === STOCK - refs.length, available);
}
