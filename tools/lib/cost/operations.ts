/** Each operation over HTTP, many times, against the metered Worker: calls, CPU and time of one of them. */
import { pause } from "../../../src/shared/pause.ts";
import { descendants, readProc } from "../process-tree.ts";
import { localRegistration } from "../registration-requests.ts";
import { newSigner, type SampleSigner, sampleKeyPackages } from "../sample-packages.ts";
import type { Issuer } from "../tokens.ts";
import type { Totals } from "./metered-worker.ts";
import { BULK_USERS } from "./month.ts";

export type Target = { readonly address: string; readonly pid: number | undefined; readonly issuer: Issuer };

/** Of one operation, its alarms included. */
export type OperationFigures = {
  readonly operations: number;
  readonly poolCalls: number;
  readonly alarmsRung: number;
  readonly rowsWritten: number;
  readonly directoryBatches: number;
  /** CPU of the whole of workerd: the Worker, its pools and what stands for D1 here. */
  readonly cpuMs: number;
  /** From request to answer, one at a time. */
  readonly latencyMs: number;
};

export type OperationName =
  | "publish_100"
  | "claim_with_key"
  | "claim_without_key"
  | "claim_last_resort"
  | "replay"
  | "bulk_claim_10"
  | "inventory";

export type OperationsFigures = Readonly<Record<OperationName, OperationFigures>>;

const UPLOAD_PACKAGES = 100;
/** The budget of a pair is ten claims at once, and a user of 100 packages gives 50 before its owner is asked for more. */
const CLAIMS_PER_PAIR = 10;
const CLAIMERS = 5;
/** Later than the second after which a pool tells the directory. */
const SETTLE_MS = 2_500;

type Owner = { readonly user: string; readonly token: string; readonly packages: readonly string[] };

export async function measureOperations(
  target: Target,
  plan: { readonly uploads: number },
  progress: (text: string) => void,
): Promise<OperationsFigures> {
  progress(`making ${plan.uploads * UPLOAD_PACKAGES} packages`);
  const owners = await makeOwners(target.issuer, "stocked", plan.uploads, UPLOAD_PACKAGES, false);
  const lending = await makeOwners(target.issuer, "lending", Math.ceil(plan.uploads / 4), 1, true);
  const claimers = await Promise.all(
    Array.from({ length: CLAIMERS }, (_, index) =>
      target.issuer.token(`claimer-${index}`, "laptop", "key-packages:claim"),
    ),
  );
  for (const owner of [...owners, ...lending]) await register(target, owner);
  const publishing = (owner: Owner) => () =>
    send(
      target,
      "POST",
      `${clientPath(owner)}/key-packages`,
      owner.token,
      { key_packages: owner.packages },
      '"stored"',
    );
  for (const owner of lending) await publishing(owner)();

  progress("publishing");
  const [warm, ...measured] = owners;
  if (!warm || measured.length < 3 * BULK_USERS) throw new Error(`expected more than ${3 * BULK_USERS} uploads`);
  await publishing(warm)();
  const publish = await figuresOf(target, measured.map(publishing));

  progress("claiming");
  const third = Math.floor(measured.length / 3);
  const claiming = (users: readonly Owner[], key: ((serial: string) => string) | undefined, expect: string) =>
    claimers.flatMap((token, claimer) =>
      users.flatMap(({ user }) =>
        Array.from({ length: CLAIMS_PER_PAIR }, (_, index) => () => {
          const headers = key ? { "idempotency-key": key(`${user}-${claimer}-${index}`) } : {};
          return send(target, "POST", `/v1/users/${user}/claims`, token, { ciphersuites: [1] }, expect, headers);
        }),
      ),
    );
  // The first ten of a claimer warm what a claim runs through.
  const keyed = claiming(measured.slice(0, third), (serial) => serial, '"status":"claimed"');
  for (const claim of claiming([warm], undefined, '"status":"claimed"')) await claim();
  const withKey = await figuresOf(target, keyed);
  const replay = await figuresOf(target, keyed);
  const withoutKey = await figuresOf(
    target,
    claiming(measured.slice(third, 2 * third), undefined, '"status":"claimed"'),
  );
  const lastResort = await figuresOf(
    target,
    claiming(lending, (serial) => serial, '"status":"last_resort"'),
  );

  progress("claiming in bulk");
  const groups = chunks(
    measured.slice(2 * third).map(({ user }) => user),
    BULK_USERS,
  );
  const bulk = await figuresOf(
    target,
    claimers.flatMap((token, claimer) =>
      groups.flatMap((users, group) =>
        Array.from({ length: CLAIMS_PER_PAIR }, (_, index) => () => {
          const headers = { "idempotency-key": `bulk-${claimer}-${group}-${index}` };
          return send(target, "POST", "/v1/claims", token, { users, ciphersuites: [1] }, '"status":"claimed"', headers);
        }),
      ),
    ),
  );
  const looking = (owner: Owner) => () =>
    send(target, "GET", `${clientPath(owner)}/inventory`, owner.token, undefined, '"available"');
  const inventory = await figuresOf(target, [...measured, ...measured, ...measured].map(looking));
  return {
    publish_100: publish,
    claim_with_key: withKey,
    claim_without_key: withoutKey,
    claim_last_resort: lastResort,
    replay,
    bulk_claim_10: bulk,
    inventory,
  };
}

