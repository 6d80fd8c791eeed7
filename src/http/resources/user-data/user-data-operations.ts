/** What is kept of a user: given out as a whole, and erased. For the user itself, and for an operator. */
import type { Context } from "hono";
import type * as z from "zod/mini";
import { MAX_PAGE_ROWS } from "../../../config/limits.ts";
import type { PoolView } from "../../../contract/operator-messages.ts";
import { readRows } from "../../../directory/queries.ts";
import { FIRST_ROUTE, type RoutePlace, routesOf } from "../../../directory/routes.ts";
import { allShards } from "../../../directory/shards.ts";
import { poolIdOf } from "../../../pool/address.ts";
import { toBase64Url } from "../../../shared/base64url.ts";
import { unixSeconds } from "../../../shared/time.ts";
import { audited } from "../../audited.ts";
import type { AppEnv } from "../../bindings.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { askRecords } from "../../upstream/ask-records.ts";
import { readDirectory } from "../../upstream/bounded-directory.ts";
import { ownPool } from "../../upstream/own-pool.ts";
import { forgetInPool, type PoolClient, poolClient } from "../../upstream/pool-client.ts";
import { rereadOrders } from "../../upstream/standing-orders.ts";
import {
  budgetsBody,
  capabilityBody,
  clientViewBody,
  outcomeBody,
  userJournalEntryBody,
  waitingEventsBody,
} from "../../wire/bodies.ts";
import { readCursor, writeCursor } from "../../wire/cursor.ts";
import { shownText } from "../../wire/shown-value.ts";
import {
  eraseAnswer,
  exportAnswer,
  exportCursor,
  exportQuery,
  forgetAnswer,
  forgetRequest,
} from "./user-data-schemas.ts";

const OWN = "/v1/users/{user}/data";
const OF_OPERATORS = "/v1/admin/users/{user}/data";

export const userData = [
  operation({
    id: "exportOwnData",
    method: "GET",
    path: OWN,
    access: "self",
    query: exportQuery,
    needs: "pool",
    handle: ({ user, query }, c) => exportPage({ user, pool: ownPool(c, user) }, query.after, c),
  }),
  operation({
    id: "eraseOwnData",
    method: "DELETE",
    path: OWN,
    access: "self",
    needs: "pool",
    handle: ({ user }, c) => erase({ user, pool: ownPool(c, user) }, c),
  }),
  operation({
    id: "exportUser",
    method: "GET",
    path: OF_OPERATORS,
    access: "operator",
    query: exportQuery,
    needs: "pool",
    handle: ({ user, query }, c) => exportPage({ user, pool: poolClient(c.env, user) }, query.after, c),
  }),
  operation({
    id: "eraseUser",
    method: "DELETE",
    path: OF_OPERATORS,
    access: "operator",
    needs: "pool",
    handle: ({ user }, c) => erase({ user, pool: poolClient(c.env, user) }, c),
  }),
  operation({
    id: "forgetInPool",
    method: "POST",
    path: "/v1/admin/pools/{pool}/forget",
    access: "operator",
    body: { json: forgetRequest },
    audit: "itself",
    needs: "pool",
    handle: async ({ pool, body }, c) => {
      const dryRun = body.dry_run ?? false;
      // A walk asks every pool, and next to none of them holds a name: only what changes one is recorded.
      const counted = await forget(pool, { users: body.users, dryRun: true }, c);
      if (!counted.ok) return counted;
      const { claims, clients } = counted.value;
      if (!dryRun && claims + clients > 0) {
        return audited(c, { operation: "forgetInPool", target: pool }, async () => {
          const forgotten = await forget(pool, { users: body.users, dryRun: false }, c);
          if (!forgotten.ok) return forgotten;
          c.set("outcomes", forgotten.value);
          return ok(c.json({ pool, ...forgotten.value, dry_run: false }));
        });
      }
      return ok(c.json({ pool, claims, clients, dry_run: dryRun }));
    },
  }),
];

