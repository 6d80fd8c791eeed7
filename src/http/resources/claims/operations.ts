/** Handing out packages: of one user, or of many. */
import type { Context } from "hono";
import { CLAIM_CONCURRENT_POOLS, MAX_BULK_ANSWER_BYTES, MAX_USERS_PER_CLAIM } from "../../../config/limits.ts";
import type { ClaimCall, ClientClaim, PoolCall } from "../../../contract/pool-messages.ts";
import { countBy } from "../../../shared/count-by.ts";
import { mapConcurrent } from "../../../shared/map-concurrent.ts";
import type { AppEnv } from "../../bindings.ts";
import { type MediaType, operation } from "../../operation.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { countClaims } from "../../telemetry/metrics.ts";
import { poolClient } from "../../upstream/pool-client.ts";
import { clientClaimBody } from "./bodies.ts";
import { concatenatedMessages, prefersMlsMessages } from "./message-mls.ts";
import { criteriaOf, idempotencyOf } from "./request.ts";
import {
  type BulkClaimUser,
  bulkClaimAnswer,
  bulkClaimRequest,
  claimAnswer,
  claimRequest,
  rateLimitedClaim,
} from "./schemas.ts";

/** An answer that was given before, under the same key: byte for byte the same body, told apart by this header only. */
const REPLAYED = "Idempotent-Replayed";

/** The status of an answer whose body is packages and nothing else. */
const CLAIM_STATUS = "Claim-Status";

const MLS: readonly MediaType[] = ["message/mls"];

export const claims = [
  operation({
    id: "claimUser",
    method: "POST",
    path: "/v1/users/{user}/claims",
    access: "claimer",
    summary: "One package of each client of the user.",
    body: { json: claimRequest },
    takesIdempotencyKey: true,
    needs: "pool",
    answers: [{ status: 200, description: "What each client gave.", json: claimAnswer, also: MLS }],
    problems: ["idempotency_key_reused", "unknown_user", "rate_limited"],
    members: { rate_limited: rateLimitedClaim },
    handle: async ({ user, claimer, body, idempotencyKey }, c) => {
      const claimed = await poolClient(c.env, user).claim({
        claimer,
        criteria: criteriaOf(c.get("deployment"), body),
        idempotency: idempotencyOf(idempotencyKey, [user], body),
      });
      if (!claimed.ok) return claimed;
      const { status, clients, replayed } = claimed.value;
      c.set("outcomes", countBy(clients.map((client) => client.status)));
      countClaims(c.env.METRICS, clients, replayed);
      const members = { user, clients: clients.map(clientClaimBody) };
      if (status === "rate_limited") {
        return refuse("rate_limited", undefined, { retryAfterSeconds: retryAfter(clients), members });
      }
      if (replayed) c.header(REPLAYED, "true");
      return ok(mlsMessages(c, status, clients) ?? c.json({ user, status, clients: members.clients }));
    },
  }),
  operation({
    id: "claimUsers",
    method: "POST",
    path: "/v1/claims",
    access: "claimer",
    summary: "One package of each client of many users.",
    body: { json: bulkClaimRequest },
    takesIdempotencyKey: true,
    answers: [{ status: 200, description: "What became of each user.", json: bulkClaimAnswer, also: MLS }],
    problems: ["idempotency_key_reused", "too_many_users"],
    handle: async ({ claimer, body, idempotencyKey }, c) => {
      const { users: named, ...request } = body;
      if (named.length > MAX_USERS_PER_CLAIM) {
        return refuse("too_many_users", `expected at most ${MAX_USERS_PER_CLAIM} users, got ${named.length}`);
      }
      const users = [...new Set(named)];
      const call = {
        claimer,
        criteria: criteriaOf(c.get("deployment"), request),
        idempotency: idempotencyOf(idempotencyKey, users, request),
      };
      const outcomes = await claimMany(c, users, call);
      if (!outcomes.ok) return outcomes;

      const given = outcomes.value.flatMap(clientsOf);
      const answer = outcomes.value.map(bulkUser);
      c.set(
        "outcomes",
        countBy([...answer.map(({ status }) => `user_${status}`), ...given.map(({ status }) => status)]),
      );
      for (const outcome of outcomes.value) {
        const replayed = outcome.kind === "asked" && outcome.claimed.ok && outcome.claimed.value.replayed;
        countClaims(c.env.METRICS, clientsOf(outcome), replayed);
        if (replayed) c.header(REPLAYED, "true");
      }
      const status = answer.every((user) => user.status === "ok") ? "ok" : "partial";
      return ok(mlsMessages(c, status, given) ?? c.json({ users: answer }));
    },
  }),
];

