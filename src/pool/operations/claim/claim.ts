/**
 * Handing out packages: look, decide, apply. Everything here is synchronous and runs inside one transaction: nothing else
 * can run between choosing a package and consuming it, which is what makes a claim happen once.
 */
import type { BudgetSettings } from "../../../config/settings.ts";
import type { ClaimCriteria, ClaimedPackage, ClaimStatus, ClientClaim } from "../../../contract/claim-messages.ts";
import type { Claimer } from "../../../contract/pool-call.ts";
import { unixSeconds } from "../../../shared/time.ts";
import { bytesOf, type Found, oldest, type QueueHeads, takePackage } from "../../tables/chunks-table.ts";
import type { Missed } from "../../tables/claims-table.ts";
import { type ClientRecord, type Queue, withLive, withUse, writeClaimed } from "../../tables/clients-table.ts";
import { levelReached, type StockNews } from "../stock-news.ts";
import { bucketsOfCapability, bucketsOfClaimer, ClaimBudgets } from "./claim-budgets.ts";
import type { ClaimCache } from "./claim-cache.ts";
import { type Choice, type ClaimFacts, type Decision, decide, groupsOf } from "./claim-decision.ts";

export type ClaimContext = {
  readonly sql: SqlStorage;
  /** The pool's own user. */
  readonly user: string;
  readonly cache: ClaimCache;
  readonly claimer: Claimer;
  readonly criteria: ClaimCriteria;
  readonly budgets: BudgetSettings;
  readonly lowWatermarkPackages: number;
  readonly nowMs: number;
};

export type Claimed = {
  readonly status: ClaimStatus;
  readonly clients: readonly ClientClaim[];
  /** Clients whose owners are to be told that they gave nothing. */
  readonly missed: readonly Missed[];
  /** Levels that a client's stock has reached by it, and last resorts that were given for the first time. */
  readonly news: readonly StockNews[];
};

/** A claim with its budgets, and the chunks that it need not read. */
type Budgeted = Omit<ClaimContext, "budgets"> & { readonly budgets: ClaimBudgets; readonly heads: QueueHeads };

/** One package from each registered client that has a fitting one, in the order of registration. */
export function claimAll(context: ClaimContext): Claimed {
  const missed: Missed[] = [];
  const news: StockNews[] = [];
  const budgets = new ClaimBudgets(context.budgets, bucketsOf(context.claimer), context.nowMs);
  const budgeted = { ...context, budgets, heads: context.cache.headsAt(context.nowMs) };
  const clients = context.cache.clients.map((client): ClientClaim => {
    const applied = apply(budgeted, client, decide(look(budgeted, client)));
    if (applied.missed) missed.push({ client: client.client, reason: applied.missed });
    for (const one of applied.news ?? []) news.push({ ...one, cause: "claim", clientId: client.clientId });
    return applied.claim;
  });
  return { status: statusOf(clients), clients, missed, news };
}

const bucketsOf = (claimer: Claimer) =>
  "capability" in claimer ? bucketsOfCapability(claimer.capability) : bucketsOfClaimer(claimer.user);

/** The answer as a whole, from its parts. Pure. */
export function statusOf(clients: readonly ClientClaim[]): ClaimStatus {
  const wanted = clients.filter((claim) => claim.status !== "excluded");
  const given = wanted.filter((claim) => "package" in claim);
  if (given.length > 0) return given.length === wanted.length ? "ok" : "partial";
  return wanted.some((claim) => claim.status === "rate_limited") ? "rate_limited" : "none";
}

/** What there is to know of one client. Reads only, and packages only when the decision asks for them. */
function look(context: Budgeted, client: ClientRecord): ClaimFacts {
  const { sql, heads, criteria, nowMs } = context;
  const now = unixSeconds(nowMs);
  // A package expires at `not_after` itself (OpenMLS), so at least one second must be left.
  const window = { now, aliveUntil: now + Math.max(1, criteria.minRemainingLifetimeSeconds) };
  return {
    excluded: excludes(context, client.client),
    criteria,
    queues: client.queues,
    ...context.budgets.waits(client.budgets, groupsOf(criteria).length),
    oldest: ({ queueId }) => oldest(sql, client.clientId, queueId, window, heads),
  };
}

type Applied = {
  readonly claim: ClientClaim;
  readonly missed?: Missed["reason"] | undefined;
  readonly news?: readonly News[];
};

type News = Pick<StockNews, "type" | "ciphersuite">;

