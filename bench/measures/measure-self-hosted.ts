/**
 * The Worker that `npm run serve` runs, on a state folder as it keeps one: claims per second, beside the directory of the other measures and beside Node and PostgreSQL, in one run on one machine.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storageOf } from "../../tools/lib/self-hosted/state.ts";
import type { Plan } from "../lib/bench-plan.ts";
import { perSecond, startLoadGenerator } from "../lib/load.ts";
import { BENCH_SETTINGS, claimOrder, startDirectory, userNames } from "../lib/measured-directory.ts";
import { type Outcome, rowsAgainst } from "../lib/report.ts";
import { interleavedAgainst, type Trial } from "../lib/rounds.ts";
import { serveSelfHosted } from "../lib/served-directory.ts";
import { startOpponent } from "../opponents/opponent.ts";

const NO_POSTGRES = "self_hosted: Node + PostgreSQL skipped, no PostgreSQL is installed under /usr/lib/postgresql.";

/** Fewer than many: each round wakes all of them first, and nothing else tells when a server is at rest. */
const USERS = 100;

export async function measureSelfHosted(plan: Plan): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "bench-self-hosted-"));
  const state = join(folder, "state");
  mkdirSync(storageOf(state), { recursive: true });
  const stops: (() => Promise<void>)[] = [];
  const started = <T extends { readonly stop: () => Promise<void> } | undefined>(one: T): T => {
    if (one) stops.push(one.stop);
    return one;
  };
  try {
    const users = userNames(USERS);
    const count = Math.ceil(((plan.rounds + 1) * plan.loadRequests) / USERS);
    // Filled by the bench's Worker under the name of the deployment: then the objects' files are those of the served one.
    const filler = await startDirectory({ state: storageOf(state), asDeployed: true });
    await filler.seed({ users, count }).finally(filler.stop);
    const served = started(await serveSelfHosted(state, { ...filler.issuer.settings, ...BENCH_SETTINGS }));
    const bench = started(await startDirectory());
    await bench.seed({ users, count });
    const opponent = started(await startOpponent(filler.issuer));
    await opponent?.seed(users, count);
    const load = started(startLoadGenerator());
    const burst =
      (port: number, token: string): Trial =>
      async () => {
        const bounds = { connections: plan.connections, maxRequests: plan.loadRequests, maxMs: plan.loadMs };
        return perSecond(await load.run({ ...claimOrder(token, users), port, ...bounds }));
      };
    const { ours, others } = await interleavedAgainst(plan.rounds, burst(served.port, filler.claimToken), {
      "the Worker of the other measures": burst(bench.port, bench.claimToken),
      ...(opponent ? { "Node + PostgreSQL, same work": burst(opponent.port, filler.claimToken) } : {}),
    });
    const base = { name: "self_hosted_claims", unit: "claims/s", moreIsBetter: true, ours, rounds: plan.rounds };
    return { rows: rowsAgainst(base, others), notes: opponent ? [] : [NO_POSTGRES] };
  } finally {
    for (const stop of stops.toReversed()) await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
