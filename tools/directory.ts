/**
 * `npm run directory -- rebuild` writes a lost D1 again, and `npm run directory -- move` takes all users along after
 * the number of databases has changed: each pool sends its user to the directory again. `npm run directory -- forget`
 * takes the names of erased users out of the pools of others, and prints a receipt. All of them go through all pools: one
 * file says which there are, another how far the walk came, so it can be ended and started again.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { MAX_USERS_PER_FORGETTING } from "../src/config/limits.ts";
import { pause } from "../src/shared/pause.ts";
import { natural, positive, readOptions } from "./lib/args.ts";
import { countIds, idsOfStorage, readIds, writeIds, writeIdsOfNamespace } from "./lib/pool-ids.ts";
import { walk } from "./lib/walk.ts";

const USAGE = `npm run directory -- rebuild|move|forget --url URL --token-file FILE (one of the three)
    --ids FILE                      ids of the pools' objects, one per line
    --storage DIR                   storage of a local directory, such as .kpd/storage
    --cloudflare ACCOUNT/NAMESPACE --api-token-file FILE   ask Cloudflare's API for the ids
  [--concurrency 8] [--per-second 100] [--resume FILE]
  forget: --user NAME (up to ${MAX_USERS_PER_FORGETTING} times) [--dry-run]`;

/** What is asked of each pool, and what is said at the end. */
const COMMANDS = {
  rebuild: { route: "resync", end: "The directory has every user." },
  move: {
    route: "resync",
    end: "Every user is in its database. DIRECTORY_FORMER_BINDINGS can be taken out of the settings now.",
  },
  forget: { route: "forget", end: "Every pool was asked." },
} as const;

/** Whose names they are is not written down. */
const REASON = "names of erased users, by npm run directory -- forget";

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;
const REQUEST_TIMEOUT_MS = 30_000;
const PROGRESS_EVERY_MS = 2_000;

type Options = ReturnType<typeof read>;

const options = readOptions(USAGE, read);
await main(options).catch((error: unknown) => {
  say(`${error instanceof Error ? error.message : String(error)}\nRun the same command again to go on from here.`);
  process.exitCode = 1;
});

function read() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: "string" },
      "token-file": { type: "string" },
      ids: { type: "string" },
      storage: { type: "string" },
      cloudflare: { type: "string" },
      "api-token-file": { type: "string" },
      api: { type: "string", default: "https://api.cloudflare.com/client/v4" },
      concurrency: { type: "string", default: "8" },
      "per-second": { type: "string", default: "100" },
      resume: { type: "string" },
      user: { type: "string", multiple: true, default: [] },
      "dry-run": { type: "boolean", default: false },
    },
  });
  const [command] = positionals;
  if (positionals.length !== 1 || (command !== "rebuild" && command !== "move" && command !== "forget"))
    throw new Error("expected rebuild, move or forget");
  const users = values.user;
  if (command === "forget" ? users.length === 0 || users.length > MAX_USERS_PER_FORGETTING : users.length > 0) {
    throw new Error(`forget takes --user 1 to ${MAX_USERS_PER_FORGETTING} times, and the others do not take it`);
  }
  if (values["dry-run"] && command !== "forget") throw new Error("--dry-run is of forget");
  const { url, "token-file": tokenFile, ids, storage, cloudflare, "api-token-file": apiTokenFile } = values;
  if (url === undefined || tokenFile === undefined) throw new Error("--url and --token-file are needed");
  if ([ids, storage, cloudflare].filter((source) => source !== undefined).length !== 1) {
    throw new Error("expected one of --ids, --storage and --cloudflare");
  }
  if (cloudflare !== undefined && (!/^[0-9a-f]+\/[0-9a-f]+$/.test(cloudflare) || apiTokenFile === undefined)) {
    throw new Error("--cloudflare is ACCOUNT/NAMESPACE, two ids in hex, and needs --api-token-file");
  }
  const concurrency = natural("--concurrency", values.concurrency);
  if (concurrency < 1) throw new Error("--concurrency must be at least 1");
  return {
    command,
    url: url.replace(/\/+$/, ""),
    tokenFile,
    source: { ids, storage, cloudflare, apiTokenFile, api: values.api },
    concurrency,
    perSecond: positive("--per-second", values["per-second"]),
    resume: values.resume ?? `directory-${command}.json`,
    users,
    dryRun: values["dry-run"],
  } as const;
}

