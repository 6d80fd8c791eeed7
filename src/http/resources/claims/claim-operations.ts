/** Handing out packages: of one user, or of many. */
import type { Context } from "hono";
import {
  CLAIM_CONCURRENT_POOLS,
  LIST_BODY_BYTES,
  MAX_BULK_ANSWER_BYTES,
  MAX_CLAIM_RECEIPT_BYTES,
  MAX_CLIENTS_PER_USER,
  MAX_USERS_PER_CLAIM,
} from "../../../config/limits.ts";
import { type ClaimCall, type ClientClaim, packagesOf } from "../../../contract/claim-messages.ts";
import type { PoolCall, UserClaimer } from "../../../contract/pool-call.ts";
import type { Route } from "../../../directory/routes.ts";
import { countBy } from "../../../shared/count-by.ts";
import { mapConcurrent } from "../../../shared/map-concurrent.ts";
import type { AppEnv } from "../../bindings.ts";
import { type Descriptions, type MediaType, operation } from "../../operation.ts";
import { type Receipts, type ReceiptsByRef, receiptQuery, receiptsFor } from "../../receipts/receipts.ts";
import { ok, refuse } from "../../refusals/refusal.ts";
import { noteGiven } from "../../telemetry/activity-counts.ts";
import { countClaims } from "../../telemetry/metrics.ts";
import { type PoolClient, poolClient } from "../../upstream/pool-client.ts";
import { isInDirectory, unknownUsers } from "../../upstream/unknown-users.ts";
import { listBound } from "../../wire/read-json.ts";
import { checkRouted, keepRoutes, routesOf } from "../routes/keep-routes.ts";
import { AnswerBudget } from "./answer-budget.ts";
import {
  type BulkClaimUser,
  bulkClaimAnswer,
  bulkClaimRequest,
  type ClaimRequest,
  claimAnswer,
  claimRequest,
  rateLimitedClaim,
} from "./claim-schemas.ts";
import { clientClaimBody } from "./client-claim-body.ts";
import { concatenatedMessages, prefersMlsMessages } from "./message-mls.ts";
import { criteriaOf, idempotencyOf } from "./request.ts";

/** An answer that was given before, under the same key: byte for byte the same body, told apart by this header only. */
const REPLAYED = "Idempotent-Replayed";

/** The status of an answer whose body is packages and nothing else. */
const CLAIM_STATUS = "Claim-Status";

/** With `route`: the packages were taken, and their routes may not have been written. The same request again mends it. */
const ROUTE_PROBLEMS = ["routes_not_kept", "idempotency_key_missing", "directory_unavailable"] as const;

const MLS: readonly MediaType[] = ["message/mls"];

