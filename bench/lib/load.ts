/** Load from a process of its own: its orders and its reports. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { endedWithTheRun } from "./ending.ts";

export type LoadOrder = {
  readonly port: number;
  readonly method: "GET" | "POST";
  /** Asked for in turn. */
  readonly paths: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Gives every request an Idempotency-Key of its own. */
  readonly withKey: boolean;
  readonly connections: number;
  /** The burst ends with whichever comes first. */
  readonly maxRequests: number;
  readonly maxMs: number;
  /** Every answer must be 200 and contain this text; anything else fails the bench. */
  readonly expect: string;
};

export type LoadReport = {
  readonly requests: number;
  readonly elapsedMs: number;
  /** Median time of one request. */
  readonly medianMs: number;
};

export type LoadMessage = { readonly report: LoadReport } | { readonly failure: string };

export type LoadGenerator = {
  readonly run: (order: LoadOrder) => Promise<LoadReport>;
  readonly stop: () => Promise<void>;
};

export function startLoadGenerator(): LoadGenerator {
  const child = fork(join(import.meta.dirname, "load-process.ts"));
  return {
    run: async (order) => {
      child.send(order);
      const message = await reply(child);
      if ("failure" in message) throw new Error(`${order.paths[0]}: ${message.failure}`);
      return message.report;
    },
    stop: endedWithTheRun(async () => {
      const ended = once(child, "exit");
      if (!child.kill()) return;
      await ended;
    }),
  };
}

async function reply(child: ChildProcess): Promise<LoadMessage> {
  const over = new AbortController();
  try {
    const message = once(child, "message", { signal: over.signal }).then(([value]) => value as LoadMessage);
    const exit = once(child, "exit", { signal: over.signal }).then(
      ([code]): LoadMessage => ({ failure: `load generator ended (${code})` }),
    );
    exit.catch(() => undefined);
    return await Promise.race([message, exit]);
  } finally {
    over.abort();
  }
}

export const perSecond = ({ requests, elapsedMs }: LoadReport): number => (requests * 1000) / elapsedMs;
