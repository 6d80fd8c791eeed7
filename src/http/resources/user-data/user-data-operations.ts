/** What is kept of a user: given out as a whole, and erased. For the user itself, and for an operator. */
import type { Context } from "hono";
import type * as z from "zod/mini";
import { MAX_PAGE_ROWS } from "../../../config/limits.ts";
import type { StockEvent } from "../../../contract/event-messages.ts";
import type { PoolView } from "../../../contract/operator-messages.ts";
import { readRows } from "../../../directory/queries.ts";
import { FIRST_ROUTE, listRoutes, type RoutePlace } from "../../../directory/routes.ts";
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
import { budgetsBody, capabilityBody, clientViewBody, outcomeBody, userJournalEntryBody } from "../../wire/bodies.ts";
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

async function listedAt(
  of: Of,
  place: z.infer<typeof exportCursor> | undefined,
  c: Context<AppEnv>,
): Promise<Result<Listed>> {
  switch (place?.[0]) {
    case undefined:
      return firstPage(of, c);
    case "key_packages":
      return packagesPage(of, place[1]);
    case "journal":
      return journalPage(of, place[1]);
    case "routes":
      return routesPage(of, { week: place[1], ref: Uint8Array.fromHex(place[2]) }, c);
    case "operator_changes":
      return operatorsPage(of, place[1], c);
  }
}

async function firstPage({ user, pool }: Of, c: Context<AppEnv>): Promise<Result<Listed>> {
  const [view, rows, block] = await Promise.all([
    pool.view({}),
    readDirectory(() => readRows(c.get("directory"), user)),
    askRecords(c.env, (records) => records.blockOf(poolIdOf(c.env, user))),
  ]);
  // Whoever never registered is in no pool; a row that D1 should not have is shown all the same.
  if (!view.ok && view.error.code !== "unknown_user") return view;
  if (!rows.ok) return rows;
  if (!block.ok) return block;
  return ok({
    ...(view.ok ? poolBody(view.value, c) : {}),
    blocked: block.value ? { since: block.value.since, until: block.value.until ?? null, why: block.value.why } : null,
    directory: rows.value.map(({ database, row }) => ({ database, ...row })),
    next: writeCursor(["key_packages", 0]),
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
    events: { waiting: view.events.pending.map(eventBody), expiry_told: [...view.events.told] },
    capabilities: view.capabilities.map(capabilityBody),
    tokens_ended: view.tokensEnded.map(({ client, endedAt }) => ({ client: client ?? null, ended_at: endedAt })),
  };
}

const eventBody = (event: StockEvent): Export["events"]["waiting"][number] => ({
  id: event.id,
  sequence: event.sequence,
  type: event.type,
  cause: event.cause,
  client: event.client,
  ciphersuite: event.ciphersuite,
  at: event.at,
  available: event.available,
  last_resort: event.lastResort,
  next_expiry: event.nextExpiry,
  ...(event.expiring ? { expires_by: event.expiring.by, left: event.expiring.left } : {}),
  attempts: event.attempts,
  rejections: event.rejections ?? 0,
});

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
    next: writeCursor(nextAfter === undefined ? ["journal", 0] : ["key_packages", nextAfter]),
  });
}

async function journalPage({ pool }: Of, after: number | undefined): Promise<Result<Listed>> {
  const page = await pool.userJournal({ client: undefined, after, limit: MAX_PAGE_ROWS });
  if (!page.ok) return page;
  const { entries, nextAfter } = page.value;
  return ok({
    journal: entries.map(userJournalEntryBody),
    next: nextAfter === undefined ? routesFrom(FIRST_ROUTE) : writeCursor(["journal", nextAfter]),
  });
}

const routesFrom = ({ week, ref }: RoutePlace): string => writeCursor(["routes", week, ref.toHex()]);

async function routesPage(of: Of, after: RoutePlace, c: Context<AppEnv>): Promise<Result<Listed>> {
  const allowed = await allowedByPool(of);
  if (!allowed.ok) return allowed;
  const directory = c.get("directory");
  const page = await readDirectory(() => listRoutes(directory, of.user, { after, limit: MAX_PAGE_ROWS }));
  if (!page.ok) return page;
  const { routes, nextAfter } = page.value;
  return ok({
    routes: routes.map(({ database, ref, client, notAfter }) => ({
      database,
      key_package_ref: toBase64Url(ref),
      client,
      not_after: notAfter,
    })),
    next: nextAfter === undefined ? writeCursor(["operator_changes", 0]) : routesFrom(nextAfter),
  });
}

/** `before` is 0 for the newest. Who the operator was is the operator's own data. */
async function operatorsPage(of: Of, before: number, c: Context<AppEnv>): Promise<Result<Listed>> {
  const allowed = await allowedByPool(of);
  if (!allowed.ok) return allowed;
  const target = poolIdOf(c.env, of.user);
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
    next: last ? writeCursor(["operator_changes", last.id]) : null,
  });
}

/** A page that is not the pool's must ask it all the same: the pool knows which tokens are at an end. */
const allowedByPool = ({ pool }: Of) => pool.userJournal({ client: undefined, after: undefined, limit: 1 });
