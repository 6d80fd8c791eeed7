import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, type Stage } from "../lib/rehearse/rehearsal-stage.ts";

const USERS = ["alice", "carol", "dave"];

/** The files of D1 are deleted; claims go on, peeks do not, and a rebuild brings everybody back. */
export async function d1Lost(stage: Stage): Promise<void> {
  await stage.start();
  for (const user of USERS) {
    const owner = await stage.owner(user);
    await owner.register();
    await owner.publish(3);
  }
  await stage.stop();
  rmSync(join(stage.storage, "v3", "d1"), { recursive: true });
  await stage.start();
  expect(
    "nobody is found in the directory",
    (await peeks(stage)).every((status) => status === 404),
  );
  expect("claims go on", (await stage.claim("alice")).json.status === "ok");
  await stage.command("check");
  await stage.command("rebuild");
  expect(
    "everybody is found again",
    (await peeks(stage)).every((status) => status === 200),
  );
  const { restore_epoch } = JSON.parse(await stage.command("epoch"));
  expect("no epoch was in force, and none is", restore_epoch === 0, restore_epoch);
}

async function peeks(stage: Stage): Promise<number[]> {
  const token = await stage.token("bob", "laptop", "key-packages:claim");
  const answers: number[] = [];
  for (const user of USERS) answers.push((await stage.call("GET", `/v1/users/${user}/clients`, token)).status);
  return answers;
}
