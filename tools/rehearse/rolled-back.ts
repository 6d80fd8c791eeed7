import { cpSync, rmSync } from "node:fs";
import { pause } from "../../src/shared/pause.ts";
import { expect, type Stage } from "../lib/rehearse/rehearsal-stage.ts";

/** All storage goes back to a copy: a claimed package is given twice, until the restore epoch is declared. */
export async function rolledBack(stage: Stage): Promise<void> {
  await stage.start();
  const alice = await stage.owner("alice");
  await alice.register();
  await alice.publish(3);
  await alice.publish(1, true);
  await stage.stop();
  const copy = `${stage.storage}.copy`;
  cpSync(stage.storage, copy, { recursive: true });

  await stage.start();
  const first = await given(stage);
  await stage.stop();
  rmSync(stage.storage, { recursive: true });
  cpSync(copy, stage.storage, { recursive: true });
  await stage.start();
  expect("the rolled-back pool gives the package again", (await given(stage)).ref === first.ref);

  await stage.command("preview");
  const { restore_epoch: epoch } = JSON.parse(await stage.command("epoch")) as { readonly restore_epoch: number };
  await stage.command("rebuild");
  expect("after the epoch nothing from before it is given", (await given(stage)).status === "exhausted");
  // The epoch is the next full second, and what is made before it is refused: a machine may be quicker than that.
  await pause(Math.max(0, epoch * 1000 - Date.now()));
  const published = await alice.publish(2);
  const codes = published.json.results?.map(({ code }: { readonly code: string }) => code);
  expect("what is made afterwards is stored", `${codes}` === "stored,stored", published);
  const fresh = await given(stage);
  expect("what is uploaded afterwards is given once", fresh.status === "claimed" && fresh.ref !== first.ref, fresh);
}

async function given(stage: Stage): Promise<{ status: string; ref: string }> {
  const { json } = await stage.claim("alice");
  return { status: json.clients[0].status, ref: json.clients[0].key_package_ref };
}
