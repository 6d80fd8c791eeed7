/**
 * Claims on cold pools: the platform has evicted the object, so its start and the opening of its file are part of the
 * request. One request at a time, each to another object; the same for the least durable write on objects of its own.
 */

import type { Plan } from "../lib/bench-plan.ts";
import { type LoadGenerator, type LoadOrder, startLoadGenerator } from "../lib/load.ts";
import { benchOrder, claimOrder, type Directory, startDirectory, userNames } from "../lib/measured-directory.ts";
import { type Outcome, rowsAgainst } from "../lib/report.ts";
import { interleavedAgainst, type Trial } from "../lib/rounds.ts";

/** workerd evicts an object that nobody has called for ten seconds. */
const EVICTION_MS = 12_000;

type Target = ReturnType<typeof claimOrder>;

export async function measureColdPools(plan: Plan): Promise<Outcome> {
  const directory = await startDirectory();
  const load = startLoadGenerator();
  try {
    const users = userNames(plan.coldUsers);
    await directory.seed({ users, count: 100 });
    const once = (target: Target) => run(plan, directory, load, target);
    const cold =
      (target: Target, wake: string): Trial =>
      async () => {
        await new Promise((resolve) => setTimeout(resolve, EVICTION_MS));
        const atMs = Date.now();
        const medianMs = await once(target);
        await mustHaveStarted(directory, wake, users, atMs);
        return medianMs;
      };
    const claim = claimOrder(directory.claimToken, users);
    const { ours, others } = await interleavedAgainst(plan.rounds, cold(claim, "wake"), {
      "the least durable write on a cold object": cold(benchOrder("least", users, "ok"), "wake-least"),
      "waking a cold pool, which reads its version": cold(benchOrder("wake", users, "ok"), "wake"),
      "waking a cold object without storage": cold(benchOrder("wake-bare", users, "ok"), "wake-bare"),
      "the same claim, awake": async () => {
        await once(claim);
        return once(claim);
      },
    });
    return {
      rows: rowsAgainst(
        { name: "claim_cold_pool", unit: "ms", moreIsBetter: false, ours, rounds: plan.rounds },
        others,
      ),
      notes: [],
    };
  } finally {
    await load.stop();
    await directory.stop();
  }
}

async function run(plan: Plan, { port }: Directory, load: LoadGenerator, target: Target): Promise<number> {
  const order: LoadOrder = { ...target, port, connections: 1, maxRequests: plan.coldUsers, maxMs: 60_000 };
  return (await load.run(order)).medianMs;
}

/** Throws if an object that should have been cold was awake: the first and the last of them tell when they started. */
async function mustHaveStarted(
  { port }: Directory,
  wake: string,
  users: readonly string[],
  atMs: number,
): Promise<void> {
  for (const user of [users[0], users.at(-1)]) {
    const answer = await fetch(`http://127.0.0.1:${port}/bench/${wake}/${user}`, { method: "POST" });
    const { startedMs } = (await answer.json()) as { startedMs: number };
    if (startedMs < atMs) throw new Error(`${wake}: the object of ${user} was not evicted`);
  }
}
