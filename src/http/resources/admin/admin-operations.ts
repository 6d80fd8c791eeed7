/** What operators see and do. Their scope gives no right to publish or to claim. */
import type * as z from "zod/mini";
import {
  CLAIM_CONCURRENT_POOLS,
  DEFAULT_PAGE_ROWS,
  EXPIRING_WITHIN_SECONDS,
  MAX_PREVIEW_USERS,
  RESTORE_EPOCH_SETTLED_SECONDS,
} from "../../../config/limits.ts";
import type { ClaimerCount } from "../../../contract/operator-messages.ts";
import { listStock, listUsers, type StockCursor } from "../../../directory/lists.ts";
import type { RestoreEpoch } from "../../../directory/restore-epoch.ts";
import { mapConcurrent } from "../../../shared/map-concurrent.ts";
import { unixSeconds } from "../../../shared/time.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok, refuse } from "../../refusals/refusal.ts";
import { readDirectory } from "../../upstream/bounded-directory.ts";
import { poolClient, resyncPool } from "../../upstream/pool-client.ts";
import { knownRestoreEpoch, rememberRestoreEpoch } from "../../upstream/restore-epoch-cache.ts";
import { epochPlaces, raiseEverywhere } from "../../upstream/restore-epoch-places.ts";
import { budgetsBody, clientViewBody, userJournalEntryBody, waitingEventsBody } from "../../wire/bodies.ts";
import { readCursor, writeCursor } from "../../wire/cursor.ts";
import { invalidAt } from "../../wire/read-json.ts";
import { shownText } from "../../wire/shown-value.ts";
import { journalCursor } from "../stock/stock-schemas.ts";
import {
  newerRestoreEpoch,
  previewAnswer,
  previewQuery,
  purgeAnswer,
  restoreEpochAnswer,
  restoreEpochRequest,
  resyncAnswer,
  resyncPoolAnswer,
  stockAnswer,
  stockCursor,
  stockQuery,
  userAnswer,
  userCursor,
  userJournalAnswer,
  userJournalQuery,
  userListAnswer,
  userListQuery,
} from "./admin-schemas.ts";

const USER = "/v1/admin/users/{user}";
const RESTORE_EPOCH = "/v1/admin/restore-epoch";

