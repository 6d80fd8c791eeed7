/**
 * `npm start`: the directory on this machine, ready to use, with no account and no network.
 *
 * PORT chooses the port (8787), STATE_DIR the folder that keeps data between starts (.kpd), and any setting of
 * src/config/settings.ts in the environment is passed on. With AUTH_… tokens come from an issuer of one's own instead of
 * the one of this tool. `-- --log` shows a line for each request. Everything it starts ends with it.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DESCRIPTION_FILE, TOKEN_KEY_FILE } from "../src/cli/remote/local-issuer.ts";
import { readSettings } from "../src/config/settings.ts";
import { port, readOptions } from "./lib/args.ts";
import { lockFolder } from "./lib/folder-lock.ts";
import { keptSigner } from "./lib/kept-signer.ts";
import { budgetsInForce, issuerOf, settingsOf } from "./lib/local-settings.ts";
import { startWorker } from "./lib/local-worker.ts";
import { NO_BUDGETS } from "./lib/no-budgets.ts";
import { buildPages } from "./lib/pages/build.ts";
import { isPortBusy } from "./lib/ports.ts";
import { localRegistration } from "./lib/registration-requests.ts";
import { sampleKeyPackages } from "./lib/sample-packages.ts";
import { keptIssuer } from "./lib/tokens.ts";
import { bundle, readDeployment } from "./lib/worker-deployment.ts";

const SAMPLE_LINES = "sample-packages.txt";
const SAMPLE_PACKAGES = 10;
const PARENT_POLL_MS = 500;
/** A start that has just been ended may not be gone yet. */
const STATE_WAIT_MS = 1_000;
const OWNER = { user: "alice", client: "phone" };
const CLAIMER = { user: "bob", client: "laptop" };
const OPERATOR = { user: "operator", client: "console" };

/**
 * One developer plays every part: the budgets against draining would stop them after ten claims. Pages that a developer
 * serves on this machine may call.
 */
/** Pages of this machine, as their development servers give them. */
const LOOPBACK_ORIGINS = ["localhost", "127.0.0.1", "[::1]"]
  .flatMap((host) => [`http://${host}:*`, `https://${host}:*`])
  .join(",");

const LOCAL_SETTINGS = { ...NO_BUDGETS, CORS_ORIGINS: LOOPBACK_ORIGINS };

const { log } = readOptions("npm start [-- --log]", () => {
  return parseArgs({ options: { log: { type: "boolean", default: false } } }).values;
});

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
if (process.env.npm_lifecycle_event === "start") stopWithParent();

await main(stopping.signal).catch((error: unknown) => {
  if (stopping.signal.aborted) return;
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});

async function main(signal: AbortSignal): Promise<void> {
  const chosen = port("PORT", process.env.PORT ?? "8787");
  const state = resolve(process.env.STATE_DIR ?? ".kpd");
  mkdirSync(state, { recursive: true });
  // Before anything in it is read or written. The storage has a lock of its own, for it is in use a little longer.
  if (!lockFolder(state, STATE_WAIT_MS)) throw new Error(inUse(state));
  if (await isPortBusy(chosen)) {
    throw new Error(`Port ${chosen} is in use. Stop what listens there, or choose another: PORT=8788 npm start`);
  }
  const issuer = await keptIssuer(join(state, TOKEN_KEY_FILE));
  const others = issuerOf(process.env);
  const variables = { ...(others ?? issuer.settings), ...LOCAL_SETTINGS, ...settingsOf(process.env) };
  const pages = join(state, "pages");
  await buildPages(pages);
  const directory = await startWorker(
    {
      deployment: readDeployment(),
      script: bundle("src/worker-full.ts"),
      variables,
      state: join(state, "storage"),
      pages,
      port: chosen,
      showLogs: log ? "all" : true,
    },
    signal,
  );
  try {
    await checkHealth(directory.address);
    const budgets = budgetsInForce(readSettings(variables).budgets);
    if (others) {
      // No token of ours is good here, and none of theirs is at hand: there is nothing to show beyond the address.
      console.log(welcomeFor(directory.address, others, budgets));
      await directory.ended;
      if (!signal.aborted) throw new Error("the directory ended by itself");
      return;
    }
    const tokens = {
      publish: await issuer.token(OWNER.user, OWNER.client, "key-packages:publish"),
      claim: await issuer.token(CLAIMER.user, CLAIMER.client, "key-packages:claim"),
      operator: await issuer.token(OPERATOR.user, OPERATOR.client, "directory:admin"),
    };
    const sample = await prepareSample(state, directory.address, tokens.publish);
    const described = join(state, DESCRIPTION_FILE);
    writeFileSync(described, JSON.stringify({ address: directory.address, tokens, sample }, null, 2), { mode: 0o600 });
    chmodSync(described, 0o600);
    console.log(welcome(directory.address, tokens, sample, budgets));
    await directory.ended;
    if (!signal.aborted) throw new Error("the directory ended by itself");
  } finally {
    await directory.stop();
  }
}

