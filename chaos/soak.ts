/**
 * `npm run soak -- [--minutes M] [--rate R] [--users U] [--keep S] [--json FILE]`: mixed load at R requests a second on
 * U users for M minutes, on a directory on disk. Prints errors, latencies and the memory of workerd as JSON; any 5xx,
 * any request without an answer and memory that keeps growing fail it.
 *
 * What is stored is kept for S seconds, much shorter than in a deployment: packages, fingerprints and claims
 * come and go at the same rate after that time, and so do the caches that SQLite has of them. What still grows
 * then is a leak.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { countBy } from "../src/shared/count-by.ts";
import { positive, readOptions } from "../tools/lib/args.ts";
import { localRegistration } from "../tools/lib/registration-requests.ts";
import { newSigner, type SampleSigner, sampleKeyPackages } from "../tools/lib/sample-packages.ts";
import type { Issuer } from "../tools/lib/tokens.ts";
import { type Installation, install, start } from "./killable-server.ts";

const BATCH_PACKAGES = 5;
const MAX_IN_FLIGHT = 64;
const SAMPLE_EVERY_MS = 10_000;
/** Memory is looked at from here on: until then stores, caches and heaps are filling. */
const WARM_UP_SHARE = 0.5;
/** Growth from the warm-up to the end, by a straight line through the samples, that is taken for noise. */
const MAX_GROWTH_SHARE = 0.05;

const USAGE = "npm run soak -- [--minutes M] [--rate R] [--users U] [--keep S] [--json FILE]";

const { minutes, rate, users, keepSeconds, json } = readOptions(USAGE, () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      rate: { type: "string", default: "40" },
      users: { type: "string", default: "100" },
      keep: { type: "string", default: "90" },
      json: { type: "string" },
    },
  });
  return {
    minutes: positive("--minutes", values.minutes),
    rate: positive("--rate", values.rate),
    users: positive("--users", values.users),
    keepSeconds: positive("--keep", values.keep),
    json: values.json,
  };
});

type Owner = { readonly user: string; readonly token: string; readonly signer: SampleSigner };
type Kind = "publish" | "claim" | "repeated_claim" | "inventory" | "peek" | "reconcile" | "stock";
type Measured = { readonly kind: Kind; readonly status: number | undefined; readonly ms: number };

/** What is asked how often, in parts of a hundred. */
const MIX: readonly (readonly [Kind, number])[] = [
  ["claim", 55],
  ["repeated_claim", 5],
  ["publish", 15],
  ["inventory", 12],
  ["peek", 8],
  ["reconcile", 3],
  ["stock", 2],
];

async function soak(installation: Installation) {
  const server = await start(installation);
  try {
    const { issuer, address } = installation;
    const owners = await Promise.all(
      Array.from({ length: users }, (_, index) => register(address, issuer, `user${index}`)),
    );
    const claimer = await issuer.token("claimer", "laptop", "key-packages:claim");
    const operator = await issuer.token("operator", "console", "directory:admin");
    const measured: Measured[] = [];
    const memory: { readonly seconds: number; readonly megabytes: number }[] = [];
    const startedMs = Date.now();
    const endMs = startedMs + minutes * 60_000;
    const sample = () => {
      const megabytes = residentMegabytes(server.workerd());
      if (megabytes !== undefined) memory.push({ seconds: Math.round((Date.now() - startedMs) / 1000), megabytes });
    };
    sample();
    const sampling = setInterval(sample, SAMPLE_EVERY_MS);
    const inFlight = new Set<Promise<void>>();
    let skipped = 0;
    for (let nextMs = startedMs; nextMs < endMs; nextMs += 1000 / rate) {
      const waitMs = nextMs - Date.now();
      if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs));
      if (inFlight.size >= MAX_IN_FLIGHT) {
        skipped += 1;
        continue;
      }
      const request: Promise<void> = one(address, owners, claimer, operator)
        .then((result) => {
          measured.push(result);
        })
        .finally(() => inFlight.delete(request));
      inFlight.add(request);
    }
    await Promise.all(inFlight);
    clearInterval(sampling);
    sample();
    return report(measured, memory, skipped);
  } finally {
    await server.kill();
  }
}

async function register(address: string, issuer: Issuer, user: string): Promise<Owner> {
  const token = await issuer.token(user, "phone", "key-packages:publish");
  const signer = await newSigner();
  const owner = { user, token, signer };
  const body = await localRegistration(user, "phone", signer);
  const { status } = await send(address, "PUT", `/v1/users/${user}/clients/phone`, token, body);
  if (status !== 201) throw new Error(`${user} could not be registered: ${status}`);
  await send(address, "POST", `/v1/users/${user}/clients/phone/key-packages`, token, {
    key_packages: await sampleKeyPackages({ identity: user, signer, count: 1, lastResort: true }),
  });
  return owner;
}

