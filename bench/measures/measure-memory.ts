/** Memory of an awake pool: what workerd's resident set grows by when 1,000 pools with an ordinary stock give a package. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { descendants, readProc } from "../../tools/lib/process-tree.ts";
import type { Plan } from "../lib/bench-plan.ts";
import { endedWithTheRun } from "../lib/ending.ts";
import { type LoadOrder, startLoadGenerator } from "../lib/load.ts";
import { benchOrder, claimOrder, type Directory, startDirectory, userNames } from "../lib/measured-directory.ts";
import { type Outcome, rowsAgainst } from "../lib/report.ts";
import { spread } from "../lib/rounds.ts";

const STOCK = 100;
/** Each is a start of workerd. */
const ROUNDS = 3;

const NO_PROC = "memory_awake_pool: skipped, there is no /proc here.";

export async function measureMemory(plan: Plan): Promise<Outcome> {
  if (readProc("self/status") === undefined) return { rows: [], notes: [NO_PROC] };
  const state = await mkdtemp(join(tmpdir(), "kpd-bench-memory-"));
  const clear = endedWithTheRun(() => rm(state, { recursive: true, force: true }));
  const load = startLoadGenerator();
  const users = userNames(plan.users);
  const pools: number[] = [];
  const least: number[] = [];
  try {
    const seeding = await startDirectory({ state });
    await seeding.seed({ users, count: STOCK });
    await seeding.stop();
    for (let round = 0; round < ROUNDS; round++) {
      // A new process, in which no object is awake.
      const directory = await startDirectory({ state });
      try {
        const ask = (target: ReturnType<typeof claimOrder>, maxRequests: number) => {
          const bounds = { connections: plan.connections, maxRequests, maxMs: 60_000 };
          return load.run({ ...target, port: directory.port, ...bounds } satisfies LoadOrder);
        };
        const grownBy = async (target: ReturnType<typeof claimOrder>) => {
          const before = residentKib(directory);
          await ask(target, users.length);
          return (residentKib(directory) - before) / users.length;
        };
        // What the code itself and its garbage take is taken before.
        await directory.seed({ users: ["warm"], count: 3 * users.length });
        await ask(claimOrder(directory.claimToken, ["warm"]), 2 * users.length);
        await ask(benchOrder("least", ["warm"], "ok"), 2 * users.length);
        least.push(await grownBy(benchOrder("least", users, "ok")));
        pools.push(await grownBy(claimOrder(directory.claimToken, users)));
      } finally {
        await directory.stop();
      }
    }
  } finally {
    await load.stop();
    await clear();
  }
  return {
    rows: rowsAgainst(
      { name: "memory_awake_pool", unit: "KiB", moreIsBetter: false, ours: spread(pools), rounds: ROUNDS },
      { "an object of the least durable write": spread(least) },
    ),
    notes: [],
  };
}

/** Of workerd, below the process that started it. */
function residentKib({ pid }: Directory): number {
  for (const child of descendants(pid)) {
    if (readProc(`${child}/comm`)?.trim() !== "workerd") continue;
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child}/status`, "utf8"))?.[1];
    if (kib !== undefined) return Number(kib);
  }
  throw new Error("workerd was not found below its process");
}