export const admin = [
  operation({
    id: "getStock",
    method: "GET",
    path: "/v1/admin/stock",
    access: "operator",
    query: stockQuery,
    needs: "directory",
    handle: async ({ query }, c) => {
      const { filter = "all", limit = DEFAULT_PAGE_ROWS, after } = query;
      const place = readCursor(stockCursor, after);
      if (!place.ok) return place;
      const expiringBefore = unixSeconds(Date.now()) + (query.expiring_within_seconds ?? EXPIRING_WITHIN_SECONDS);
      const page = await readDirectory(() =>
        listStock(c.get("directory"), { filter, after: place.value && cursorOf(place.value), limit, expiringBefore }),
      );
      if (!page.ok) return page;
      const last = page.value.more ? page.value.rows.at(-1) : undefined;
      return ok(
        c.json({
          rows: page.value.rows.map((row) => ({
            user: row.user,
            client: row.client,
            // The directory keeps a row without a ciphersuite for a client that has never uploaded.
            ciphersuite: row.ciphersuite === 0 ? null : row.ciphersuite,
            available: row.available,
            last_resort: row.lastResort,
            next_expiry: row.nextExpiry ?? null,
            needs_upload: row.needsUpload,
          })),
          next: last ? writeCursor(placeOf(last)) : null,
        }),
      );
    },
  }),
  operation({
    id: "listUsers",
    method: "GET",
    path: "/v1/admin/users",
    access: "operator",
    query: userListQuery,
    needs: "directory",
    handle: async ({ query }, c) => {
      const { limit = DEFAULT_PAGE_ROWS, prefix = "" } = query;
      const place = readCursor(userCursor, query.after);
      if (!place.ok) return place;
      const [after = ""] = place.value ?? [];
      const found = await readDirectory(() => listUsers(c.get("directory"), { prefix, after, limit }));
      if (!found.ok) return found;
      const { users, more } = found.value;
      const last = more ? users.at(-1) : undefined;
      return ok(c.json({ users: [...users], next: last === undefined ? null : writeCursor([last]) }));
    },
  }),
  operation({
    id: "getUser",
    method: "GET",
    path: USER,
    access: "operator",
    needs: "pool",
    handle: async ({ user }, c) => {
      const view = await poolClient(c.env, user).view({});
      if (!view.ok) return view;
      const { restoreEpoch, directoryPending, clients, activity, raised, events } = view.value;
      return ok(
        c.json({
          user,
          restore_epoch: restoreEpoch,
          directory_pending: directoryPending,
          clients: clients.map((client) => ({
            ...clientViewBody(c.get("deployment"), client),
            revoked: client.revokedAt !== undefined,
            revoked_at: client.revokedAt ?? null,
            last_upload_at: client.lastUploadAt ?? null,
            last_claimed_at: client.lastClaimedAt ?? null,
            missed: client.missed.map(({ reason, count, lastAt }) => ({ reason, count, last_at: lastAt })),
            budgets: budgetsBody(client.budgets),
          })),
          budgets: budgetsBody(view.value.budgets),
          budgets_raised: raised && raised.until > unixSeconds(Date.now()) ? raised : null,
          events: waitingEventsBody(events),
          activity_since: activity.since,
          top_claimers_of_hour: activity.claimersOfHour.map(claimerBody),
          top_claimers_of_day: activity.claimersOfDay.map(claimerBody),
        }),
      );
    },
  }),
  operation({
    id: "getUserJournal",
    method: "GET",
    path: `${USER}/journal`,
    access: "operator",
    query: userJournalQuery,
    needs: "pool",
    handle: async ({ user, query }, c) => {
      const place = readCursor(journalCursor, query.after);
      if (!place.ok) return place;
      const { client, limit = DEFAULT_PAGE_ROWS } = query;
      const page = await poolClient(c.env, user).userJournal({ client, after: place.value?.[0], limit });
      if (!page.ok) return page;
      const { entries, nextAfter } = page.value;
      const next = nextAfter === undefined ? null : writeCursor([nextAfter]);
      return ok(c.json({ user, entries: entries.map(userJournalEntryBody), next }));
    },
  }),
  operation({
    id: "purgeClient",
    method: "DELETE",
    path: `${USER}/clients/{client}/key-packages`,
    access: "operator",
    needs: "pool",
    handle: async ({ user, client }, c) => {
      const removed = await poolClient(c.env, user).remove({ client, which: { kind: "all" } });
      if (!removed.ok) return removed;
      const purged = removed.value.removed;
      c.set("outcomes", { purged });
      return ok(c.json({ user, client, purged }));
    },
  }),
  operation({
    id: "resyncUser",
    method: "POST",
    path: `${USER}/resync`,
    access: "operator",
    audit: "none",
    needs: "pool",
    handle: async ({ user }, c) => {
      const synced = await poolClient(c.env, user).resync({});
      return synced.ok ? ok(c.json({ user, status: synced.value.outcome })) : synced;
    },
  }),
  operation({
    id: "resyncPool",
    method: "POST",
    path: "/v1/admin/pools/{pool}/resync",
    access: "operator",
    audit: "none",
    needs: "pool",
    handle: async ({ pool }, c) => {
      const synced = await resyncPool(c.env, pool);
      if (!synced)
        return refuse("unknown_pool", `expected the id of a pool of this deployment, got ${shownText(pool)}`);
      if (!synced.ok) return synced;
      const { outcome } = synced.value;
      return ok(c.json({ pool, status: outcome === "unknown_user" ? "empty" : outcome }));
    },
  }),
  operation({
    id: "getRestoreEpoch",
    method: "GET",
    path: RESTORE_EPOCH,
    access: "operator",
    needs: "directory",
    handle: async (_, c) => {
      // What this isolate has heard of, from pools too, is written back where it was lost.
      const places = epochPlaces(c.env, c.get("directory"));
      const epoch = await readDirectory(() => raiseEverywhere(places, knownRestoreEpoch(), unixSeconds(Date.now())));
      return epoch.ok ? ok(c.json(restoreEpochBody(epoch.value))) : epoch;
    },
  }),
  operation({
    id: "previewRestoreEpoch",
    method: "GET",
    path: `${RESTORE_EPOCH}/preview`,
    access: "operator",
    query: previewQuery,
    needs: "directory",
    handle: async ({ query }, c) => {
      const place = readCursor(userCursor, query.after);
      if (!place.ok) return place;
      const { restore_epoch: epoch = unixSeconds(Date.now()) + 1, limit = MAX_PREVIEW_USERS } = query;
      const [after = ""] = place.value ?? [];
      const found = await readDirectory(() => listUsers(c.get("directory"), { prefix: "", after, limit }));
      if (!found.ok) return found;
      const { users, more } = found.value;
      const counts = await mapConcurrent(users, CLAIM_CONCURRENT_POOLS, (user) =>
        poolClient(c.env, user).countBefore({ epoch }),
      );
      let [affected, oneTime, lastResorts] = [0, 0, 0];
      for (const count of counts) {
        // A sum that leaves a pool out would be too small.
        if (!count.ok) return count;
        affected += count.value.oneTime + count.value.lastResorts > 0 ? 1 : 0;
        oneTime += count.value.oneTime;
        lastResorts += count.value.lastResorts;
      }
      const last = more ? users.at(-1) : undefined;
      return ok(
        c.json({
          restore_epoch: epoch,
          users: users.length,
          users_affected: affected,
          one_time: oneTime,
          last_resorts: lastResorts,
          next: last === undefined ? null : writeCursor([last]),
        }),
      );
    },
  }),
  operation({
    id: "setRestoreEpoch",
    method: "POST",
    path: RESTORE_EPOCH,
    access: "operator",
    body: { json: restoreEpochRequest },
    needs: "directory",
    handle: async ({ body }, c) => {
      const now = unixSeconds(Date.now());
      // The next full second: what was stored earlier in this one is void too. A pool adopts an epoch only once, so
      // what it stores after that stays, even in the same second.
      const latest = now + 1;
      const wanted = body.restore_epoch ?? latest;
      if (wanted > latest) {
        return invalidAt("/restore_epoch", `expected at most ${latest}, which is now, got ${wanted}`);
      }
      const places = epochPlaces(c.env, c.get("directory"));
      const atLeast = Math.max(wanted, knownRestoreEpoch());
      const epoch = await readDirectory(() => raiseEverywhere(places, atLeast, now));
      if (!epoch.ok) return epoch;
      rememberRestoreEpoch(epoch.value.epoch);
      c.set("outcomes", { restore_epoch: epoch.value.epoch });
      if (epoch.value.epoch > wanted) {
        const detail = `expected an epoch of at least ${epoch.value.epoch}, which is in force, got ${wanted}`;
        return refuse("restore_epoch_older", detail, { members: { restore_epoch: epoch.value.epoch } });
      }
      return ok(c.json(restoreEpochBody(epoch.value)));
    },
  }),
];

