/**
 * Processor time of workerd per request, from /proc: `node bench/cpu.ts [rounds] [NAME,…]`. Rates on a busy machine say
 * little; what a request takes of the processor says the same on any.
 */

import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { descendants, readProc } from "../tools/lib/process-tree.ts";
import { benchOrder, claimOrder, type Directory, startDirectory, userNames } from "./lib/directory.ts";
import { encodeRequest, HttpConnection } from "./lib/http-connection.ts";
import { spread } from "./lib/rounds.ts";

const USERS = Number(process.env.BENCH_USERS ?? 600);
const HOT_REQUESTS = 3_000;
const COLD_USERS = 200;
const EVICTION_MS = 12_000;

const rounds = Number(process.argv[2] ?? 3);
const only = process.argv[3]?.split(",");
const directory = await startDirectory();
const pid = workerd(directory);
const users = userNames(USERS);
const cold = Array.from({ length: COLD_USERS }, (_, i) => `cold-${i}`);

type Target = ReturnType<typeof claimOrder>;
const figures = new Map<string, number[]>();

async function drive(target: Target, requests: number, connections: number, status = 200): Promise<number> {
  const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(directory.port)));
  const run = randomUUID();
  let sent = 0;
  const before = cpuNs();
  await Promise.all(
    open.map(async (connection) => {
      while (sent < requests) {
        const index = sent++;
        const headers = target.withKey ? { ...target.headers, "Idempotency-Key": `${run}-${index}` } : target.headers;
        const path = target.paths[index % target.paths.length] ?? "/";
        const answer = await connection.send(encodeRequest(target.method, path, headers, target.body));
        if (answer.status !== status)
          throw new Error(`${path}: ${answer.status} ${answer.body.toString("utf8", 0, 200)}`);
      }
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 30));
  const ns = cpuNs() - before;
  for (const connection of open) connection.close();
  return ns / requests / 1e6;
}

const note = (name: string, ms: number) => figures.set(name, [...(figures.get(name) ?? []), ms]);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const wants = (name: string) => only === undefined || only.includes(name);

try {
  const seeded = 20 * (rounds + 2);
  if (wants("many")) await directory.seed({ users, count: Math.max(100, 3 * (rounds + 1)) });
  if (wants("cold")) await directory.seed({ users: cold, count: 100 });
  if (wants("hot")) await directory.seed({ users: ["hot"], count: HOT_REQUESTS * (rounds + 2) });
  void seeded;
  const hot = claimOrder(directory.claimToken, ["hot"]);
  const nobody = claimOrder(directory.claimToken, ["nobody"]);
  const many = claimOrder(directory.claimToken, users);
  const manyCold = claimOrder(directory.claimToken, cold);
  const empty = benchOrder("empty", ["x"], "");
  for (let round = 0; round <= rounds; round++) {
    const say = (name: string, ms: number) => round > 0 && note(name, ms);
    if (wants("http")) {
      say("empty", await drive(empty, HOT_REQUESTS, 48));
      say("wake hot (RPC)", await drive(benchOrder("wake", ["hot"], ""), HOT_REQUESTS, 48));
      say("claim of nobody", await drive(nobody, HOT_REQUESTS, 48, 404));
      say("claim of nobody", await drive(nobody, HOT_REQUESTS, 48, 404));
    }
    if (wants("hot")) {
      say("empty", await drive(empty, HOT_REQUESTS, 48));
      say("least hot", await drive(benchOrder("least", ["x"], ""), HOT_REQUESTS, 48));
      say("wake hot (RPC)", await drive(benchOrder("wake", ["hot"], ""), HOT_REQUESTS, 48));
      say("claim of nobody", await drive(nobody, HOT_REQUESTS, 48, 404));
      say("claim hot", await drive(hot, HOT_REQUESTS, 48));
      say("claim hot, alone", await drive(hot, 600, 1));
      say("least hot, alone", await drive(benchOrder("least", ["x"], ""), 600, 1));
    }
    if (wants("many")) {
      await pause(EVICTION_MS);
      say("wake least", await drive(benchOrder("wake-least", users, ""), USERS, 48));
      say("least many first", await drive(benchOrder("least", users, ""), USERS, 48));
      say("least many second", await drive(benchOrder("least", users, ""), USERS, 48));
      say("wake pool", await drive(benchOrder("wake", users, ""), USERS, 48));
      say("claim many first", await drive(many, USERS, 48));
      await pause(400);
      say("claim many second", await drive(many, USERS, 48));
    }
    if (wants("cold")) {
      await pause(EVICTION_MS);
      say("least cold", await drive(benchOrder("least", cold, ""), COLD_USERS, 1));
      say("claim cold", await drive(manyCold, COLD_USERS, 1));
      await pause(EVICTION_MS);
      say("bare cold", await drive(benchOrder("wake-bare", cold, ""), COLD_USERS, 1));
      say("wake pool cold", await drive(benchOrder("wake", cold, ""), COLD_USERS, 1));
    }
  }
  for (const [name, values] of figures) {
    const { median, least, greatest } = spread(values);
    console.log(`${name.padEnd(24)} ${median.toFixed(3)} ms  (${least.toFixed(3)}-${greatest.toFixed(3)})`);
  }
} finally {
  await directory.stop();
}

function workerd({ pid: above }: Directory): number {
  const found = descendants(above).find((child) => readProc(`${child}/comm`)?.trim() === "workerd");
  if (found === undefined) throw new Error("workerd was not found below its process");
  return found;
}

/** Of all its threads. */
function cpuNs(): number {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
  }
  return sum;
}
