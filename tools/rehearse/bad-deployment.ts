import { expect, type Stage } from "../lib/rehearse/rehearsal-stage.ts";

/** A setting that cannot be read closes everything, and nothing is lost when it is taken back. */
export async function badDeployment(stage: Stage): Promise<void> {
  await stage.start();
  const alice = await stage.owner("alice");
  await alice.register();
  await alice.publish(2);
  await stage.stop();
  await stage.start({ STOCK_TARGET: "many" });
  // The whole smoke test would wait a minute for a deployment that may still be on its way.
  const closed = await stage.claim("alice");
  expect("every route is closed", closed.status === 503 && closed.json.code === "setting_invalid", closed.json);
  expect("and the setting is named", String(closed.json.detail).includes("STOCK_TARGET"), closed.json);
  await stage.stop();
  await stage.start();
  await stage.command("check");
  expect("nothing was lost", (await stage.claim("alice")).json.status === "ok");
}
