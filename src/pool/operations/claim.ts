/**
 * Handing out packages. Everything here is synchronous and runs inside one transaction: between looking at a package
 * and consuming it nothing else can run, which is what makes a claim happen once.
 */

import type { BudgetSettings } from "../../config/settings.ts";
import { satisfies } from "../../contract/capabilities.ts";
import type { ClaimCriteria, Claimer, ClaimStatus, ClientClaim } from "../../contract/pool-messages.ts";
import { type Bucket, bucketWaitMs, type Rate, spend } from "../tables/budgets.ts";
import { record } from "../tables/journal.ts";
import { capabilitiesOf, end, type LivePackage, oldest, type Queue } from "../tables/packages.ts";
import { State } from "../tables/pool-schema.ts";
import type { ClientRow } from "../tables/registrations.ts";
import { type Answered, claimerKey } from "../tables/replays.ts";
import type { ClaimCache } from "./claim-cache.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Missed claims an owner is told of, an hour: whoever asks in vain again and again does not fill the journal. */
const MISSED_RATE: Rate = { burst: 60, intervalMs: MINUTE_MS };

export type ClaimContext = {
  readonly sql: SqlStorage;
  /** The pool's own user. */
  readonly user: string;
  readonly memory: ClaimCache;
  readonly claimer: Claimer;
  readonly criteria: ClaimCriteria;
  readonly budgets: BudgetSettings;
  readonly lowWatermarkPackages: number;
  readonly nowMs: number;
};

export type Claimed = Answered & {
  /** Ids of the clients that gave a one-time package. */
  readonly claimedFrom: readonly number[];
  /** Whether any of them now has nothing left, or one fewer than the low watermark. */
  readonly crossedThreshold: boolean;
};

/** One package from each registered client that has a fitting one, in the order of registration. */
export function claimAll(context: ClaimContext): Claimed {
  const claimedFrom: number[] = [];
  let crossedThreshold = false;
  const clients = context.memory.clients.map((client): ClientClaim => {
    if (isExcluded(context, client.client)) return { client: client.client, status: "excluded" };
    const { claim, left } = claimOne(context, client);
    if (left !== undefined) {
      claimedFrom.push(client.clientId);
      crossedThreshold ||= left === 0 || left === context.lowWatermarkPackages - 1;
    }
    return claim;
  });
  return { status: statusOf(clients), clients, claimedFrom, crossedThreshold };
}

/** The answer as a whole, from its parts. Pure. */
export function statusOf(clients: readonly ClientClaim[]): ClaimStatus {
  const wanted = clients.filter((claim) => claim.status !== "excluded");
  const given = wanted.filter((claim) => "package" in claim);
  if (given.length > 0) return given.length === wanted.length ? "ok" : "partial";
  return wanted.some((claim) => claim.status === "rate_limited") ? "rate_limited" : "none";
}

/** The claimer's own client never claims from itself; another user's client of the same name is another client. */
function isExcluded({ user, claimer, criteria }: ClaimContext, client: string): boolean {
  return (claimer.user === user && claimer.client === client) || criteria.excludeClients.includes(client);
}