export const userDataDescribed = (): Descriptions => ({
  exportOwnData: {
    summary:
      "All that is kept of the token's user: registrations, stock, journal, the directory's rows, and what operators changed.",
    answers: [{ status: 200, description: "A page of it.", json: exportAnswer }],
    problems: ["directory_unavailable", "operator_records_unavailable"],
  },
  eraseOwnData: {
    summary: "Erase all that is kept of the token's user, fingerprints included. May be repeated.",
    answers: [{ status: 200, description: "Erased, or there was nothing.", json: eraseAnswer }],
    problems: ["directory_unavailable"],
  },
  exportUser: {
    summary:
      "All that is kept of a user: registrations, stock, journal, the directory's rows, and what operators changed.",
    answers: [{ status: 200, description: "A page of it.", json: exportAnswer }],
    problems: ["directory_unavailable", "operator_records_unavailable"],
  },
  eraseUser: {
    summary: "Erase all that is kept of a user, fingerprints included. May be repeated.",
    answers: [{ status: 200, description: "Erased, or there was nothing.", json: eraseAnswer }],
    problems: ["directory_unavailable"],
  },
  forgetInPool: {
    summary:
      "Take the names of erased users out of a pool: its journal, and its budgets. For work that goes through all pools.",
    answers: [{ status: 200, description: "Taken out, or counted.", json: forgetAnswer }],
    problems: ["unknown_pool"],
  },
});

async function forget(pool: string, call: Parameters<typeof forgetInPool>[2], c: Context<AppEnv>) {
  const answer = await forgetInPool(c.env, pool, call);
  if (!answer) return refuse("unknown_pool", `expected the id of a pool of this deployment, got ${shownText(pool)}`);
  return answer.ok ? ok({ claims: answer.value.claims, clients: answer.value.clients }) : answer;
}

/** A user, and the pool as whoever asks may use it. */
type Of = { readonly user: string; readonly pool: PoolClient };

async function erase({ user, pool }: Of, c: Context<AppEnv>): Promise<Result<Response>> {
  const erased = await pool.erase({});
  if (!erased.ok) return erased;
  const now = unixSeconds(Date.now());
  const { journalSeconds } = c.get("deployment").settings.retention;
  const { existed } = erased.value;
  c.set("outcomes", { existed: existed ? 1 : 0 });
  return ok(c.json({ user, erased_at: now, existed, journals_of_others_end_at: now + journalSeconds }));
}

type Export = z.infer<typeof exportAnswer>;
/** What a page lists beside the members that every page has. */
type Listed = Partial<Export> & Pick<Export, "next">;

/**
 * The first page, then those of the packages, of the journal, of routes and of what operators changed: each is bounded,
 * and none is left out.
 */
async function exportPage(of: Of, after: string | undefined, c: Context<AppEnv>): Promise<Result<Response>> {
  const place = readCursor(exportCursor, after);
  if (!place.ok) return place;
  const listed = await listedAt(of, place.value, c);
  if (!listed.ok) return listed;
  const page: Export = {
    user: of.user,
    exported_at: unixSeconds(Date.now()),
    restore_epoch: 0,
    registrations: [],
    budgets: [],
    budgets_raised: null,
    blocked: null,
    events: { waiting: [], expiry_told: [] },
    capabilities: [],
    tokens_ended: [],
    directory: [],
    key_packages: [],
    journal: [],
    routes: [],
    operator_changes: [],
    ...listed.value,
  };
  return ok(c.json(page, 200, { "Cache-Control": "no-store" }));
}

const cursorAt = (part: z.infer<typeof exportCursor>[0], from: number, { week, ref } = FIRST_ROUTE): string =>
  writeCursor([part, from, week, ref.toHex()]);

async function listedAt(
  of: Of,
  place: z.infer<typeof exportCursor> | undefined,
  c: Context<AppEnv>,
): Promise<Result<Listed>> {
  if (!place) return firstPage(of, c);
  const [part, from, week, ref] = place;
  if (part === "key_packages") return packagesPage(of, from);
  if (part === "journal") return journalPage(of, from);
  // These pages are not the pool's, which must be asked all the same: it knows which tokens are at an end.
  const allowed = await of.pool.userJournal({ client: undefined, after: undefined, limit: 1 });
  if (!allowed.ok) return allowed;
  if (part === "routes") return routesPage(of, from, { week, ref: Uint8Array.fromHex(ref) }, c);
  return operatorsPage(of, from, c);
}

