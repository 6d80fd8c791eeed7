import { expect, type Stage } from "../lib/rehearse/rehearsal-stage.ts";

/** Alice's stock runs out, an operator sees it, and her upload ends it. */
export async function unreachable(stage: Stage): Promise<void> {
  await stage.start();
  const alice = await stage.owner("alice");
  await alice.register();
  await alice.publish(1);
  expect("the only package is given", (await stage.claim("alice")).json.status === "ok");
  expect("then there is none", (await stage.claim("alice")).json.status === "none");
  const seen = JSON.parse(await stage.command("look", { USER_NAME: "alice" }));
  expect("the operator sees an empty stock", seen.clients[0].inventory[0].available === 0, seen);
  const { status } = JSON.parse(await stage.command("resync", { USER_NAME: "alice" }));
  expect("the directory follows", status === "delivered", status);
  const { rows } = JSON.parse(await stage.command("exhausted"));
  expect(
    "and alice among the exhausted",
    rows.some((row: { user: string }) => row.user === "alice"),
    rows,
  );
  await alice.publish(2);
  expect("after an upload she can be reached", (await stage.claim("alice")).json.status === "ok");
}
