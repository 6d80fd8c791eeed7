/** Claims that arrive at pools: over all users, and at one that everybody wants. As src/http/upstream/pool-client.ts asks. */
import { POOL_CALL_ATTEMPTS, POOL_CALL_TIMEOUT_MS, POOL_RETRY_PAUSE_MS } from "../../../src/config/limits.ts";
import type { Random } from "../random.ts";
import { EventLoop, poisson } from "./event-loop.ts";
import { quantile, Server, type Spread } from "./queueing-server.ts";

export type PoolScenario = {
  readonly random: Random;
  readonly endMs: number;
  /** Users whose pools are asked, each as often as the others. */
  readonly users: number;
  /** Claims a second, over all of them. */
  readonly perSecond: number;
  /** After this time nobody claims any more. */
  readonly arrivalsEndMs?: number;
  /** What one pool does a second, when each of its calls writes. */
  readonly callsPerSecond: number;
};

export type PoolFigures = {
  readonly claims: number;
  /** The pool whose queue was longest. */
  readonly length: Spread;
  readonly busy: number;
  /** Claims that were answered, from the first attempt to the answer. */
  readonly answeredMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Share of the claims that got no answer in any attempt. */
  readonly unansweredShare: number;
};

export function simulatePools(scenario: PoolScenario): PoolFigures {
  const { random, endMs, arrivalsEndMs = endMs } = scenario;
  const loop = new EventLoop();
  const servers = new Map<number, Server>();
  const serviceMs = 1000 / scenario.callsPerSecond;
  const answered: number[] = [];
  let claims = 0;
  let unanswered = 0;

  const attempt = (server: Server, sinceMs: number, number: number) => {
    let isSettled = false;
    server.submit(serviceMs, () => {
      if (!isSettled) answered.push(loop.nowMs - sinceMs);
      isSettled = true;
    });
    loop.after(POOL_CALL_TIMEOUT_MS, () => {
      if (isSettled) return;
      isSettled = true;
      if (number >= POOL_CALL_ATTEMPTS) {
        unanswered += 1;
        return;
      }
      const pauseMs = POOL_RETRY_PAUSE_MS * 2 ** (number - 1) * (0.5 + random.fraction());
      loop.after(pauseMs, () => attempt(server, sinceMs, number + 1));
    });
  };

  const arrivals = { fraction: random.fraction, endMs: arrivalsEndMs, maxPerSecond: scenario.perSecond };
  poisson(loop, arrivals, () => {
    claims += 1;
    const user = random.u32() % scenario.users;
    const server = servers.get(user) ?? new Server(loop);
    servers.set(user, server);
    attempt(server, loop.nowMs, 1);
  });
  loop.runUntil(endMs);
  const sorted = answered.toSorted((a, b) => a - b);
  const worst = [...servers.values()].map((server) => server.figures());
  const longest = worst.reduce((a, b) => (b.length.max > a.length.max ? b : a));
  return {
    claims,
    length: longest.length,
    busy: longest.busy,
    answeredMs: { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? 0 },
    unansweredShare: claims === 0 ? 0 : unanswered / claims,
  };
}