/** What one client gives, and how many one-time packages of that ciphersuite it has left if it gave one. */
function claimOne(
  context: ClaimContext,
  { client, clientId }: ClientRow,
): { readonly claim: ClientClaim; readonly left?: number } {
  const { sql, claimer, criteria, nowMs } = context;
  const pair = pairBucket(context, clientId);
  const pairWaitMs = pair ? bucketWaitMs(sql, pair, nowMs) : 0;
  if (pairWaitMs > 0) return { claim: { client, status: "rate_limited", retryAfterSeconds: seconds(pairWaitMs) } };

  const queues = context.memory.queuesOf(clientId);
  const fitting = queues.filter((queue) => fits(queue, criteria));
  const target = targetBucket(context, clientId);
  const targetWaitMs = target ? bucketWaitMs(sql, target, nowMs) : 0;

  const oneTime = pick(context, fitting, false);
  const chosen = oneTime && targetWaitMs === 0 ? oneTime : criteria.allowLastResort && pick(context, fitting, true);
  if (!chosen) {
    if (oneTime) {
      missed(context, clientId, "rate_limited");
      return { claim: { client, status: "rate_limited", retryAfterSeconds: seconds(targetWaitMs) } };
    }
    const status = fitting.length === 0 && queues.length > 0 ? "incompatible" : "exhausted";
    missed(context, clientId, status);
    return { claim: { client, status } };
  }

  if (pair) spend(sql, pair, nowMs);
  const { queue, live } = chosen;
  const now = Math.floor(nowMs / 1000);
  if (!queue.lastResort) {
    if (target) spend(sql, target, nowMs);
    end(sql, live.sequence, live.queueId, State.claimed, now);
    context.memory.noteClaimed(clientId, live.queueId);
  }
  const status = queue.lastResort ? "last_resort" : "claimed";
  record(sql, { clientId, at: now, event: status, ciphersuite: queue.ciphersuite, ref: live.ref, claimer: claimer });
  const given = {
    keyPackage: live.keyPackage,
    keyPackageRef: live.ref,
    ciphersuite: queue.ciphersuite,
    notAfter: live.notAfter,
  };
  const claim = { client, status, package: given } as const;
  return queue.lastResort ? { claim } : { claim, left: stockOf(queues, queue.ciphersuite) - 1 };
}

/** One-time packages of a ciphersuite, those that expired since the last sweep included. */
function stockOf(queues: readonly Queue[], ciphersuite: number): number {
  return queues.reduce(
    (sum, queue) => (queue.ciphersuite === ciphersuite && !queue.lastResort ? sum + queue.live : sum),
    0,
  );
}

function fits(queue: Queue, { ciphersuites, requiredCapabilities }: ClaimCriteria): boolean {
  if (!ciphersuites.includes(queue.ciphersuite)) return false;
  const { extensions, proposals, credentials } = requiredCapabilities;
  if (extensions.length + proposals.length + credentials.length === 0) return true;
  return satisfies(capabilitiesOf(queue), requiredCapabilities);
}

/** The oldest package of the most preferred ciphersuite that has one. */
function pick(
  { sql, criteria, nowMs }: ClaimContext,
  fitting: readonly Queue[],
  lastResort: boolean,
): { readonly queue: Queue; readonly live: LivePackage } | undefined {
  // `not_after` itself is expired already (OpenMLS), so at least one second must be left.
  const notBefore = Math.floor(nowMs / 1000) + Math.max(1, criteria.minRemainingLifetimeSeconds);
  for (const ciphersuite of criteria.ciphersuites) {
    let best: { readonly queue: Queue; readonly live: LivePackage } | undefined;
    for (const queue of fitting) {
      if (queue.ciphersuite !== ciphersuite || queue.lastResort !== lastResort || queue.live === 0) continue;
      const live = oldest(sql, queue.queueId, notBefore);
      if (live && (!best || live.sequence < best.live.sequence)) best = { queue, live };
    }
    if (best) return best;
  }
  return undefined;
}

function pairBucket({ budgets, claimer }: ClaimContext, clientId: number): Bucket | undefined {
  if (!budgets.pair) return undefined;
  const rate = { burst: budgets.pair.burst, intervalMs: MINUTE_MS / budgets.pair.perMinute };
  return { kind: "pair", clientId, claimer: claimerKey(claimer), rate };
}

function targetBucket({ budgets }: ClaimContext, clientId: number): Bucket | undefined {
  if (budgets.targetPerHour === undefined) return undefined;
  const rate = { burst: budgets.targetPerHour, intervalMs: HOUR_MS / budgets.targetPerHour };
  return { kind: "target", clientId, claimer: "", rate };
}

function missed(
  { sql, claimer, nowMs }: ClaimContext,
  clientId: number,
  reason: "exhausted" | "incompatible" | "rate_limited",
) {
  const bucket: Bucket = { kind: "missed", clientId, claimer: "", rate: MISSED_RATE };
  if (bucketWaitMs(sql, bucket, nowMs) > 0) return;
  spend(sql, bucket, nowMs);
  record(sql, { clientId, at: Math.floor(nowMs / 1000), event: "missed", claimer: claimer, reason });
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