export const adminDescribed = (): Descriptions => ({
  getStock: {
    summary: "Stock levels of all users, or of those that are low, exhausted or about to expire.",
    answers: [{ status: 200, description: "A page of stock levels.", json: stockAnswer }],
    problems: [],
  },
  listUsers: {
    summary: "All users, or those whose names begin with a prefix.",
    answers: [{ status: 200, description: "A page of users.", json: userListAnswer }],
    problems: [],
  },
  getUser: {
    summary: "A user's pool.",
    answers: [{ status: 200, description: "The pool.", json: userAnswer }],
    problems: ["unknown_user"],
  },
  getUserJournal: {
    summary: "Who claimed from a user, or from one of its clients, and claims that found no package.",
    answers: [{ status: 200, description: "A page of the journal.", json: userJournalAnswer }],
    problems: [],
  },
  purgeClient: {
    summary: "Remove every package of one client, which stays registered and may upload new ones.",
    answers: [{ status: 200, description: "Removed.", json: purgeAnswer }],
    problems: ["client_not_registered"],
  },
  resyncUser: {
    summary: "Write a user's rows of the directory again.",
    answers: [{ status: 200, description: "Written, or about to be.", json: resyncAnswer }],
    problems: ["unknown_user"],
  },
  resyncPool: {
    summary: "The same by the id of the pool, for work that goes through all pools.",
    answers: [{ status: 200, description: "Written, or about to be.", json: resyncPoolAnswer }],
    problems: ["unknown_pool"],
  },
  getRestoreEpoch: {
    summary: "The restore epoch in force.",
    answers: [{ status: 200, description: "The epoch.", json: restoreEpochAnswer }],
    problems: [],
  },
  previewRestoreEpoch: {
    summary: "Dry run of a restore epoch, by default now: how many packages of how many users it would void.",
    answers: [{ status: 200, description: "A page of users, counted.", json: previewAnswer }],
    problems: ["pool_unavailable", "pool_overloaded", "pool_schema_newer"],
  },
  setRestoreEpoch: {
    summary: "After a restore of storage: void every package that was stored or made before now.",
    answers: [{ status: 200, description: "In force.", json: restoreEpochAnswer }],
    problems: ["restore_epoch_older"],
    members: { restore_epoch_older: newerRestoreEpoch },
  },
});

const claimerBody = ({ user, claimed, missed }: ClaimerCount) => ({ user: user ?? null, claimed, missed });

function restoreEpochBody({ epoch, setAt }: RestoreEpoch) {
  return {
    restore_epoch: epoch,
    holds_everywhere_at: setAt === undefined ? null : setAt + RESTORE_EPOCH_SETTLED_SECONDS,
  };
}

const placeOf = ({ user, client, ciphersuite, soonest }: StockCursor): (string | number)[] => [
  user,
  client,
  ciphersuite,
  ...(soonest > 0 ? [soonest] : []),
];

const cursorOf = ([user, client, ciphersuite, soonest = 0]: z.output<typeof stockCursor>): StockCursor => ({
  user,
  client,
  ciphersuite,
  soonest,
});