export const claims = [
  operation({
    id: "claimUser",
    method: "POST",
    path: "/v1/users/{user}/claims",
    access: "claimer",
    body: { json: claimRequest, maxBytes: () => LIST_BODY_BYTES },
    query: receiptQuery,
    takesIdempotencyKey: true,
    takesCapability: true,
    needs: "pool",
    handle: async ({ user, claimer, body, query, idempotencyKey }, c) => {
      c.set("claimedFrom", [user]);
      const routed = checkRouted(c.get("deployment"), body.route, idempotencyKey);
      if (!routed.ok) return routed;
      const receipts = await receiptsIn(c, query);
      if (!receipts.ok) return receipts;
      const call = {
        criteria: criteriaOf(c.get("deployment"), body),
        idempotency: idempotencyOf(idempotencyKey, [user], body),
      };
      const presented = c.get("capability");
      const claimed = presented ? await presented.claim(user, call) : await claimFrom(c, user, { ...call, claimer });
      if (!claimed.ok) return claimed;
      const { status, clients, replayed } = claimed.value;
      const kept = await keepRoutes(c, body.route ? routesOf(user, clients) : []);
      if (!kept.ok) return kept;
      c.set("outcomes", countBy(clients.map((client) => client.status)));
      count(c, clients, replayed);
      const signed = await receipts.value?.claim({ user, claimer: presented ?? claimer, ...claimed.value });
      const shown = () => clients.map((claim) => clientClaimBody(claim, body, signed));
      if (status === "rate_limited") {
        const retryAfterSeconds = retryAfter(clients);
        const detail = `expected a claim within the budgets of its clients, got one for which none has room for ${retryAfterSeconds} more seconds`;
        return refuse("rate_limited", detail, { retryAfterSeconds, members: { user, clients: shown() } });
      }
      if (replayed) c.header(REPLAYED, "true");
      const packagesAlone = query.receipt === "true" ? undefined : mlsMessages(c, status, clients);
      return ok(packagesAlone ?? c.json({ user, status, clients: shown() }));
    },
  }),
  operation({
    id: "claimUsers",
    method: "POST",
    path: "/v1/claims",
    access: "claimer",
    body: {
      json: bulkClaimRequest,
      maxBytes: () => LIST_BODY_BYTES,
      lists: () => [listBound("users", MAX_USERS_PER_CLAIM, "too_many_users", "users")],
    },
    query: receiptQuery,
    takesIdempotencyKey: true,
    handle: async ({ claimer, body, query, idempotencyKey }, c) => {
      const receipts = await receiptsIn(c, query);
      if (!receipts.ok) return receipts;
      const { users: named, ...request } = body;
      const routed = checkRouted(c.get("deployment"), body.route, idempotencyKey);
      if (!routed.ok) return routed;
      // Counted already, but for a name that is written with escapes.
      if (named.length > MAX_USERS_PER_CLAIM) {
        return refuse("too_many_users", `expected at most ${MAX_USERS_PER_CLAIM} users, got ${named.length}`);
      }
      const users = [...new Set(named)];
      c.set("claimedFrom", users);
      const call = {
        claimer,
        criteria: criteriaOf(c.get("deployment"), request),
        idempotency: idempotencyOf(idempotencyKey, users, request),
      };
      const outcomes = await claimMany(c, users, call, { request, receipts: receipts.value });
      const kept = await keepRoutes(
        c,
        outcomes.flatMap((outcome) => outcome.routes),
      );
      if (!kept.ok) return kept;
      const answer = outcomes.map((outcome) => outcome.answer);
      const statuses = answer.flatMap(({ clients }) => clients.map(({ status }) => status));
      c.set("outcomes", countBy([...answer.map(({ status }) => `user_${status}`), ...statuses]));
      if (outcomes.some(({ replayed }) => replayed)) c.header(REPLAYED, "true");
      const status = answer.every((user) => user.status === "ok") ? "ok" : "partial";
      const given = outcomes.flatMap((outcome) => outcome.given);
      const packagesAlone = query.receipt === "true" ? undefined : mlsMessages(c, status, given);
      return ok(packagesAlone ?? c.json({ users: answer }));
    },
  }),
];

export const claimsDescribed = (): Descriptions => ({
  claimUser: {
    summary: "One package of each client of the user.",
    answers: [{ status: 200, description: "What each client gave.", json: claimAnswer, also: MLS }],
    problems: [
      ...ROUTE_PROBLEMS,
      "idempotency_key_reused",
      "unknown_user",
      "unknown_users_exhausted",
      "rate_limited",
      "not_offered",
      "capability_refused",
      "capability_refusals_exhausted",
    ],
    members: { rate_limited: rateLimitedClaim },
  },
  claimUsers: {
    summary: "One package of each client of many users.",
    answers: [{ status: 200, description: "What became of each user.", json: bulkClaimAnswer, also: MLS }],
    problems: [...ROUTE_PROBLEMS, "too_many_users", "not_offered"],
  },
});

type Call = Omit<ClaimCall, keyof PoolCall | "claimer"> & { readonly claimer: UserClaimer };
type Claimed = Awaited<ReturnType<PoolClient["claim"]>>;

/** Claims from one user's pool, unless the caller has asked for too many users who do not exist. */
async function claimFrom(c: Context<AppEnv>, user: string, call: Call): Promise<Claimed> {
  const { unknownUsersPerHour } = c.get("deployment").settings.budgets;
  const leave = unknownUsers.leaveToAsk(call.claimer.user, user, unknownUsersPerHour, Date.now());
  if (leave.waitMs > 0 && !(await isInDirectory(c.get("directory"), user))) {
    const detail = `expected at most ${unknownUsersPerHour} claims per hour for users who are not in the directory, got another one`;
    return refuse("unknown_users_exhausted", detail, { retryAfterSeconds: Math.ceil(leave.waitMs / 1000) });
  }
  const claimed = await poolClient(c.env, user).claim(call);
  leave.answered(!claimed.ok && claimed.error.code === "unknown_user");
  return claimed;
}