function inUse(state: string): string {
  return `${state} is in use by another directory. Stop that one, or start this one with a folder and a port of its own:
STATE_DIR=.kpd-2 PORT=8788 npm start`;
}

async function checkHealth(address: string): Promise<void> {
  const response = await fetch(`${address}/healthz`);
  const text = await response.text();
  if (!response.ok) throw new Error(`the directory did not start: ${response.status} ${text}`);
}

/** npm may be killed without a word to what it runs; the directory does not outlive it. */
function stopWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stopping.abort();
  }, PARENT_POLL_MS).unref();
}

/**
 * Registers the sample client and writes a batch of fresh packages for it, as a request and as lines for the command
 * line; returns the request's file.
 */
async function prepareSample(state: string, address: string, token: string): Promise<string> {
  const signer = await keptSigner(join(state, "sample-signature-key.json"));
  const response = await fetch(`${address}/v1/users/${OWNER.user}/clients/${OWNER.client}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(await localRegistration(OWNER.user, OWNER.client, signer)),
  });
  if (!response.ok) throw new Error(`the sample client could not be registered: ${await response.text()}`);
  const file = join(state, "sample-batch.json");
  const oneTime = await sampleKeyPackages({ identity: OWNER.user, signer, count: SAMPLE_PACKAGES - 1 });
  const lastResort = await sampleKeyPackages({ identity: OWNER.user, signer, count: 1, lastResort: true });
  const all = [...oneTime, ...lastResort];
  writeFileSync(file, JSON.stringify({ key_packages: all }));
  writeFileSync(join(state, SAMPLE_LINES), `${all.join("\n")}\n`);
  return file;
}

function welcomeFor(address: string, issuer: Readonly<Record<string, string>>, budgets: string): string {
  return `
MLS Key Directory at ${address}   (Ctrl-C ends it)

Tokens come from ${issuer.AUTH_ISSUER ?? "the issuers of AUTH_ISSUERS"}, not from here. ${address}/readyz says whether that is complete.
${budgets}
`;
}

function welcome(address: string, tokens: Readonly<Record<string, string>>, sample: string, budgets: string): string {
  const client = `${address}/v1/users/${OWNER.user}/clients/${OWNER.client}`;
  return `
MLS Key Directory at ${address}   (Ctrl-C ends it)
Its pages: ${address} inspects packages, ${address}/docs, ${address}/console

Tokens for local use, 12 hours; also in ${join(sample, "..", DESCRIPTION_FILE)}
  publish (${OWNER.user}/${OWNER.client}): ${tokens.publish}
  claim (${CLAIMER.user}/${CLAIMER.client}): ${tokens.claim}
  operator: ${tokens.operator}

${budgets}
With the budgets of claims that a deployment has: PAIR_BUDGET_BURST=10 TARGET_BUDGET_PER_HOUR=60 npm start

Publish ten packages, look at the inventory, claim one:
curl -s -H 'Authorization: Bearer ${tokens.publish}' -H 'Content-Type: application/json' --data @${sample} ${client}/key-packages
curl -s -H 'Authorization: Bearer ${tokens.publish}' ${client}/inventory
curl -s -H 'Authorization: Bearer ${tokens.claim}' -H 'Content-Type: application/json' --data '{"ciphersuites":[1]}' ${address}/v1/users/${OWNER.user}/claims
`;
}
