/** Claims a second: on one user and on many, and one bulk claim against as many single ones. */

import type { Plan } from "../lib/bench-plan.ts";
import { type LoadGenerator, type LoadOrder, perSecond, startLoadGenerator } from "../lib/load.ts";
import {
  benchOrder,
  claimOrder,
  type Directory,
  startDirectory,
  unquietNotes,
  untilQuiet,
  userNames,
} from "../lib/measured-directory.ts";
import { type Outcome, type Row, rowsAgainst } from "../lib/report.ts";
import { interleaved, interleavedAgainst, type Trial } from "../lib/rounds.ts";
import { type Opponent, startOpponent } from "../opponents/opponent.ts";

const NO_POSTGRES = "Node + PostgreSQL: skipped, no PostgreSQL is installed under /usr/lib/postgresql.";
const HOT_USER = "hot";
const BULK_USERS = 100;

/** Stock of an ordinary pool: no claim of the bench brings it down to a level of which its owner is told. */
const STOCK = 100;

/** A waking pass ends by then. */
const WAKING_MS = 10_000;

/** What a route is asked and where. */
type Target = Pick<LoadOrder, "port" | "method" | "paths" | "headers" | "body" | "withKey" | "expect">;

export async function measureClaims(plan: Plan): Promise<Outcome> {
  const directory = await startDirectory();
  const load = startLoadGenerator();
  let opponent: Opponent | undefined;
  try {
    opponent = await startOpponent(directory.issuer);
    const rows = [
      ...(await measureLoad("claim_hot_user", [HOT_USER], plan, directory, opponent, load)),
      ...(await measureLoad("claim_many_users", userNames(plan.users), plan, directory, opponent, load)),
      ...(await measureBulk(plan, directory, load)),
    ];
    return { rows, notes: [...(opponent ? [] : [NO_POSTGRES]), ...unquietNotes()] };
  } finally {
    await load.stop();
    await opponent?.stop();
    await directory.stop();
  }
}

async function measureLoad(
  name: string,
  users: readonly string[],
  plan: Plan,
  directory: Directory,
  opponent: Opponent | undefined,
  load: LoadGenerator,
): Promise<Row[]> {
  // The first claim of a pool for a while: on many users a burst asks each of them once, whatever is asked. The first
  // write of an object that was woken begins a log, which takes two flushes more than the next, on every side.
  const requests = users.length > 1 ? users.length : plan.loadRequests;
  // One burst for each round and one to warm up, none of which may come away with nothing.
  const count = Math.max(STOCK, Math.ceil(((plan.rounds + 1) * requests) / users.length));
  await directory.seed({ users, count });
  await directory.seedD1({ users, count });
  await opponent?.seed(users, count);

  const claim = claimOrder(directory.claimToken, users);
  const bare = (route: string, expect: string): Target => ({
    ...benchOrder(route, users, expect),
    port: directory.port,
  });
  const awake = { connections: plan.connections, maxRequests: users.length, maxMs: WAKING_MS };
  const burst =
    (target: Target, waking?: Target): Trial =>
    async () => {
      await untilQuiet(directory.port);
      // An object that nobody has called for ten seconds has been evicted: how long a start takes is measured in cold.ts.
      if (waking) await load.run({ ...waking, ...awake });
      const bounds = { connections: plan.connections, maxRequests: requests, maxMs: plan.loadMs };
      return perSecond(await load.run({ ...target, ...bounds }));
    };
  const { ours, others } = await interleavedAgainst(
    plan.rounds,
    burst({ ...claim, port: directory.port }, bare("wake", "ok")),
    {
      "an empty route": burst(bare("empty", "ok")),
      "the least durable write": burst(bare("least", "ok"), bare("wake-least", "ok")),
      "D1, DELETE … RETURNING": burst(bare("d1", "key_package")),
      ...(opponent ? { "Node + PostgreSQL, same work": burst({ ...claim, port: opponent.port }) } : {}),
    },
  );
  return rowsAgainst({ name, unit: "claims/s", moreIsBetter: true, ours, rounds: plan.rounds }, others);
}

/** 100 users in one request, and the same 100 one after the other on one connection. */
async function measureBulk(plan: Plan, directory: Directory, load: LoadGenerator): Promise<Row[]> {
  const users = userNames(Math.min(plan.users, BULK_USERS));
  await directory.seed({ users, count: 2 * (plan.rounds + 1) });
  const single = claimOrder(directory.claimToken, users);
  const once = { port: directory.port, connections: 1, maxMs: 60_000 };
  const bulk = {
    ...single,
    ...once,
    paths: ["/v1/claims"],
    body: JSON.stringify({ users, ...JSON.parse(single.body) }),
    maxRequests: 1,
  };
  const elapsed =
    (order: LoadOrder): Trial =>
    async () => {
      await untilQuiet(directory.port);
      return (await load.run(order)).elapsedMs;
    };
  const { ours, singles } = await interleaved(plan.rounds, {
    ours: elapsed(bulk),
    singles: elapsed({ ...single, ...once, maxRequests: users.length }),
  });
  return rowsAgainst(
    { name: "claim_bulk_100", unit: "ms", moreIsBetter: false, ours, rounds: plan.rounds },
    { "100 single claims in sequence": singles },
  );
}