type Call = Omit<ClaimCall, keyof PoolCall>;
type Claimed = Awaited<ReturnType<ReturnType<typeof poolClient>["claim"]>>;

/** One user of a bulk claim. `deferred`: the answer was full, so the pool was never asked. */
type UserOutcome =
  | { readonly user: string; readonly kind: "asked"; readonly claimed: Claimed }
  | { readonly user: string; readonly kind: "deferred" };

/** Claims from each user's pool, unless one of them knows the key for another request: then nothing is taken. */
async function claimMany(
  c: Context<AppEnv>,
  users: readonly string[],
  call: Call,
): Promise<Result<readonly UserOutcome[]>> {
  if (call.idempotency && (await anyIdempotencyConflict(c, users, call))) return refuse("idempotency_key_reused");
  let bytes = 0;
  const outcomes = await mapConcurrent(users, CLAIM_CONCURRENT_POOLS, async (user): Promise<UserOutcome> => {
    // Deferred before anything is taken from it: the answer must fit the isolate, and so must its repetition.
    if (bytes >= MAX_BULK_ANSWER_BYTES) return { user, kind: "deferred" };
    const outcome = { user, kind: "asked", claimed: await poolClient(c.env, user).claim(call) } as const;
    bytes += clientsOf(outcome).reduce((sum, client) => sum + bytesOf(client), 0);
    return outcome;
  });
  const isConflict = outcomes.some(
    (outcome) =>
      outcome.kind === "asked" && !outcome.claimed.ok && outcome.claimed.error.code === "idempotency_key_reused",
  );
  return isConflict ? refuse("idempotency_key_reused") : ok(outcomes);
}

/** Asked of all before anything is taken of any. A pool that does not answer is not known to know. */
async function anyIdempotencyConflict(c: Context<AppEnv>, users: readonly string[], call: Call): Promise<boolean> {
  const known = await mapConcurrent(users, CLAIM_CONCURRENT_POOLS, (user) =>
    poolClient(c.env, user).hasIdempotencyConflict(call),
  );
  return known.some((answer) => answer.ok && answer.value);
}

const bytesOf = (client: ClientClaim): number => ("package" in client ? client.package.keyPackage.length : 0);

/** The packages alone, where the caller asked for them and there are any. */
function mlsMessages(c: Context<AppEnv>, status: string, clients: readonly ClientClaim[]): Response | undefined {
  if (!prefersMlsMessages(c.req.header("Accept"))) return undefined;
  const body = concatenatedMessages(clients);
  return body && c.body(body.slice().buffer, 200, { "Content-Type": "message/mls", [CLAIM_STATUS]: status });
}

const clientsOf = (outcome: UserOutcome): readonly ClientClaim[] =>
  outcome.kind === "asked" && outcome.claimed.ok ? outcome.claimed.value.clients : [];

/** A pool that failed is `failed`, which is neither empty nor unknown. */
function bulkUser(outcome: UserOutcome): BulkClaimUser {
  const { user } = outcome;
  if (outcome.kind === "deferred") return { user, status: "failed", clients: [], code: "answer_too_large" };
  const { claimed } = outcome;
  if (claimed.ok) return { user, status: claimed.value.status, clients: claimed.value.clients.map(clientClaimBody) };
  if (claimed.error.code === "unknown_user") return { user, status: "unknown_user", clients: [] };
  const code = claimed.error.code === "pool_overloaded" ? "pool_overloaded" : "pool_unavailable";
  return { user, status: "failed", clients: [], code };
}

/** The soonest that any client may give again. */
function retryAfter(clients: readonly ClientClaim[]): number {
  return Math.min(...clients.flatMap((client) => (client.status === "rate_limited" ? [client.retryAfterSeconds] : [])));
}
