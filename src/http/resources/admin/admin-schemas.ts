import * as z from "zod/mini";
import { MAX_PAGE_ROWS, MAX_PREVIEW_USERS } from "../../../config/limits.ts";
import {
  budgets,
  codePoint,
  cursor,
  identifier,
  inventory,
  name,
  named,
  poolId,
  restoreEpoch,
  signatureKeys,
  unixSeconds,
  waitingEvents,
} from "../../wire/common-schemas.ts";
import { journalEntries, missedReason } from "../stock/stock-schemas.ts";

const limit = z.optional(z.int().check(z.minimum(1), z.maximum(MAX_PAGE_ROWS)));

const topClaimers = () =>
  z.array(
    z.strictObject({
      user: z.nullable(identifier),
      claimed: z.int().check(z.minimum(0)),
      missed: z.int().check(z.minimum(0)),
    }),
  );

export const stockAnswer = /* @__PURE__ */ named(
  "StockPage",
  "Stock levels as the directory last heard of them. `next` is the next page's `after`; null on the last one.",
  () =>
    z.strictObject({
      rows: z.array(
        z.strictObject({
          user: identifier,
          client: identifier,
          ciphersuite: z.nullable(codePoint),
          available: z.int().check(z.minimum(0)),
          last_resort: z.boolean(),
          next_expiry: z.nullable(unixSeconds),
          needs_upload: z.boolean(),
        }),
      ),
      next: z.nullable(cursor),
    }),
);

export const userListAnswer = /* @__PURE__ */ named(
  "UserPage",
  "Users in order. `next` is the next page's `after`; null on the last one.",
  () => z.strictObject({ users: z.array(identifier), next: z.nullable(cursor) }),
);

export const userAnswer = /* @__PURE__ */ named(
  "UserView",
  "A user's pool, as the pool itself sees it. No key packages. `directory_pending`: the lists of all users lack something of it. After claims that is ordinary: they are told when one takes a stock below the low watermark or to nothing, else with the next upload, removal or expiry. If a resync is `queued` and not `delivered`, D1 takes nothing. What is said of claims is from the journal since `activity_since`: `last_claimed_at`, null if nothing was given since; `missed`, claims that found nothing, by reason; and who claimed most, `user` being null for users who were erased. `events`: what your backend was not told yet, in order, and how often that was tried; and up to which expiry it was told.",
  () =>
    z.strictObject({
      user: identifier,
      restore_epoch: restoreEpoch,
      directory_pending: z.boolean(),
      clients: z.array(
        z.strictObject({
          client: identifier,
          registered_at: unixSeconds,
          revoked: z.boolean(),
          revoked_at: z.nullable(unixSeconds),
          signature_keys: signatureKeys,
          inventory,
          last_upload_at: z.nullable(unixSeconds),
          last_claimed_at: z.nullable(unixSeconds),
          missed: z.array(
            z.strictObject({ reason: missedReason(), count: z.int().check(z.minimum(0)), last_at: unixSeconds }),
          ),
          budgets,
        }),
      ),
      budgets,
      budgets_raised: z.nullable(z.strictObject({ factor: z.int().check(z.minimum(1)), until: unixSeconds })),
      events: waitingEvents(),
      activity_since: unixSeconds,
      top_claimers_of_hour: topClaimers(),
      top_claimers_of_day: topClaimers(),
    }),
);

export const userJournalQuery = z.strictObject({
  client: z.optional(identifier),
  after: z.optional(cursor),
  limit,
});

export const userJournalAnswer = /* @__PURE__ */ named(
  "UserJournal",
  "Claims on the packages of a user, oldest first. What one claim did at several clients stays on one page. `next` is the next page's `after`; null on the last one.",
  () => z.strictObject({ user: identifier, entries: journalEntries(), next: z.nullable(cursor) }),
);

export const purgeAnswer = /* @__PURE__ */ named(
  "PurgedClient",
  "The client has nothing left in stock, and stays registered.",
  () => z.strictObject({ user: identifier, client: identifier, purged: z.int().check(z.minimum(0)) }),
);

export const resyncAnswer = /* @__PURE__ */ named(
  "Resync",
  "`delivered`: the directory has the user's rows; `queued`: it will as soon as it answers again.",
  () => z.strictObject({ user: identifier, status: z.enum(["delivered", "queued"]) }),
);

export const resyncPoolAnswer = /* @__PURE__ */ named(
  "PoolResync",
  "`delivered`: the directory has the user's rows, in one database only; `queued`: the pool goes on by itself until it has; `empty`: no client has ever registered there.",
  () => z.strictObject({ pool: poolId, status: z.enum(["delivered", "queued", "empty"]) }),
);

export const restoreEpochRequest = z.strictObject({ restore_epoch: z.optional(unixSeconds) });

export const previewQuery = z.strictObject({
  after: z.optional(cursor),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(MAX_PREVIEW_USERS))),
  restore_epoch: z.optional(unixSeconds),
});

const total = () => z.int().check(z.minimum(0));

export const previewAnswer = /* @__PURE__ */ named(
  "RestoreEpochPreview",
  "What an epoch would void of the users of this page, asked of their pools; nothing was changed. `users_affected`: users who would lose anything. Add up the pages: `next` is the next page's `after`; null on the last one.",
  () =>
    z.strictObject({
      restore_epoch: unixSeconds,
      users: total(),
      users_affected: total(),
      one_time: total(),
      last_resorts: total(),
      next: z.nullable(cursor),
    }),
);

export const restoreEpochAnswer = /* @__PURE__ */ named(
  "RestoreEpoch",
  "The epoch in force; 0 if there never was a restore. From `holds_everywhere_at` on, every isolate that is in use has read it; the first requests of a new or long idle one may still come before that, to pools that have not been called since. A resync tells a pool at once.",
  () => z.strictObject({ restore_epoch: unixSeconds, holds_everywhere_at: z.nullable(unixSeconds) }),
);

/** Members of the problem `restore_epoch_older`. */
export const newerRestoreEpoch = /* @__PURE__ */ named("NewerRestoreEpoch", "The epoch in force.", () =>
  z.object({ restore_epoch: unixSeconds }),
);

export const stockQuery = z.strictObject({
  filter: z.optional(z.enum(["all", "low", "last_resort_only", "exhausted", "expiring"])),
  expiring_within_seconds: z.optional(z.int().check(z.minimum(0))),
  limit,
  after: z.optional(cursor),
});

/** Within the `after` of a page of stock: user, client and ciphersuite of its last row, and when its client's stock expires. */
export const stockCursor = z.tuple([identifier, identifier, codePoint, z.optional(unixSeconds)]);

/** Within the `after` of a page of users: the last one. */
export const userCursor = z.tuple([identifier]);

export const userListQuery = z.strictObject({ prefix: z.optional(identifier), after: z.optional(cursor), limit });

/** For the description. */
export function nameAdminRequests(): void {
  name(
    restoreEpochRequest,
    "RestoreEpochRequest",
    "Unix seconds, not in the future; by default now. Packages that were stored or made before it are void.",
  );
}
