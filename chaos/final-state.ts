/** What the directory says when all is quiet: asked once, after the outbox has run. */
import type { FinalClient } from "./history.ts";

const SETTLE_TIMEOUT_MS = 60_000;
const POLL_MS = 250;
const JOURNAL_PAGE = 500;
const STOCK_PAGE = 500;
const CIPHERSUITE = 1;

export type Ask = (as: string, method: string, path: string, body?: unknown) => Promise<unknown>;

export type Owned = { readonly user: string; readonly client: string };

/** Waits until no pool has anything left for the directory, and reads pools and directory. */
export async function finalState(ask: Ask, operator: string, owned: readonly Owned[]): Promise<FinalClient[]> {
  for (const { user } of owned) await settled(ask, operator, user);
  const rows = await stockRows(ask, operator);
  return Promise.all(
    owned.map(async ({ user, client }) => {
      const as = `${user}/${client}`;
      const path = `/v1/users/${user}/clients/${client}`;
      const digest = Buffer.alloc(32).toString("base64url");
      const { server_refs, inventory } = (await ask(as, "POST", `${path}/reconcile`, { digest })) as {
        server_refs: string[];
        inventory: { ciphersuite: number; available: number; last_resort: boolean }[];
      };
      const suite = inventory.find(({ ciphersuite }) => ciphersuite === CIPHERSUITE);
      const row = rows.find((one) => one.user === user && one.client === client && one.ciphersuite === CIPHERSUITE);
      return {
        user,
        client,
        liveRefs: server_refs,
        available: suite?.available ?? 0,
        lastResort: suite?.last_resort ?? false,
        journal: await journal(ask, as, path),
        directory: row && { available: row.available, lastResort: row.last_resort },
      };
    }),
  );
}

/** Stock levels that crossed no threshold wait up to a day: the operator asks for them now. */
async function settled(ask: Ask, operator: string, user: string): Promise<void> {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const { status } = (await ask(operator, "POST", `/v1/admin/users/${user}/resync`)) as { status: string };
    if (status === "delivered") return;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

type Row = { user: string; client: string; ciphersuite: number; available: number; last_resort: boolean };

async function stockRows(ask: Ask, operator: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const cursor: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
    const page = (await ask(operator, "GET", `/v1/admin/stock?limit=${STOCK_PAGE}${cursor}`)) as {
      rows: Row[];
      next_after: string | null;
    };
    rows.push(...page.rows);
    after = page.next_after;
  }
  return rows;
}

async function journal(ask: Ask, as: string, path: string): Promise<{ ref: string; at: number }[]> {
  const claimed: { ref: string; at: number }[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page = (await ask(as, "GET", `${path}/journal?limit=${JOURNAL_PAGE}&after=${after}`)) as {
      entries: { event: string; at: number; key_package_ref?: string }[];
      next_after: number | null;
    };
    for (const { event, at, key_package_ref: ref } of page.entries) {
      if (event === "claimed" && ref) claimed.push({ ref, at });
    }
    after = page.next_after;
  }
  return claimed;
}