/** One request of the mix, timed without the making of its body. */
async function one(address: string, owners: readonly Owner[], claimer: string, operator: string): Promise<Measured> {
  const owner = owners[Math.floor(Math.random() * owners.length)];
  if (!owner) throw new Error("there is no owner");
  const kind = draw();
  const client = `/v1/users/${owner.user}/clients/phone`;
  const claim = { ciphersuites: [1] };
  const claims = `/v1/users/${owner.user}/claims`;
  switch (kind) {
    case "publish": {
      const key_packages = await sampleKeyPackages({
        identity: owner.user,
        signer: owner.signer,
        count: BATCH_PACKAGES,
        lifetimeSeconds: keepSeconds,
      });
      return timed(kind, () => send(address, "POST", `${client}/key-packages`, owner.token, { key_packages }));
    }
    case "claim":
      return timed(kind, () => send(address, "POST", claims, claimer, claim, randomUUID()));
    case "repeated_claim": {
      const key = randomUUID();
      await send(address, "POST", claims, claimer, claim, key).catch(() => undefined);
      return timed(kind, () => send(address, "POST", claims, claimer, claim, key));
    }
    case "inventory":
      return timed(kind, () => send(address, "GET", `${client}/inventory`, owner.token));
    case "peek":
      return timed(kind, () => send(address, "GET", `/v1/users/${owner.user}/clients`, claimer));
    case "reconcile": {
      const digest = Buffer.alloc(32).toString("base64url");
      return timed(kind, () => send(address, "POST", `${client}/reconcile`, owner.token, { digest }));
    }
    case "stock":
      return timed(kind, () => send(address, "GET", "/v1/admin/stock?filter=low", operator));
  }
}

function draw(): Kind {
  let dice = Math.random() * 100;
  for (const [kind, share] of MIX) {
    dice -= share;
    if (dice < 0) return kind;
  }
  return "claim";
}

async function timed(kind: Kind, ask: () => Promise<{ readonly status: number }>): Promise<Measured> {
  const startedMs = performance.now();
  try {
    const { status } = await ask();
    return { kind, status, ms: performance.now() - startedMs };
  } catch {
    return { kind, status: undefined, ms: performance.now() - startedMs };
  }
}

async function send(
  address: string,
  method: string,
  path: string,
  token: string,
  body?: unknown,
  idempotencyKey?: string,
): Promise<{ readonly status: number }> {
  const response = await fetch(address + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  await response.arrayBuffer();
  return { status: response.status };
}

function report(
  measured: readonly Measured[],
  memory: readonly { readonly seconds: number; readonly megabytes: number }[],
  skipped: number,
) {
  const warm = memory.filter(({ seconds }) => seconds >= minutes * 60 * WARM_UP_SHARE);
  const growth = slope(warm.map(({ seconds, megabytes }) => [seconds / 60, megabytes]));
  return {
    minutes,
    rate_a_second: rate,
    users,
    kept_seconds: keepSeconds,
    requests: measured.length,
    /** Not sent because too many were under way: the machine was slower than the rate. */
    skipped,
    errors_5xx: measured.filter(({ status }) => status !== undefined && status >= 500).length,
    unanswered: measured.filter(({ status }) => status === undefined).length,
    by_status: countBy(measured.map(({ status }) => String(status ?? "none"))),
    latency_ms: Object.fromEntries(
      MIX.map(([kind]) => [kind, percentiles(measured.filter((one) => one.kind === kind).map(({ ms }) => ms))]),
    ),
    workerd_resident_megabytes: {
      start: memory[0]?.megabytes,
      after_warm_up: warm[0]?.megabytes,
      end: memory.at(-1)?.megabytes,
      most: Math.max(...memory.map(({ megabytes }) => megabytes)),
      growth_a_minute_after_warm_up: round(growth),
      flat: growth * minutes * (1 - WARM_UP_SHARE) <= MAX_GROWTH_SHARE * (warm[0]?.megabytes ?? 0),
      samples: memory,
    },
  };
}

function percentiles(times: number[]) {
  const sorted = times.sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { requests: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: round(sorted.at(-1) ?? 0) };
}

/** Of the straight line that fits the points best (least squares); 0 for fewer than two. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map(([at]) => at));
  const y = mean(points.map(([, value]) => value));
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Resident memory of a process, from /proc; undefined where there is none. */
function residentMegabytes(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  const kilobytes = /^VmRSS:\s+([0-9]+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
}

const folder = mkdtempSync(join(tmpdir(), "kpd-soak-"));
try {
  const kept = { REPLAY_RETENTION_SECONDS: String(keepSeconds), JOURNAL_RETENTION_SECONDS: String(keepSeconds) };
  const figures = await soak(await install(folder, { settings: kept }));
  console.log(JSON.stringify(figures, null, 2));
  if (json) writeFileSync(json, JSON.stringify(figures, null, 2));
  const sound = figures.errors_5xx + figures.unanswered === 0 && figures.workerd_resident_megabytes.flat;
  process.exitCode = sound ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