/** One user of a bulk claim. */
type UserOutcome = {
  readonly answer: BulkClaimUser;
  readonly replayed: boolean;
  /** Packages as bytes, only where the answer is made of those: JSON has its own copy, and both would be too much. */
  readonly given: readonly ClientClaim[];
  /** Of the packages, if the claim asked for them. */
  readonly routes: readonly Route[];
};

/** One call of each user's pool. A key that a pool knows for another request is that user's outcome, not the others'. */
async function claimMany(
  c: Context<AppEnv>,
  users: readonly string[],
  call: Call,
  { request, receipts }: { readonly request: ClaimRequest; readonly receipts: Receipts | undefined },
): Promise<readonly UserOutcome[]> {
  const budget = new AnswerBudget(MAX_BULK_ANSWER_BYTES);
  const receiptBytes = receipts ? MAX_CLAIM_RECEIPT_BYTES : 0;
  const packages = MAX_CLIENTS_PER_USER * (request.bundle?.length ?? 1);
  const most = packages * (c.get("deployment").settings.maxKeyPackageBytes + receiptBytes);
  const wantsBytes = prefersMlsMessages(c.req.header("Accept"));
  return mapConcurrent(users, CLAIM_CONCURRENT_POOLS, async (user): Promise<UserOutcome> => {
    // Deferred before anything is taken from it: the answer must fit the isolate, and so must its repetition.
    if (!(await budget.reserve(most))) return { answer: deferred(user), replayed: false, given: [], routes: [] };
    const claimed = await claimFrom(c, user, call);
    const clients = claimed.ok ? claimed.value.clients : [];
    const replayed = claimed.ok && claimed.value.replayed;
    budget.settle(
      most,
      clients.reduce((sum, client) => sum + bytesOf(client, receiptBytes), 0),
    );
    count(c, clients, replayed);
    const signed = claimed.ok ? await receipts?.claim({ user, claimer: call.claimer, ...claimed.value }) : undefined;
    const routes = request.route ? routesOf(user, clients) : [];
    return { answer: bulkUser(user, claimed, request, signed), replayed, given: wantsBytes ? clients : [], routes };
  });
}

function count(c: Context<AppEnv>, clients: readonly ClientClaim[], replayed: boolean): void {
  countClaims(c.env.METRICS, clients, replayed);
  if (!replayed && c.get("deployment").countsActivity) noteGiven(clients);
}

const bytesOf = (client: ClientClaim, receiptBytes: number): number =>
  packagesOf(client).reduce((sum, { keyPackage }) => sum + keyPackage.length + receiptBytes, 0);

/** Receipts for the answer. Packages alone have no place for those that were not asked for, so none are signed. */
const receiptsIn = (c: Context<AppEnv>, query: Parameters<typeof receiptsFor>[1]) =>
  query.receipt === undefined && prefersMlsMessages(c.req.header("Accept")) ? ok(undefined) : receiptsFor(c, query);

/** The packages alone, where the caller asked for them and there are any. */
function mlsMessages(c: Context<AppEnv>, status: string, clients: readonly ClientClaim[]): Response | undefined {
  if (!prefersMlsMessages(c.req.header("Accept"))) return undefined;
  const body = concatenatedMessages(clients);
  return body && c.body(body.slice().buffer, 200, { "Content-Type": "message/mls", [CLAIM_STATUS]: status });
}

const deferred = (user: string): BulkClaimUser => ({ user, status: "failed", clients: [], code: "answer_too_large" });

/** A pool that failed is `failed`, which is neither empty nor unknown. */
function bulkUser(
  user: string,
  claimed: Claimed,
  request: ClaimRequest,
  receipts: ReceiptsByRef | undefined,
): BulkClaimUser {
  if (claimed.ok) {
    const clients = claimed.value.clients.map((claim) => clientClaimBody(claim, request, receipts));
    return { user, status: claimed.value.status, clients };
  }
  const { code } = claimed.error;
  if (code === "unknown_user" || code === "idempotency_key_reused") return { user, status: code, clients: [] };
  if (code === "unknown_users_exhausted") return { user, status: "rate_limited", clients: [], code };
  const isNamed = code === "pool_overloaded" || code === "pool_schema_newer";
  return { user, status: "failed", clients: [], code: isNamed ? code : "pool_unavailable" };
}

/** The soonest that any client may give again. */
function retryAfter(clients: readonly ClientClaim[]): number {
  return Math.min(...clients.flatMap((client) => (client.status === "rate_limited" ? [client.retryAfterSeconds] : [])));
}
