/**
 * Where the time of a claim goes: `node bench/profile-claims.ts [user…]` keeps the directory busy with claims for a few
 * seconds under workerd's sampling profiler, and lists the functions that had the processor, by their own time.
 */

import { FULL } from "./lib/bench-plan.ts";
import { perSecond, startLoadGenerator } from "./lib/load.ts";
import { claimOrder, startDirectory } from "./lib/measured-directory.ts";

const SHOWN_FUNCTIONS = 40;
const INSPECTOR_PORT = 9_329;
const SAMPLE_MICROSECONDS = 200;

type Frame = { readonly functionName: string; readonly lineNumber: number };
type Profile = {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

const directory = await startDirectory({ inspectorPort: INSPECTOR_PORT });
const load = startLoadGenerator();
try {
  const users = process.argv.length > 2 ? process.argv.slice(2) : ["hot"];
  const burst = {
    ...claimOrder(directory.claimToken, users),
    port: directory.port,
    connections: FULL.connections,
    maxRequests: FULL.loadRequests,
    maxMs: FULL.loadMs,
  };
  await directory.seed({ users, count: 2 * FULL.loadRequests });
  await load.run(burst);
  const session = await openInspector();
  await session.ask("Profiler.enable");
  await session.ask("Profiler.setSamplingInterval", { interval: SAMPLE_MICROSECONDS });
  await session.ask("Profiler.start");
  const report = await load.run(burst);
  const { profile } = (await session.ask("Profiler.stop")) as { profile: Profile };
  session.close();
  console.log(`${Math.round(perSecond(report))} claims/s under the profiler\n${listed(profile)}`);
} finally {
  await load.stop();
  await directory.stop();
}

function listed({ nodes, samples, timeDeltas }: Profile): string {
  const names = new Map(
    nodes.map(({ id, callFrame }) => [id, `${callFrame.functionName}:${callFrame.lineNumber + 1}`]),
  );
  const own = new Map<string, number>();
  for (const [index, sample] of samples.entries()) {
    const name = names.get(sample) ?? "?";
    own.set(name, (own.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const total = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  return [...own]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, SHOWN_FUNCTIONS)
    .map(([name, time]) => `${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}`)
    .join("\n");
}

type Session = {
  readonly ask: (method: string, params?: object) => Promise<unknown>;
  readonly close: () => void;
};

async function openInspector(): Promise<Session> {
  const targets = (await (await fetch(`http://127.0.0.1:${INSPECTOR_PORT}/json`)).json()) as {
    readonly webSocketDebuggerUrl: string;
    readonly title?: string;
    readonly id?: string;
  }[];
  const target = targets.find(({ id, webSocketDebuggerUrl }) => `${id} ${webSocketDebuggerUrl}`.includes("bench"));
  if (!target) throw new Error(`no inspector target: ${JSON.stringify(targets)}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("the inspector cannot be reached")), { once: true });
  });
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id !== undefined) waiting.get(id)?.(result);
  });
  let next = 1;
  return {
    ask: (method, params = {}) =>
      new Promise((resolve) => {
        const id = next++;
        waiting.set(id, resolve);
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => socket.close(),
  };
}