async function figuresOf(target: Target, operations: readonly (() => Promise<void>)[]): Promise<OperationFigures> {
  const count = operations.length;
  await totals(target);
  const cpuBefore = cpuMs(target);
  const startMs = performance.now();
  for (const operation of operations) await operation();
  const latencyMs = (performance.now() - startMs) / count;
  // What an operation leaves to its alarm is part of it.
  await pause(SETTLE_MS);
  const all = await totals(target);
  return {
    operations: count,
    poolCalls: all.poolCalls / count,
    alarmsRung: all.alarmsRung / count,
    rowsWritten: (all.poolRows + all.alarms + all.directoryRows) / count,
    directoryBatches: all.directoryBatches / count,
    cpuMs: (cpuMs(target) - cpuBefore) / count,
    latencyMs,
  };
}

const totals = async ({ address }: Target): Promise<Totals> =>
  (await (await fetch(`${address}/cost/totals`)).json()) as Totals;

/** A tick of the kernel's clock, as /proc counts CPU. */
const TICK_MS = 10;

/** User and system time of workerd so far. */
function cpuMs({ pid }: Target): number {
  const workerd = descendants(pid).find((one) => readProc(`${one}/comm`)?.trim() === "workerd");
  const stat = workerd === undefined ? undefined : readProc(`${workerd}/stat`);
  // Fields are counted behind the name, which may hold spaces.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [Number(fields?.[11]), Number(fields?.[12])];
  if (!Number.isFinite(user + system)) throw new Error("the CPU of workerd cannot be read from /proc");
  return (user + system) * TICK_MS;
}

async function makeOwners(
  issuer: Issuer,
  prefix: string,
  count: number,
  packages: number,
  lastResort: boolean,
): Promise<(Owner & { readonly signer: SampleSigner })[]> {
  const owners = [];
  for (let index = 0; index < count; index++) {
    const user = `${prefix}-${index}`;
    const signer = await newSigner();
    owners.push({
      user,
      token: await issuer.token(user, "phone", "key-packages:publish"),
      packages: await sampleKeyPackages({ identity: user, signer, count: packages, lastResort }),
      signer,
    });
  }
  return owners;
}

const clientPath = ({ user }: Owner): string => `/v1/users/${user}/clients/phone`;

async function register(target: Target, owner: Owner & { readonly signer: SampleSigner }): Promise<void> {
  const body = await localRegistration(owner.user, "phone", owner.signer);
  await send(target, "PUT", clientPath(owner), owner.token, body, "");
}

/** Throws unless the answer is a success that holds `expect`: what was refused would be measured as cheap. */
async function send(
  { address }: Target,
  method: string,
  path: string,
  token: string,
  body: object | undefined,
  expect: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const response = await fetch(address + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok || !text.includes(expect)) throw new Error(`${method} ${path}: ${response.status} ${text}`);
}

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.floor(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
