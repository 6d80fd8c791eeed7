import { PAIR_BUDGET_BURST_CLAIMS } from "../../src/config/limits.ts";
import { expect, type Stage, trickyName } from "../lib/rehearse/rehearsal-stage.ts";

/** Mallory drains alice until her budget ends, and publishes rubbish until an operator ends that. */
export async function abuse(stage: Stage): Promise<void> {
  await stage.start();
  const target = trickyName("alice");
  const claimer = trickyName("mallory");
  const alice = await stage.owner(target);
  await alice.register();
  await alice.publish(30);
  const statuses: number[] = [];
  for (let times = 0; times < PAIR_BUDGET_BURST_CLAIMS + 5; times++) {
    statuses.push((await stage.claim(target, claimer)).status);
  }
  const refused = statuses.filter((status) => status === 429).length;
  expect("mallory is turned away after the burst", refused === 5, statuses);
  expect("bob is not", (await stage.claim(target, "bob")).json.status === "ok");
  const seen = JSON.parse(await stage.command("look", { USER_NAME: target }));
  const left = 30 - PAIR_BUDGET_BURST_CLAIMS - 1;
  const [busiest] = seen.top_claimers_of_hour;
  expect("and who took it", busiest.user === claimer && busiest.claimed === PAIR_BUDGET_BURST_CLAIMS, busiest);
  const top = JSON.parse(await stage.command("top"));
  const [drained] = top.targets.rows;
  expect("the operator sees who is claimed from", drained.user === target && drained.count > 0, top);
  expect("and that somebody claims who has no client here", top.claimers.rows[0].user === null, top);
  await stage.command("block", { CLAIMER: claimer });
  expect("a blocked claimer is let in nowhere", (await stage.claim(target, claimer)).json.code === "caller_blocked");
  await stage.command("unblock", { CLAIMER: claimer });
  expect("the operator sees what is left", seen.clients[0].inventory[0].available === left, seen);

  const mallory = await stage.owner(claimer);
  await mallory.register();
  await mallory.publish(5);
  const { purged } = JSON.parse(await stage.command("revoke", { USER_NAME: claimer }));
  expect("mallory's packages are gone", purged === 5, purged);
  expect("and nobody gets one", (await stage.claim(claimer)).json.status !== "ok");
}
