import { expect, type Stage, trickyName } from "../lib/rehearse/rehearsal-stage.ts";

/**
 * Mallory has claimed from alice, and asks to be erased: the name goes from every pool, and a second look finds none. Who
 * is only named alike stays.
 */
export async function erasure(stage: Stage): Promise<void> {
  await stage.start();
  const mallory = trickyName("mallory");
  for (const user of ["alice", "mallory", mallory]) {
    const owner = await stage.owner(user);
    await owner.register();
    await owner.publish(3);
  }
  await stage.claim("alice", mallory);
  const asked = { USER_NAME: mallory };
  const lines = (await stage.command("export", asked)).trim().split("\n");
  const copies = lines.map((line) => JSON.parse(line));
  const [copy] = copies;
  expect("the copy has the registration", copy.registrations[0].client === "phone", copy);
  expect("and the row of D1", copy.directory.length === 1, copy);
  expect("and every page", copies.at(-1).next === null, lines);

  const receipt = JSON.parse(await stage.command("erase", asked));
  expect("the receipt says that there was something", receipt.existed === true, receipt);
  expect("nobody claims from mallory", (await stage.claim(mallory)).json.code === "unknown_user");
  expect("who is only named alike can be reached", (await stage.claim("mallory")).json.status === "ok");
  const forgotten = receiptOf(await stage.command("forget", asked));
  expect("alice's pool held the name", forgotten.pools_with_a_name === 1 && forgotten.claims === 1, forgotten);
  const left = receiptOf(await stage.command("verify", asked));
  expect("it holds it no more", left.pools_with_a_name === 0 && left.pools === forgotten.pools, left);
  const token = await stage.token("alice", "phone", "key-packages:publish");
  const { json } = await stage.call("GET", "/v1/users/alice/clients/phone/journal", token);
  expect("her journal says what was claimed, and not by whom", json.entries[0].claimer === null, json);
}

/** What the command prints at the end, behind how far it came. */
const receiptOf = (said: string) => JSON.parse(said.split("\n").findLast((line) => line.startsWith("{")) ?? "null");
