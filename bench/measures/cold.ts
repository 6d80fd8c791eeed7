/**
 * The first claim of a pool whose object is not in memory: its storage is on disk and must be opened first. Each round
 * starts workerd again on the same folder and asks every pool once, one request at a time; the same for objects that make
 * the least durable write.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimOrder, startDirectory, userNames } from "../lib/directory.ts";
import { startLoadGenerator } from "../lib/load.ts";
import type { Plan } from "../lib/plan.ts";
import { type Outcome, rowsAgainst } from "../lib/report.ts";
import { spread } from "../lib/rounds.ts";

/** Pools that one round wakes. */
const COLD_USERS = 100;

export async function measureCold(plan: Plan): Promise<Outcome> {
  const state = mkdtempSync(join(tmpdir(), "kpd-cold-"));
  const users = userNames(COLD_USERS);
  try {
    const filled = await startDirectory({ state });
    // One upload each, and a write of the other object, so that both find a file with tables in it.
    await filled.seed({ users, count: 100 });
    for (const user of users) {
      const response = await fetch(`http://127.0.0.1:${filled.port}/bench/least/${user}`, { method: "POST" });
      await response.body?.cancel();
    }
    await filled.stop();
    const claims: number[] = [];
    const writes: number[] = [];
    for (let round = 0; round < plan.rounds; round++) {
      claims.push(await wakeAll(state, "claim", users));
      writes.push(await wakeAll(state, "least", users));
    }
    return {
      rows: rowsAgainst(
        { name: "claim_cold_pool", unit: "ms", moreIsBetter: false, ours: spread(claims), rounds: plan.rounds },
        { "the least durable write on a cold object": spread(writes) },
      ),
      notes: [],
    };
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

/** Milliseconds per object, on one connection. */
async function wakeAll(state: string, what: "claim" | "least", users: readonly string[]): Promise<number> {
  const directory = await startDirectory({ state });
  const load = startLoadGenerator();
  try {
    const claim = claimOrder(directory.claimToken, users);
    const least = { ...claim, paths: users.map((user) => `/bench/least/${user}`), headers: {}, body: "", expect: "ok" };
    // The isolate itself is warm: what is measured is the object. This user has no pool.
    await (await fetch(`http://127.0.0.1:${directory.port}/bench/empty`)).arrayBuffer();
    const order = what === "claim" ? claim : { ...least, withKey: false };
    const { elapsedMs } = await load.run({
      ...order,
      port: directory.port,
      connections: 1,
      maxRequests: users.length,
      maxMs: 60_000,
    });
    return elapsedMs / users.length;
  } finally {
    await load.stop();
    await directory.stop();
  }
}
