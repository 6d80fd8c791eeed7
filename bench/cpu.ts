/**
 * What a request takes of the processor in workerd, from /proc: `node bench/cpu.ts [rounds]`. On a busy machine rates say
 * little about the code. The least of several rounds is what was disturbed least; the median shows by how much.
 */
import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { descendants, readProc } from "../tools/lib/process-tree.ts";
import { encodeRequest, HttpConnection } from "./lib/http-connection.ts";
import { benchOrder, claimOrder, startDirectory, userNames } from "./lib/measured-directory.ts";
import { spread } from "./lib/rounds.ts";

const DEFAULT_ROUNDS = 4;
const CONNECTIONS = 48;
const HOT_REQUESTS = 3_000;
const USERS = 500;
const COLD_USERS = 150;
/** workerd evicts an object that nobody has called for ten seconds. */
const EVICTION_MS = 12_000;
/** A pool that was claimed from so long ago keeps no chunk in memory. */
const NO_LONGER_BUSY_MS = 400;
/** Work that goes on behind the last answer. */
const TRAILING_MS = 30;

type Target = ReturnType<typeof claimOrder> & { readonly status?: number };

const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS);
const directory = await startDirectory();
try {
  const workerd = descendants(directory.pid).find((pid) => readProc(`${pid}/comm`)?.trim() === "workerd");
  if (workerd === undefined) throw new Error("workerd was not found below its process");
  const users = userNames(USERS);
  const cold = Array.from({ length: COLD_USERS }, (_, index) => `cold-${index}`);
  await directory.seed({ users: [...users, ...cold], count: 100 });
  await directory.seed({ users: ["hot"], count: HOT_REQUESTS * (rounds + 2) });
  const figures = new Map<string, number[]>();
  const measure = async (name: string, target: Target, requests: number, connections = CONNECTIONS) => {
    const ms = await processorMs(workerd, target, requests, connections);
    figures.set(name, [...(figures.get(name) ?? []), ms]);
  };
  const claim = (of: readonly string[]) => claimOrder(directory.claimToken, of);
  const write = (of: readonly string[]) => benchOrder("least", of, "");
  // The warm-up round is not counted.
  for (let round = 0; round <= rounds; round++) {
    if (round === 1) figures.clear();
    await measure("an empty route", benchOrder("empty", ["hot"], ""), HOT_REQUESTS);
    await measure("a call of an object that does nothing", benchOrder("wake", ["hot"], ""), HOT_REQUESTS);
    await measure("a claim for nobody", { ...claim(["nobody"]), status: 404 }, HOT_REQUESTS);
    await measure("least write, one object", write(["hot"]), HOT_REQUESTS);
    await measure("claim, one user", claim(["hot"]), HOT_REQUESTS);
    await pause(EVICTION_MS);
    await processorMs(workerd, benchOrder("wake-least", users, ""), USERS, CONNECTIONS);
    await measure("least write, the first of each object", write(users), USERS);
    await processorMs(workerd, benchOrder("wake", users, ""), USERS, CONNECTIONS);
    await measure("claim, the first of each user", claim(users), USERS);
    await pause(NO_LONGER_BUSY_MS);
    await measure("claim, the second of each user", claim(users), USERS);
    await pause(EVICTION_MS);
    await measure("least write on a cold object", write(cold), COLD_USERS, 1);
    await measure("claim of a cold pool", claim(cold), COLD_USERS, 1);
  }
  for (const [name, values] of figures) {
    const { least, median } = spread(values);
    console.log(`${name.padEnd(40)} least ${least.toFixed(3)} ms   median ${median.toFixed(3)} ms`);
  }
} finally {
  await directory.stop();
}

/** Milliseconds of all threads of the process, per request. Throws for an answer of another status. */
async function processorMs(pid: number, target: Target, requests: number, connections: number): Promise<number> {
  const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(directory.port)));
  const run = randomUUID();
  let sent = 0;
  const before = nanosecondsOf(pid);
  const pump = async (connection: HttpConnection) => {
    while (sent < requests) {
      const index = sent++;
      const path = target.paths[index % target.paths.length] ?? "/";
      const headers = target.withKey ? { ...target.headers, "Idempotency-Key": `${run}-${index}` } : target.headers;
      const { status, body } = await connection.send(encodeRequest(target.method, path, headers, target.body));
      if (status !== (target.status ?? 200)) throw new Error(`${path}: got ${status} ${body.toString("utf8", 0, 200)}`);
    }
  };
  try {
    await Promise.all(open.map(pump));
    await pause(TRAILING_MS);
    return (nanosecondsOf(pid) - before) / requests / 1e6;
  } finally {
    for (const connection of open) connection.close();
  }
}

function nanosecondsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => Number(readProc(`${pid}/task/${task}/schedstat`)?.split(" ")[0] ?? 0))
    .reduce((sum, nanoseconds) => sum + nanoseconds, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
