/** The actors of one run as child processes, and the history that they wrote. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type LocalKey, localToken } from "../../scripts/local/keys.ts";
import type { Operation } from "../history.ts";
import type { ActorOrders } from "./caller.ts";

const ADDER_LOOPS = 6;
const END_TIMEOUT_MS = 150_000;

export type Cast = {
  /** Owners are shared out among this many processes. */
  readonly publishers: number;
  readonly adders: number;
  readonly users: readonly string[];
  readonly publisherPauseMs: number;
  readonly adderPauseMs: number;
  readonly seed: number;
};

export type Company = {
  /** Lets every actor end what it does, and returns what all of them did, in the order of sending. */
  readonly end: () => Promise<Operation[]>;
  readonly kill: () => void;
  readonly tokens: Readonly<Record<string, string>>;
};

/** Starts the actors against `address`; each writes its part of the history into `folder`. */
export async function engage(cast: Cast, address: string, key: LocalKey, folder: string): Promise<Company> {
  const tokens: Record<string, string> = {
    "operator/console": await localToken(key, { user: "operator", client: "console", scope: "directory:admin" }),
  };
  for (const user of cast.users) {
    tokens[`${user}/phone`] = await localToken(key, { user, client: "phone", scope: "key-packages:publish" });
  }
  const names = Array.from({ length: cast.adders }, (_, index) => `adder${index}`);
  for (const [user, client] of names.flatMap((name) =>
    Array.from({ length: ADDER_LOOPS }, (_, index) => [`adder-${name}`, `device-${index}`] as const),
  )) {
    tokens[`${user}/${client}`] = await localToken(key, { user, client, scope: "key-packages:claim" });
  }
  const common = { address, tokens, loops: ADDER_LOOPS, pauseMs: cast.adderPauseMs };
  const parts: (readonly [string, ActorOrders])[] = [
    ...Array.from({ length: cast.publishers }, (_, index) => {
      const users = cast.users.filter((_, place) => place % cast.publishers === index);
      const pauseMs = cast.publisherPauseMs;
      return ["publisher", { ...common, pauseMs, users, ...named(`publisher${index}`, index) }] as const;
    }),
    ...names.map((name, index) => ["adder", { ...common, users: cast.users, ...named(name, 100 + index) }] as const),
    ["operator", { ...common, pauseMs: 200, users: cast.users, ...named("operator", 200) }] as const,
  ];
  function named(name: string, offset: number) {
    return { name, history: join(folder, `${name}.jsonl`), seed: cast.seed + offset };
  }
  const children = parts.map(([script, orders]) => perform(script, orders));
  return {
    tokens,
    kill: () => {
      for (const child of children) child.kill("SIGKILL");
    },
    end: async () => {
      await Promise.all(children.map(leave));
      return parts
        .flatMap(([, { history }]) => (existsSync(history) ? readFileSync(history, "utf8").split("\n") : []))
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Operation)
        .sort((a, b) => a.sentMs - b.sentMs);
    },
  };
}

function perform(script: string, orders: ActorOrders): ChildProcess {
  return spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, `${script}.ts`), JSON.stringify(orders)],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
}

async function leave(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`an actor ended early: ${child.exitCode}`);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
