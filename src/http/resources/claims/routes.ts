/** Handing out packages: of one user, or of many. */
import { type Context, Hono } from "hono";
import { CLAIM_CONCURRENT_POOLS, MAX_BULK_ANSWER_BYTES, MAX_USERS_PER_CLAIM } from "../../../config/limits.ts";
import type { ClaimAnswer, ClaimCall, ClientClaim } from "../../../contract/pool-messages.ts";
import { countBy } from "../../../shared/count-by.ts";
import { mapConcurrent } from "../../../shared/map-concurrent.ts";
import { authenticate, clientOf } from "../../auth/authenticate.ts";
import { targetUser } from "../../auth/target-user.ts";
import type { AppEnv } from "../../bindings.ts";
import { bodyLimit } from "../../middleware/body-limit.ts";
import { type Checked, problem, refuse } from "../../refusals/refusal.ts";
import { countClaims } from "../../telemetry/metrics.ts";
import { callPool } from "../../upstream/pool.ts";
import { currentRestoreEpoch } from "../../upstream/restore-epoch-cache.ts";
import { clientClaimBody } from "../../wire/bodies.ts";
import { readJson } from "../../wire/read-json.ts";
import { concatenatedMessages, prefersMlsMessages } from "./message-mls.ts";
import { criteriaOf, idempotencyOf } from "./request.ts";
import { type BulkClaimUser, bulkClaimRequest, claimRequest } from "./schemas.ts";

const claimer = authenticate("key-packages:claim");

/** An answer that was given before, under the same key: byte for byte the same body, told apart by this header only. */
const REPLAYED = "Idempotent-Replayed";

/** The status of an answer whose body is packages and nothing else. */
const CLAIM_STATUS = "Claim-Status";

export const claims = new Hono<AppEnv>()
  .post("/v1/users/:user/claims", claimer, targetUser, bodyLimit, async (c) => {
    const request = readJson(claimRequest, c.req.header("Content-Type"), c.get("body"));
    if (!request.ok) return problem(c, request.refusal);
    const user = c.get("target");
    const idempotency = idempotencyOf(c.req.header("Idempotency-Key"), [user], request.value);
    if (!idempotency.ok) return problem(c, idempotency.refusal);
    const claimed = await claimFrom(c, {
      user,
      restoreEpoch: await currentRestoreEpoch(c.env.DB),
      claimer: claimerOf(c),
      criteria: criteriaOf(c.env, request.value),
      idempotency: idempotency.value,
    });
    if (!claimed.ok) return problem(c, claimed.refusal);
    const answer = claimed.value;
    if (answer.outcome !== "answered") return problem(c, { code: answer.outcome });

    c.set("outcomes", countBy(answer.clients.map((client) => client.status)));
    countClaims(c.env.METRICS, answer.clients, answer.replayed);
    const body = { user, clients: answer.clients.map(clientClaimBody) };
    if (answer.status === "rate_limited") {
      return problem(c, { code: "rate_limited", retryAfterSeconds: retryAfter(answer.clients), members: body });
    }
    if (answer.replayed) c.header(REPLAYED, "true");
    return (
      mlsMessages(c, answer.status, answer.clients) ?? c.json({ user, status: answer.status, clients: body.clients })
    );
  })
  .post("/v1/claims", claimer, bodyLimit, async (c) => {
    const request = readJson(bulkClaimRequest, c.req.header("Content-Type"), c.get("body"));
    if (!request.ok) return problem(c, request.refusal);
    const { users: named, ...criteria } = request.value;
    if (named.length > MAX_USERS_PER_CLAIM) {
      return problem(c, {
        code: "too_many_users",
        detail: `${named.length} users are more than ${MAX_USERS_PER_CLAIM}`,
      });
    }
    const users = [...new Set(named)];
    const idempotency = idempotencyOf(c.req.header("Idempotency-Key"), users, criteria);
    if (!idempotency.ok) return problem(c, idempotency.refusal);
    const call = {
      restoreEpoch: await currentRestoreEpoch(c.env.DB),
      claimer: claimerOf(c),
      criteria: criteriaOf(c.env, criteria),
      idempotency: idempotency.value,
    };
    if (call.idempotency && (await anyIdempotencyConflict(c, users, call))) {
      return problem(c, { code: "idempotency_key_reused" });
    }
    let bytes = 0;
    const outcomes = await mapConcurrent(users, CLAIM_CONCURRENT_POOLS, async (user) => {
      // Put off before anything is taken from them: the answer must fit the isolate, and so must its repetition.
      if (bytes >= MAX_BULK_ANSWER_BYTES) return { user, claimed: PUT_OFF };
      const claimed = await claimFrom(c, { ...call, user });
      bytes += clientsOf(claimed).reduce((sum, client) => sum + bytesOf(client), 0);
      return { user, claimed };
    });
    if (outcomes.some(({ claimed }) => claimed.ok && claimed.value.outcome === "idempotency_key_reused")) {
      return problem(c, { code: "idempotency_key_reused" });
    }

    const given = outcomes.flatMap(({ claimed }) => clientsOf(claimed));
    const answer = outcomes.map(({ user, claimed }) => bulkUser(user, claimed));
    c.set("outcomes", countBy([...answer.map(({ status }) => `user_${status}`), ...given.map(({ status }) => status)]));
    for (const { claimed } of outcomes) {
      if (claimed.ok && claimed.value.outcome === "answered") {
        countClaims(c.env.METRICS, claimed.value.clients, claimed.value.replayed);
        if (claimed.value.replayed) c.header(REPLAYED, "true");
      }
    }
    const status = answer.every((user) => user.status === "ok") ? "ok" : "partial";
    return mlsMessages(c, status, given) ?? c.json({ users: answer });
  });

