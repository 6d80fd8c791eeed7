/** The actors of one run as child processes, and the history that they wrote. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newSigner } from "../../tools/lib/sample-packages.ts";
import type { Issuer } from "../../tools/lib/tokens.ts";
import { PROBE } from "../final-state.ts";
import type { Operation } from "../history.ts";
import type { ActorOrders, Owner, SharedSigner } from "./caller-actor.ts";

const CLAIMER_LOOPS = 6;
const END_TIMEOUT_MS = 150_000;
/**
 * Claimers go on for a while after the owners have ended and the outbox has carried what those changed. What claims change
 * waits for its mark alone then, so that the directory would stay behind without it.
 */
const CLAIMS_ALONE_MS = 2_500;

export type Cast = {
  /** Owners are shared out among this many processes. */
  readonly publishers: number;
  readonly claimers: number;
  readonly owners: readonly Owner[];
  readonly publisherPauseMs: number;
  readonly claimerPauseMs: number;
  /** How long the operator may void and mend. */
  readonly earlyMs: number;
  readonly seed: number;
};

export type Company = {
  /** Lets every actor end what it does, and returns what all of them did, in the order of sending. */
  readonly end: () => Promise<Operation[]>;
  readonly kill: () => void;
  readonly tokens: Readonly<Record<string, string>>;
};

/** Starts the actors against `address`; each writes its part of the history into `folder`. */
export async function engage(cast: Cast, address: string, issuer: Issuer, folder: string): Promise<Company> {
  const tokens: Record<string, string> = {
    "operator/console": await issuer.token("operator", "console", "directory:admin"),
    "delivery/service": await issuer.token("delivery", "service", "routes:read"),
  };
  const users = [...new Set(cast.owners.map(({ user }) => user))];
  for (const { user, client } of [...cast.owners, ...users.map((user) => ({ user, client: PROBE }))]) {
    tokens[`${user}/${client}`] = await issuer.token(user, client, "key-packages:publish");
  }
  const signers: Record<string, SharedSigner> = {};
  for (const { user, client } of cast.owners) {
    const { signKey, publicKey } = await newSigner();
    signers[`${user}/${client}`] = { signKey: base64url(signKey), publicKey: base64url(publicKey) };
  }
  const names = Array.from({ length: cast.claimers }, (_, index) => `claimer${index}`);
  for (const [user, client] of names.flatMap((name) =>
    Array.from({ length: CLAIMER_LOOPS }, (_, index) => [`claimer-${name}`, `device-${index}`] as const),
  )) {
    tokens[`${user}/${client}`] = await issuer.token(user, client, "key-packages:claim");
  }
  const common = {
    address,
    tokens,
    users,
    signers,
    owners: [],
    capabilities: join(folder, "capabilities.jsonl"),
    earlyMs: cast.earlyMs,
    loops: CLAIMER_LOOPS,
    pauseMs: cast.claimerPauseMs,
  };
  const parts: (readonly [string, ActorOrders])[] = [
    ...Array.from({ length: cast.publishers }, (_, index) => {
      const owners = cast.owners.filter((_, place) => place % cast.publishers === index);
      const pauseMs = cast.publisherPauseMs;
      return ["publisher", { ...common, pauseMs, owners, ...named(`publisher${index}`, index) }] as const;
    }),
    ...names.map((name, index) => ["claimer", { ...common, ...named(name, 100 + index) }] as const),
    ["operator", { ...common, pauseMs: 200, ...named("operator", 200) }] as const,
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
      const claimers = children.filter((_, index) => parts[index]?.[0] === "claimer");
      await Promise.all(children.filter((child) => !claimers.includes(child)).map(leave));
      await new Promise((done) => setTimeout(done, CLAIMS_ALONE_MS));
      await Promise.all(claimers.map(leave));
      return parts
        .flatMap(([, { history }]) => (existsSync(history) ? readFileSync(history, "utf8").split("\n") : []))
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Operation)
        .sort((a, b) => a.sentMs - b.sentMs);
    },
  };
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

function perform(script: string, orders: ActorOrders): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, `${script}-actor.ts`), JSON.stringify(orders)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

async function leave(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`an actor ended early: ${child.exitCode}`);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
