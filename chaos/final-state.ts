/** What the directory says when all is quiet: asked once, after the outbox has run. */
import { localRegistration } from "../tools/lib/registration-requests.ts";
import { newSigner } from "../tools/lib/sample-packages.ts";
import { callerOf, type FinalClient, type JournaledPackage, type SuiteStock } from "./history.ts";

/** A client that owns nothing, registered last of all in each user's pool. */
export const PROBE = "probe";

const SETTLE_TIMEOUT_MS = 60_000;
const POLL_MS = 250;
const JOURNAL_PAGE = 500;
const STOCK_PAGE = 500;

export type Ask = (as: string, method: string, path: string, body?: unknown) => Promise<unknown>;

export type Owned = { readonly user: string; readonly client: string };

type Row = {
  user: string;
  client: string;
  ciphersuite: number | null;
  available: number;
  last_resort: boolean;
  next_expiry: number | null;
};

/** Waits until no pool has anything left for the directory, and reads pools and directory. */
export async function finalState(ask: Ask, operator: string, owned: readonly Owned[]): Promise<FinalClient[]> {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS;
  const users = [...new Set(owned.map(({ user }) => user))];
  for (const user of users) await probe(ask, user);
  for (;;) {
    for (const user of users) await settled(ask, operator, user, deadline);
    const rows = await stockRows(ask, operator);
    const clients = await Promise.all(owned.map((owner) => clientOf(ask, owner, rows)));
    // A package that expired meanwhile is in the directory until the pool's alarm has told it: then all is read again.
    const nowSeconds = Date.now() / 1000;
    const aged = rows.some(({ next_expiry: expiry }) => expiry !== null && expiry <= nowSeconds);
    if (!aged || Date.now() > deadline) return clients;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/**
 * Stock levels that crossed no threshold wait for an alarm that rings anyway, perhaps for weeks. A registration sends what its pool has marked as changed,
 * and nothing else: a resync would send all, and hide that a mark was lost.
 */
async function probe(ask: Ask, user: string): Promise<void> {
  const body = await localRegistration(user, PROBE, await newSigner());
  const path = `/v1/users/${user}/clients/${PROBE}`;
  const { client } = (await ask(`${user}/${PROBE}`, "PUT", path, body)) as { client?: string };
  if (client !== PROBE) throw new Error(`the probe of ${user} could not be registered`);
}

async function settled(ask: Ask, operator: string, user: string, deadline: number): Promise<void> {
  for (;;) {
    const view = (await ask(operator, "GET", `/v1/admin/users/${user}`)) as { directory_pending: boolean };
    if (view.directory_pending === false || Date.now() > deadline) return;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

async function clientOf(ask: Ask, { user, client }: Owned, rows: readonly Row[]): Promise<FinalClient> {
  const as = `${user}/${client}`;
  const path = `/v1/users/${user}/clients/${client}`;
  const digest = Buffer.alloc(32).toString("base64url");
  const { server_refs, inventory } = (await ask(as, "POST", `${path}/reconcile`, { digest })) as {
    server_refs: string[];
    inventory: Suite[];
  };
  const own = rows.filter((row) => row.user === user && row.client === client);
  return {
    user,
    client,
    liveRefs: server_refs,
    stock: inventory.map(stockOf),
    journal: await journal(ask, { user, client }),
    // A client that never stocked anything has a row of no ciphersuite.
    directory: own.length === 0 ? undefined : own.flatMap(suiteOf),
  };
}

/** The directory says whether there is a last resort, the pool also how it was used. */
type Suite = { ciphersuite: number; available: number; last_resort: boolean | object | null };

const stockOf = ({ ciphersuite, available, last_resort: lastResort }: Suite): SuiteStock => ({
  ciphersuite,
  available,
  lastResort: lastResort !== null && lastResort !== false,
});

const suiteOf = ({ ciphersuite, ...row }: Row): SuiteStock[] =>
  ciphersuite === null ? [] : [stockOf({ ciphersuite, ...row })];

async function stockRows(ask: Ask, operator: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const cursor: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
    const page = (await ask(operator, "GET", `/v1/admin/stock?limit=${STOCK_PAGE}${cursor}`)) as {
      rows: Row[];
      next: string | null;
    };
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

type Entry = {
  event: string;
  at: number;
  sequence: number;
  claimer: { user: string; client: string } | null;
  capability?: string;
  ciphersuite?: number;
  key_package_ref?: string;
};

async function journal(ask: Ask, { user, client }: Owned): Promise<JournaledPackage[]> {
  const path = `/v1/users/${user}/clients/${client}/journal?limit=${JOURNAL_PAGE}`;
  const given: JournaledPackage[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const page = (await ask(`${user}/${client}`, "GET", path + (after && `&after=${after}`))) as {
      entries: Entry[];
      next: string | null;
    };
    for (const { at, sequence, claimer, capability, ciphersuite, key_package_ref: ref } of page.entries) {
      const caller = claimer ? `${claimer.user}/${claimer.client}` : callerOf(user, capability ?? "");
      if (ref && ciphersuite) given.push({ ref, ciphersuite, at, sequence, caller });
    }
    after = page.next;
  }
  return given;
}
