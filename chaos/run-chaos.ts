/**
 * `npm run chaos -- [--rounds N] [--seconds S] [--seed N] [--json FILE] [--keep FOLDER]`: a directory on disk under
 * load, killed N times after about S seconds each, and a checker over everything that its callers saw.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { countBy } from "../src/shared/count-by.ts";
import { natural, readOptions } from "../tools/lib/args.ts";
import { newSigner } from "../tools/lib/sample-packages.ts";
import { engage } from "./actors/company-actor.ts";
import { check } from "./checker.ts";
import { type Ask, finalState } from "./final-state.ts";
import type { History, UserAnswer } from "./history.ts";
import { install, start } from "./killable-server.ts";
import { judged } from "./rules/nothing-lost.ts";
import { timelineOf } from "./timeline.ts";

/** Half of the users have two clients, and half are cooperative, in every combination. */
const USERS = [
  { user: "ada", clients: ["phone", "tablet"], cooperative: true },
  { user: "ben", clients: ["phone"], cooperative: true },
  { user: "cleo", clients: ["phone", "tablet"], cooperative: false },
  { user: "dan", clients: ["phone"], cooperative: false },
  { user: "eve", clients: ["phone", "tablet"], cooperative: true },
  { user: "finn", clients: ["phone"], cooperative: false },
] as const;
const OWNERS = USERS.flatMap(({ user, clients, cooperative }) =>
  clients.map((client) => ({ user, client, cooperative, sibling: clients.find((other) => other !== client) })),
);
/** The share of a run in which an operator may void and mend what the rules are about; the rest is judged. */
const EARLY_SHARE = 1 / 3;
const MAX_SHOWN_VIOLATIONS = 20;

const USAGE = "npm run chaos -- [--rounds N] [--seconds S] [--seed N] [--json FILE] [--keep FOLDER]";

const { rounds, seconds, seed, json, keep } = readOptions(USAGE, () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "4" },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
      json: { type: "string" },
      keep: { type: "string" },
    },
  });
  return {
    ...values,
    rounds: natural("--rounds", values.rounds),
    seconds: natural("--seconds", values.seconds),
    seed: natural("--seed", values.seed),
  };
});

const folder = keep ?? mkdtempSync(join(tmpdir(), "kpd-chaos-"));
mkdirSync(folder, { recursive: true });
console.log(`chaos: ${rounds} rounds of about ${seconds} s, seed ${seed}`);
const startedMs = Date.now();
const history = await survive();
if (keep) writeFileSync(join(folder, "history.json"), JSON.stringify(history));
else rmSync(folder, { recursive: true, force: true });

const violations = check(history);
const judgedPackages = judged(timelineOf(history));
const publishCodes = history.operations.flatMap((one) => (one.kind === "publish" ? one.codes : []));
const resendCodes = history.operations.flatMap((one) => (one.kind === "resend" ? one.codes : []));
const claims = history.operations.filter((one) => one.kind === "claim");
const claimed = claims.flatMap(({ users }) => users.flatMap(({ clients }) => clients));
const gives = (users: readonly UserAnswer[]): boolean =>
  users.some(({ clients }) => clients.some(({ packages }) => packages.length > 0));
const figures = {
  rounds,
  seconds_a_round: seconds,
  seed,
  kills: rounds,
  wall_seconds: Math.round((Date.now() - startedMs) / 1000),
  operations: history.operations.length,
  by_kind: countBy(history.operations.map(({ kind }) => kind)),
  by_status: countBy(history.operations.map(({ status }) => String(status ?? "none"))),
  repeated_calls: history.operations.filter(({ tries }) => tries > 1).length,
  unanswered: history.operations.filter(({ status }) => status === undefined).length,
  packages_published: publishCodes.filter((code) => code === "stored").length,
  publish_codes: countBy(publishCodes),
  /** What clients were told of packages of their siblings. */
  sibling_codes: countBy(resendCodes),
  /** Acknowledged and not ended by a publisher or operator before the end, so that each must be live or claimed. */
  judged_packages: judgedPackages.length,
  judged_and_live: judgedPackages.filter(({ liveAtEnd }) => liveAtEnd).length,
  claim_outcomes: countBy(claimed.map(({ status }) => status)),
  bundles_given: claims.filter(({ criteria, users }) => criteria.groups.length > 1 && gives(users)).length,
  capability_claims: countBy(
    claims.filter(({ capability }) => capability).map(({ status, users }) => (gives(users) ? "gave" : String(status))),
  ),
  routes_found: history.operations.flatMap((one) => (one.kind === "find_routes" ? one.found : [])).length,
  violations: violations.length,
};
console.log(JSON.stringify(figures, null, 2));
for (const { rule, what } of violations.slice(0, MAX_SHOWN_VIOLATIONS)) console.log(`VIOLATION ${rule}: ${what}`);
if (json) writeFileSync(json, JSON.stringify({ ...figures, violations_found: violations }, null, 2));
process.exitCode = violations.length > 0 ? 1 : 0;

/** What claims may be given and made with, so that all of it is killed. */
async function everything(): Promise<Record<string, string>> {
  const { publicKey, signKey } = await newSigner();
  const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
  const key = { kty: "OKP", crv: "Ed25519", kid: "chaos", x: base64url(publicKey), d: base64url(signKey) };
  return {
    CLAIM_CAPABILITIES: "on",
    WELCOME_ROUTES: "on-request",
    RECEIPTS: "always",
    RECEIPT_KEYS: JSON.stringify({ keys: [key] }),
    RECEIPT_ISSUER: "https://chaos.test",
  };
}

async function survive(): Promise<History> {
  const installation = await install(folder, { entry: "src/worker-full.ts", settings: await everything() });
  let server = await start(installation);
  const company = await engage(
    {
      publishers: 2,
      claimers: 2,
      owners: OWNERS,
      publisherPauseMs: 150,
      claimerPauseMs: 30,
      earlyMs: rounds * seconds * 1000 * EARLY_SHARE,
      seed,
    },
    installation.address,
    installation.issuer,
    folder,
  );
  try {
    for (let round = 1; round <= rounds; round++) {
      // Uniform around the span that was asked for, so that the kill interrupts every kind of work.
      await new Promise((done) => setTimeout(done, seconds * 1000 * (0.5 + Math.random())));
      await server.kill();
      server = await start(installation);
      console.log(`killed and started ${round} of ${rounds}`);
    }
    const operations = await company.end();
    const ask: Ask = async (as, method, path, body) => {
      const response = await fetch(installation.address + path, {
        method,
        headers: {
          authorization: `Bearer ${company.tokens[as]}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return response.json();
    };
    const clients = await finalState(ask, "operator/console", OWNERS);
    return { operations, final: { atMs: Date.now(), clients } };
  } finally {
    company.kill();
    await server.kill();
  }
}