async function main({ command, resume, source, concurrency, perSecond, users, dryRun }: Options): Promise<void> {
  const list = source.ids ?? `${resume}.ids`;
  await prepareIds(list, source);
  const total = await countIds(list);
  const startedMs = Date.now();
  const faults = new Map<string, number>();
  const found = { pools_with_a_name: 0, claims: 0, clients: 0 };
  let visits = 0;
  let saidMs = 0;
  if (existsSync(resume)) say(`Going on as ${resume} says.`);
  const { done, again } = await walk({
    ids: () => readIds(list),
    visit: visitor(options, {
      answered: (body) => addTo(found, body),
      failed: (fault) => faults.set(fault, (faults.get(fault) ?? 0) + 1),
    }),
    concurrency,
    perSecond,
    resume,
    told: ({ done, again }) => {
      visits += 1;
      if (Date.now() - saidMs < PROGRESS_EVERY_MS) return;
      saidMs = Date.now();
      const rate = visits / Math.max(1, (saidMs - startedMs) / 1000);
      say(`${done} of ${total} pools, ${rate.toFixed(0)} per second, ${again} to be repeated`);
    },
  });
  say(`${done} of ${total} pools`);
  if (again > 0) {
    const why = [...faults].map(([fault, count]) => `${count} × ${fault}`).join(", ");
    throw new Error(`${again} pools could not be asked, or could not tell the directory${why && `: ${why}`}.`);
  }
  for (const file of [resume, ...(source.ids === undefined ? [list] : [])]) rmSync(file, { force: true });
  say(COMMANDS[command].end);
  if (command !== "forget") return;
  const finished = new Date().toISOString();
  process.stdout.write(`${JSON.stringify({ users, dry_run: dryRun, pools: done, ...found, finished })}\n`);
}

/** What pools found, in this run: what an earlier one took out is not there to be counted again. */
function addTo(
  found: Record<"pools_with_a_name" | "claims" | "clients", number>,
  { claims = 0, clients = 0 }: Body,
): void {
  if (claims + clients > 0) found.pools_with_a_name += 1;
  found.claims += claims;
  found.clients += clients;
}

/** The list of a run that is resumed stays as it is: what the walk remembers is a place in it. */
async function prepareIds(
  file: string,
  { ids, storage, cloudflare, apiTokenFile, api }: Options["source"],
): Promise<void> {
  if (ids !== undefined || existsSync(file)) return;
  if (storage !== undefined) return writeIds(file, idsOfStorage(storage));
  const [account = "", namespace = ""] = cloudflare?.split("/") ?? [];
  const token = readFileSync(apiTokenFile ?? "", "utf8").trim();
  await writeIdsOfNamespace(file, { api, account, namespace, token }, (count) => say(`${count} pools listed`));
}

/** Asks one pool for what the command is about. Whether that is done; throws for what no repetition mends. */
function visitor(
  { command, url, tokenFile, users, dryRun }: Options,
  told: { readonly answered: (body: Body) => void; readonly failed: (fault: string) => void },
): (id: string) => Promise<boolean> {
  let token = readToken(tokenFile);
  const { route } = COMMANDS[command];
  const body = command === "forget" ? { users, dry_run: dryRun } : undefined;
  return async (id) => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const used = token;
      const answer = await ask(`${url}/v1/admin/pools/${id}/${route}`, used, body);
      if (answer.status === 200) {
        told.answered(answer.body);
        if (answer.body.status !== "queued") return true;
        told.failed("the database did not take it");
        return false;
      }
      if (answer.status === 401) {
        // The walk may take longer than a token lives: whoever writes a new one into the file keeps it going.
        token = readToken(tokenFile);
        if (token === used) throw new Error(`The token in ${tokenFile} is not accepted: ${answer.body.code}.`);
        continue;
      }
      if (answer.status > 0 && answer.status < 500 && answer.status !== 429) {
        throw new Error(`The directory refuses pool ${id}: ${answer.status} ${answer.body.code}.`);
      }
      if (attempt === ATTEMPTS) {
        told.failed(answer.status === 0 ? "no answer" : `${answer.status} ${answer.body.code}`);
      } else {
        await pause(Math.max(answer.retryAfterMs, FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2)));
      }
    }
    return false;
  };
}

type Body = { readonly status?: unknown; readonly code?: unknown; readonly claims?: number; readonly clients?: number };

type Answered = {
  /** 0 without an answer. */
  readonly status: number;
  readonly body: Body;
  readonly retryAfterMs: number;
};

async function ask(address: string, token: string, content: object | undefined): Promise<Answered> {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        ...(content ? { "content-type": "application/json", "operator-reason": REASON } : {}),
      },
      ...(content ? { body: JSON.stringify(content) } : {}),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const body = (await response.json().catch(() => ({}))) as Body;
    return { status: response.status, body, retryAfterMs: Number(response.headers.get("retry-after") ?? 0) * 1000 };
  } catch {
    return { status: 0, body: {}, retryAfterMs: 0 };
  }
}

function readToken(file: string): string {
  const token = readFileSync(file, "utf8").trim();
  // RFC 6750 §2.1; the message of a tool that failed, for one, is none.
  if (!/^[\w.~+/-]+=*$/.test(token)) throw new Error(`${file} holds no token`);
  return token;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