function claimerOf(c: Context<AppEnv>): ClaimCall["claimer"] {
  const principal = c.get("principal");
  return { user: principal.user, client: clientOf(principal) };
}

/** Asked of all before anything is taken of any. A pool that does not answer is not known to know. */
async function anyIdempotencyConflict(
  c: Context<AppEnv>,
  users: readonly string[],
  call: Omit<ClaimCall, "user">,
): Promise<boolean> {
  const known = await mapConcurrent(users, CLAIM_CONCURRENT_POOLS, (user) =>
    callPool(c.env, user, "safe", (pool) => pool.hasIdempotencyConflict({ ...call, user })),
  );
  return known.some((answer) => answer.ok && answer.value);
}

/** What a user gets whose pool was not asked, because the answer was full. */
const PUT_OFF = refuse("pool_unavailable");

const bytesOf = (client: ClientClaim): number => ("package" in client ? client.package.keyPackage.length : 0);

/** Without a key a claim is never repeated: a lost reply may have taken packages that nobody could ask for again. */
function claimFrom(c: Context<AppEnv>, call: ClaimCall): Promise<Checked<ClaimAnswer>> {
  return callPool(c.env, call.user, call.idempotency ? "safe" : "once", (pool) => pool.claim(call));
}

/** The packages alone, where the caller asked for them and there are any. */
function mlsMessages(c: Context<AppEnv>, status: string, clients: readonly ClientClaim[]): Response | undefined {
  if (!prefersMlsMessages(c.req.header("Accept"))) return undefined;
  const body = concatenatedMessages(clients);
  return body && c.body(body.slice().buffer, 200, { "Content-Type": "message/mls", [CLAIM_STATUS]: status });
}

const clientsOf = (claimed: Checked<ClaimAnswer>): readonly ClientClaim[] =>
  claimed.ok && claimed.value.outcome === "answered" ? claimed.value.clients : [];

/** A pool that failed is `failed`, which is neither empty nor unknown. */
function bulkUser(user: string, claimed: Checked<ClaimAnswer>): BulkClaimUser {
  const clients = clientsOf(claimed).map(clientClaimBody);
  if (!claimed.ok) {
    const code = claimed.refusal.code === "pool_overloaded" ? "pool_overloaded" : "pool_unavailable";
    return { user, status: "failed", clients, code: claimed === PUT_OFF ? "answer_too_large" : code };
  }
  const status = claimed.value.outcome === "answered" ? claimed.value.status : "unknown_user";
  return { user, status, clients };
}

/** The soonest that any client may give again. */
function retryAfter(clients: readonly ClientClaim[]): number {
  return Math.min(...clients.flatMap((client) => (client.status === "rate_limited" ? [client.retryAfterSeconds] : [])));
}