/** Does what was decided: one row of the client's record, and one of the chunk that each one-time package leaves. */
function apply(context: Budgeted, client: ClientRecord, decision: Decision): Applied {
  const { client: name } = client;
  switch (decision.kind) {
    case "excluded":
      return { claim: { client: name, status: "excluded" } };
    case "pair_limited":
    case "target_limited":
      return { claim: rateLimited(name, decision.waitMs), missed: miss(context, client, "rate_limited") };
    case "exhausted":
    case "incompatible":
      return { claim: { client: name, status: decision.kind }, missed: miss(context, client, decision.kind) };
    case "give":
      return (decision.lastResort ? lend : consume)(context, client, decision.choices);
  }
}

const rateLimited = (client: string, waitMs: number) =>
  ({ client, status: "rate_limited", retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) }) as const;

/** Takes one-time packages out of the stock and out of both budgets. */
function consume(context: Budgeted, client: ClientRecord, choices: readonly Choice[]): Applied {
  const { sql, cache, heads, budgets, lowWatermarkPackages } = context;
  const taken: ClaimedPackage[] = [];
  const news: News[] = [];
  let after = { ...client, changes: client.changes + 1 };
  for (const { found, queue } of choices) {
    // First: in its chunk the bytes are gone when it is taken.
    taken.push(packageOf(found, queue, client));
    const nextInChunk = takePackage(sql, found, heads);
    const queues = withLive(after.queues, queue.queueId, -1, ({ nextExpiry }) => {
      if (nextExpiry === undefined) return undefined;
      // The first to expire may have been this one, and then only the other chunks know which is the next.
      return found.entry.notAfter > nextExpiry || nextInChunk === nextExpiry ? nextExpiry : undefined;
    });
    after = { ...after, queues, budgets: budgets.afterOneTime(after.budgets) };
    const { ciphersuite } = queue;
    const type = levelReached(stockOf(queues, ciphersuite), lowWatermarkPackages);
    if (type) news.push({ type, ciphersuite });
  }
  cache.update(writeClaimed(sql, after));
  return { claim: given(client, "claimed", taken), news };
}

/** Gives last resorts, which stay; their owner is told how often. */
function lend({ sql, cache, budgets, nowMs }: Budgeted, client: ClientRecord, choices: readonly Choice[]): Applied {
  const now = unixSeconds(nowMs);
  const news: News[] = [];
  let after = client;
  for (const { queue } of choices) {
    const { storedAt = now, firstUsedAt = now, uses = 0 } = queue.use ?? {};
    const queues = withUse(after.queues, queue.queueId, { storedAt, firstUsedAt, uses: uses + 1 });
    after = { ...after, queues, budgets: budgets.afterLastResort(after.budgets) };
    if (uses === 0) news.push({ type: "last_resort.used", ciphersuite: queue.ciphersuite });
  }
  cache.update(writeClaimed(sql, after));
  const lent = choices.map(({ found, queue }) => packageOf(found, queue, client));
  return { claim: given(client, "last_resort", lent), news };
}

function given(
  { client }: ClientRecord,
  status: "claimed" | "last_resort",
  [first, ...others]: readonly ClaimedPackage[],
): ClientClaim {
  if (!first) throw new RangeError("a decision to give chooses a package");
  return { client, status, package: first, ...(others.length > 0 ? { others } : {}) };
}

/** Counts a claim in vain. Returns its reason if the owner is to be told, undefined once it has been told often enough. */
function miss<Reason extends Missed["reason"]>(
  { sql, cache, budgets }: Budgeted,
  client: ClientRecord,
  reason: Reason,
): Reason | undefined {
  const after = budgets.afterMiss(client.budgets);
  if (after.budgets !== client.budgets) cache.update(writeClaimed(sql, { ...client, budgets: after.budgets }));
  return after.isTold ? reason : undefined;
}

const packageOf = (found: Found, { ciphersuite }: Queue, { registeredAt }: ClientRecord) => ({
  keyPackage: bytesOf(found),
  keyPackageRef: found.entry.ref,
  ciphersuite,
  notAfter: found.entry.notAfter,
  registeredAt,
});

/** A claimer's own client never gives to it; another user's client of the same name is another client. */
function excludes({ user, claimer, criteria }: Budgeted, client: string): boolean {
  const isOwn = "user" in claimer && claimer.user === user && claimer.client === client;
  return isOwn || criteria.excludeClients.includes(client);
}

/** One-time packages of a ciphersuite, those that expired since the last sweep included. */
function stockOf(queues: readonly Queue[], ciphersuite: number): number {
  return queues.reduce(
    (sum, queue) => (queue.ciphersuite === ciphersuite && !queue.lastResort ? sum + queue.live : sum),
    0,
  );
}
