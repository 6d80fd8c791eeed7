import { expect, type Stage, trickyName } from "../lib/rehearse/rehearsal-stage.ts";

/** Alice's stock runs out, an operator sees it, and her upload ends it. */
export async function unreachable(stage: Stage): Promise<void> {
  await stage.start();
  const user = trickyName("alice");
  const alice = await stage.owner(user);
  await alice.register();
  await alice.publish(1);
  expect("the only package is given", (await stage.claim(user)).json.status === "ok");
  expect("then there is none", (await stage.claim(user)).json.status === "none");
  const seen = JSON.parse(await stage.command("look", { USER_NAME: user }));
  expect("the operator sees an empty stock", seen.clients[0].inventory[0].available === 0, seen);
  const { status } = JSON.parse(await stage.command("resync", { USER_NAME: user }));
  expect("the directory follows", status === "delivered", status);
  const { rows } = JSON.parse(await stage.command("exhausted"));
  expect(
    "and alice among the exhausted",
    rows.some((row: { user: string }) => row.user === user),
    rows,
  );
  await alice.publish(2);
  expect("after an upload she can be reached", (await stage.claim(user)).json.status === "ok");
}