async function firstPage({ user, pool }: Of, c: Context<AppEnv>): Promise<Result<Listed>> {
  const [view, rows, orders] = await Promise.all([
    pool.view({}),
    readDirectory(() => readRows(c.get("directory"), user)),
    rereadOrders(c.env),
  ]);
  // Whoever never registered is in no pool; a row that D1 should not have is shown all the same.
  if (!view.ok && view.error.code !== "unknown_user") return view;
  if (!rows.ok) return rows;
  if (!orders.ok) return orders;
  const block = orders.value.blocked.find(({ pool }) => pool === poolIdOf(c.env, user));
  return ok({
    ...(view.ok ? poolBody(view.value, c) : {}),
    blocked: block ? { since: block.since, until: block.until ?? null, why: block.why } : null,
    directory: rows.value.map(({ database, row }) => ({ database, ...row })),
    next: cursorAt("key_packages", 0),
  });
}

function poolBody(view: Extract<PoolView, { outcome: "found" }>, c: Context<AppEnv>): Partial<Export> {
  return {
    restore_epoch: view.restoreEpoch,
    registrations: view.clients.map((client) => ({
      ...clientViewBody(c.get("deployment"), client),
      revoked_at: client.revokedAt ?? null,
      budgets: budgetsBody(client.budgets),
    })),
    budgets: budgetsBody(view.budgets),
    budgets_raised: view.raised ?? null,
    events: waitingEventsBody(view.events),
    capabilities: view.capabilities.map(capabilityBody),
    tokens_ended: view.tokensEnded.map(({ client, endedAt }) => ({ client: client ?? null, ended_at: endedAt })),
  };
}

async function packagesPage({ pool }: Of, after: number | undefined): Promise<Result<Listed>> {
  const page = await pool.storedPackages({ after });
  if (!page.ok) return page;
  const { packages, nextAfter } = page.value;
  return ok({
    key_packages: packages.map((one) => ({
      client: one.client,
      key_package_ref: toBase64Url(one.ref),
      ciphersuite: one.ciphersuite,
      last_resort: one.lastResort,
      stored_at: one.storedAt,
      not_before: one.notBefore,
      not_after: one.notAfter,
    })),
    next: nextAfter === undefined ? cursorAt("journal", 0) : cursorAt("key_packages", nextAfter),
  });
}

async function journalPage({ pool }: Of, after: number | undefined): Promise<Result<Listed>> {
  const page = await pool.userJournal({ client: undefined, after, limit: MAX_PAGE_ROWS });
  if (!page.ok) return page;
  const { entries, nextAfter } = page.value;
  return ok({
    journal: entries.map(userJournalEntryBody),
    next: nextAfter === undefined ? cursorAt("routes", 0) : cursorAt("journal", nextAfter),
  });
}

/** Of one database, and then of the next. */
async function routesPage({ user }: Of, shard: number, after: RoutePlace, c: Context<AppEnv>): Promise<Result<Listed>> {
  const databases = allShards(c.get("directory"));
  const database = databases[shard];
  const following = shard + 1 < databases.length ? cursorAt("routes", shard + 1) : cursorAt("operator_changes", 0);
  // There were more when the export began.
  if (!database) return ok({ next: following });
  const routes = await readDirectory(() => routesOf(database.db, user, { after, limit: MAX_PAGE_ROWS }));
  if (!routes.ok) return routes;
  const last = routes.value.length < MAX_PAGE_ROWS ? undefined : routes.value.at(-1);
  return ok({
    routes: routes.value.map(({ ref, client, notAfter }) => ({
      database: database.name,
      key_package_ref: toBase64Url(ref),
      client,
      not_after: notAfter,
    })),
    next: last ? cursorAt("routes", shard, last) : following,
  });
}

/** `before` is 0 for the newest. Who the operator was is the operator's own data. */
async function operatorsPage({ user }: Of, before: number, c: Context<AppEnv>): Promise<Result<Listed>> {
  const target = poolIdOf(c.env, user);
  const found = await askRecords(c.env, (records) =>
    records.trail({ before: before === 0 ? undefined : before, limit: MAX_PAGE_ROWS + 1, target }),
  );
  if (!found.ok) return found;
  const page = found.value.slice(0, MAX_PAGE_ROWS);
  const last = found.value.length > MAX_PAGE_ROWS ? page.at(-1) : undefined;
  return ok({
    operator_changes: page.map(({ at, operation, why, outcome }) => ({
      at,
      operation,
      why,
      ...outcomeBody(outcome),
    })),
    next: last ? cursorAt("operator_changes", last.id) : null,
  });
}
