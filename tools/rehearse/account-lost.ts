import { rmSync } from "node:fs";
import { expect, type Stage } from "../lib/rehearse/rehearsal-stage.ts";

/** All storage is gone: devices register again, upload new packages, and can be reached. */
export async function accountLost(stage: Stage): Promise<void> {
  await stage.start();
  const alice = await stage.owner("alice");
  await alice.register();
  await alice.publish(3);
  await stage.stop();
  rmSync(stage.storage, { recursive: true });
  await stage.start();
  await stage.command("check");
  expect("nobody is known", (await stage.claim("alice")).json.code === "unknown_user");
  const refused = await alice.publish(3);
  expect("a device is asked to register", refused.json.code === "client_not_registered", refused.json);
  await alice.register();
  await alice.publish(3);
  const { users } = JSON.parse(await stage.command("users"));
  expect("the directory fills", users.includes("alice"), users);
  expect("and she can be reached", (await stage.claim("alice")).json.status === "ok");
}
