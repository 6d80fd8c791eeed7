/**
 * Pools that tell the directory of changes, as src/pool/outbox does: at once, with a time-out, then again with growing
 * pauses; changes in between go along. D1 is a server for each database, one write at a time.
 */
import { DIRECTORY_WRITE_TIMEOUT_MS, OUTBOX_RETRY_MAX_MS, OUTBOX_RETRY_MIN_MS } from "../../../src/config/limits.ts";
import type { Random } from "../random.ts";
import { EventLoop, poisson } from "./event-loop.ts";
import { quantile, Server, type ServerFigures } from "./queueing-server.ts";

export type DirectoryScenario = {
  readonly users: number;
  readonly databases: number;
  readonly random: Random;
  readonly endMs: number;
  /** Changes that the directory is to hear of, a second. */
  readonly perSecond: number;
  /** How long one write takes. */
  readonly writeMs: (random: Random) => number;
  readonly outage?: Outage;
  /** First pause of a pool whose write failed; that of the outbox if left out. */
  readonly retryMinMs?: number;
};

/** Of all databases at once. `errors`: writes fail at once. `stall`: they wait, and nobody is told. */
export type Outage = { readonly kind: "errors" | "stall"; readonly fromMs: number; readonly forMs: number };

export type DirectoryFigures = {
  /** The database whose queue was longest. */
  readonly worst: ServerFigures;
  /** Writes that D1 did though their pool had given up on them, as a share of all that it did. */
  readonly lateShare: number;
  /** Users of whom the directory lacked something, at the most and at the end. */
  readonly pendingMax: number;
  readonly pendingAtEnd: number;
  /** From a change to the directory's having it, of those it had by the end. */
  readonly delayMs: { readonly p50: number; readonly p99: number; readonly max: number };
};

type Pending = { readonly sinceMs: number; failures: number; isSending: boolean; hasMore: boolean };

export function simulateDirectory(scenario: DirectoryScenario): DirectoryFigures {
  const { random, outage, endMs, retryMinMs = OUTBOX_RETRY_MIN_MS } = scenario;
  const loop = new EventLoop();
  const servers = Array.from({ length: scenario.databases }, () => new Server(loop));
  const pending = new Map<number, Pending>();
  const delays: number[] = [];
  let pendingMax = 0;
  let done = 0;
  let late = 0;

  const failsNow = () =>
    outage?.kind === "errors" && loop.nowMs >= outage.fromMs && loop.nowMs < outage.fromMs + outage.forMs;

  const send = (user: number, state: Pending) => {
    state.isSending = true;
    state.hasMore = false;
    let isSettled = false;
    const settle = (outcome: () => void) => {
      if (isSettled) return;
      isSettled = true;
      state.isSending = false;
      outcome();
    };
    const fail = () =>
      settle(() => {
        state.failures += 1;
        const pauseMs = Math.min(OUTBOX_RETRY_MAX_MS, retryMinMs * 2 ** Math.min(state.failures - 1, 20));
        loop.after(pauseMs * (0.5 + random.fraction() / 2), () => send(user, state));
      });
    if (failsNow()) return fail();
    loop.after(DIRECTORY_WRITE_TIMEOUT_MS, fail);
    servers[user % servers.length]?.submit(scenario.writeMs(random), () => {
      done += 1;
      if (isSettled) late += 1;
      settle(() => {
        delays.push(loop.nowMs - state.sinceMs);
        pending.delete(user);
        if (state.hasMore) loop.after(OUTBOX_RETRY_MIN_MS, () => change(user));
      });
    });
  };

  const change = (user: number) => {
    const known = pending.get(user);
    if (known) {
      // What waits for its next attempt is packed only then.
      if (known.isSending) known.hasMore = true;
      return;
    }
    const state: Pending = { sinceMs: loop.nowMs, failures: 0, isSending: false, hasMore: false };
    pending.set(user, state);
    pendingMax = Math.max(pendingMax, pending.size);
    send(user, state);
  };

  if (outage?.kind === "stall") {
    loop.after(outage.fromMs, () => {
      for (const server of servers) server.pause(outage.forMs);
    });
  }
  poisson(loop, { fraction: random.fraction, endMs, maxPerSecond: scenario.perSecond }, () =>
    change(random.u32() % scenario.users),
  );
  loop.runUntil(endMs);
  const sorted = delays.toSorted((a, b) => a - b);
  return {
    worst: servers.map((server) => server.figures()).reduce((a, b) => (b.length.max > a.length.max ? b : a)),
    lateShare: done === 0 ? 0 : late / done,
    pendingMax,
    pendingAtEnd: pending.size,
    delayMs: { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? 0 },
  };
}
