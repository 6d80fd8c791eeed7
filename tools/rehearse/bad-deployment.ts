import { expect, type Stage } from "../lib/rehearse/rehearsal-stage.ts";

/** Two deployments that are bad in their own way, each taken back: nothing is lost by either. */
export async function badDeployment(stage: Stage): Promise<void> {
  await stage.start();
  const alice = await stage.owner("alice");
  await alice.register();
  await alice.publish(3);

  await stage.stop();
  await stage.start({ STOCK_TARGET: "many" });
  // The whole smoke test would wait a minute for a deployment that may still be on its way.
  const closed = await stage.claim("alice");
  expect("every route is closed", closed.status === 503 && closed.json.code === "setting_invalid", closed.json);
  expect("and the setting is named", String(closed.json.detail).includes("STOCK_TARGET"), closed.json);
  await goBack(stage);

  await stage.stop();
  await stage.start({}, { change: withFault });
  const { code, said } = await stage.tryCommand("check");
  expect("the smoke test fails", code === 1, said);
  expect(
    "though it is ready and alive",
    said.includes("ok      it is ready") && said.includes("ok      it is alive"),
    said,
  );
  const named = "failed  a claim without a token is refused: expected 401 token_missing, got 500 internal_error";
  expect("and what does not hold is named", said.includes(named), said);
  await goBack(stage);
}

/** A Worker of which the code is at fault: it takes a token that is missing for its own failure. */
function withFault(script: string): string {
  const changed = script.replace('missing: "token_missing"', 'missing: "internal_error"');
  expect("the code can be given a fault", changed !== script);
  return changed;
}

async function goBack(stage: Stage): Promise<void> {
  await stage.stop();
  await stage.start();
  await stage.command("check");
  expect("nothing was lost", (await stage.claim("alice")).json.status === "ok");
}
