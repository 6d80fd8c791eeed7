/**
 * Handing out packages: look, decide, apply, for one client after the other. Everything here is synchronous and runs
 * inside one transaction. Nothing else can run between looking at a package and consuming it, which is what makes a
 * claim happen once.
 */
import type { Settings } from "../../config/settings.ts";
import type { ClaimAnswer, ClaimCall, ClaimStatus, ClientClaim } from "../../contract/pool-messages.ts";
import { unixSeconds } from "../../shared/time.ts";
import type { Rate } from "../leaky-bucket.ts";
import { type Bucket, bucketWaitMs, spend } from "../tables/budgets.ts";
import { record } from "../tables/journal.ts";
import { end, oldest } from "../tables/packages.ts";
import { State } from "../tables/pool-schema.ts";
import type { ClientRow } from "../tables/registrations.ts";
import { claimerKey, findReplay, keepReplay, type Replay } from "../tables/replays.ts";
import type { ClaimCache } from "./claim-cache.ts";
import { type Choice, type ClaimFacts, type Decision, decide } from "./claim-decision.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Missed claims that are journalled per hour: a claimer that asks in vain again and again does not fill the journal. */
const MISSED_RATE: Rate = { burst: 60, intervalMs: MINUTE_MS };

export type ClaimContext = {
  readonly sql: SqlStorage;
  readonly cache: ClaimCache;
  readonly settings: Settings;
  readonly call: ClaimCall;
  readonly nowMs: number;
};

export type Claimed = {
  readonly answer: ClaimAnswer;
  /** Whether the answer was made now, rather than replayed or refused. */
  readonly fresh: boolean;
  /** Ids of the clients that gave a one-time package. */
  readonly claimedFrom: readonly number[];
  /** Whether any of them now has nothing left, or one fewer than the low watermark. */
  readonly crossedThreshold: boolean;
};

const NOTHING_CLAIMED = { fresh: false, claimedFrom: [], crossedThreshold: false } as const;

/** Answers a claim: from its replay record if there is one, with packages of every fitting client otherwise. */
export function claim(context: ClaimContext): Claimed {
  const { sql, call, settings, nowMs } = context;
  const now = unixSeconds(nowMs);
  const replay = replayOf(call);
  const earlier = replay && findReplay(sql, replay, now);
  if (earlier === "mismatch") return { answer: { outcome: "idempotency_key_reused" }, ...NOTHING_CLAIMED };
  if (earlier) return { answer: { outcome: "answered", ...earlier, replayed: true }, ...NOTHING_CLAIMED };

  const given = context.cache.clients.map((client) => claimFrom(context, client));
  const clients = given.map((one) => one.claim);
  const status = statusOf(clients);
  // Only an answer with packages is kept: a claimer that got nothing may ask again with the same key.
  if (replay && (status === "ok" || status === "partial")) {
    keepReplay(sql, replay, { status, clients }, now + settings.retention.replaySeconds);
  }
  const { lowWatermarkPackages } = settings.stock;
  return {
    answer: { outcome: "answered", status, clients, replayed: false },
    fresh: true,
    claimedFrom: given.flatMap(({ clientId, left }) => (left === undefined ? [] : [clientId])),
    crossedThreshold: given.some(({ left }) => left === 0 || left === lowWatermarkPackages - 1),
  };
}

/** Whether the idempotency key of a claim was used for a different request. Takes nothing. */
export function hasIdempotencyConflict(sql: SqlStorage, call: ClaimCall, now: number): boolean {
  const replay = replayOf(call);
  return replay !== undefined && findReplay(sql, replay, now) === "mismatch";
}

const replayOf = ({ idempotency, claimer }: ClaimCall): Replay | undefined =>
  idempotency && { ...idempotency, claimer };

/** The answer as a whole, from its parts. Pure. */
function statusOf(clients: readonly ClientClaim[]): ClaimStatus {
  const wanted = clients.filter((claim) => claim.status !== "excluded");
  const given = wanted.filter((claim) => "package" in claim);
  if (given.length > 0) return given.length === wanted.length ? "ok" : "partial";
  return wanted.some((claim) => claim.status === "rate_limited") ? "rate_limited" : "none";
}

type ClientResult = {
  readonly clientId: number;
  readonly claim: ClientClaim;
  /** With a one-time package given: how many of its ciphersuite are left. */
  readonly left?: number;
};

function claimFrom(context: ClaimContext, client: ClientRow): ClientResult {
  return { clientId: client.clientId, ...apply(context, client, decide(look(context, client))) };
}

// ---- look ---------------------------------------------------------------------------------------

function look(context: ClaimContext, { client, clientId }: ClientRow): ClaimFacts {
  const { sql, cache, call, nowMs } = context;
  const { user, claimer, criteria } = call;
  const waitMs = (bucket: Bucket | undefined) => (bucket ? bucketWaitMs(sql, bucket, nowMs) : 0);
  // A package expires at `not_after` itself (OpenMLS), so at least one second must be left.
  const notBefore = unixSeconds(nowMs) + Math.max(1, criteria.minRemainingLifetimeSeconds);
  // Another user's client of the same name is another client.
  const isOwn = claimer.user === user && claimer.client === client;
  return {
    excluded: isOwn || criteria.excludeClients.includes(client),
    criteria,
    queues: () => cache.queuesOf(clientId),
    pairWaitMs: () => waitMs(pairBucket(context, clientId)),
    targetWaitMs: () => waitMs(targetBucket(context, clientId)),
    oldest: (queue) => oldest(sql, queue.queueId, notBefore),
  };
}

function pairBucket({ settings, call }: ClaimContext, clientId: number): Bucket | undefined {
  const { pair } = settings.budgets;
  if (!pair) return undefined;
  const rate = { burst: pair.burst, intervalMs: MINUTE_MS / pair.perMinute };
  return { kind: "pair", clientId, claimer: claimerKey(call.claimer), rate };
}

function targetBucket({ settings }: ClaimContext, clientId: number): Bucket | undefined {
  const { targetPerHour } = settings.budgets;
  if (targetPerHour === undefined) return undefined;
  return { kind: "target", clientId, claimer: "", rate: { burst: targetPerHour, intervalMs: HOUR_MS / targetPerHour } };
}

// ---- apply --------------------------------------------------------------------------------------

function apply(
  context: ClaimContext,
  { client, clientId }: ClientRow,
  decision: Decision,
): Pick<ClientResult, "claim" | "left"> {
  switch (decision.kind) {
    case "give":
      return give(context, { client, clientId }, decision);
    case "excluded":
      return { claim: { client, status: "excluded" } };
    case "pair_limited":
      return { claim: { client, status: "rate_limited", retryAfterSeconds: seconds(decision.waitMs) } };
    case "target_limited":
      recordMissed(context, clientId, "rate_limited");
      return { claim: { client, status: "rate_limited", retryAfterSeconds: seconds(decision.waitMs) } };
    case "exhausted":
    case "incompatible":
      recordMissed(context, clientId, decision.kind);
      return { claim: { client, status: decision.kind } };
  }
}

/** Charges the budgets, consumes the package unless it is a last resort, and writes it into the journal. */
function give(
  context: ClaimContext,
  { client, clientId }: Pick<ClientRow, "client" | "clientId">,
  { queue, live }: Choice,
): Pick<ClientResult, "claim" | "left"> {
  const { sql, cache, call, nowMs } = context;
  const now = unixSeconds(nowMs);
  const { ciphersuite, lastResort } = queue;
  charge(context, pairBucket(context, clientId));
  if (!lastResort) {
    charge(context, targetBucket(context, clientId));
    end(sql, live.sequence, live.queueId, State.claimed, now);
    cache.noteClaimed(clientId, live.queueId);
  }
  const event = lastResort ? "last_resort" : "claimed";
  record(sql, { clientId, at: now, event, ciphersuite, ref: live.ref, claimer: call.claimer });
  const { keyPackage, ref: keyPackageRef, notAfter } = live;
  const claim = { client, status: event, package: { keyPackage, keyPackageRef, ciphersuite, notAfter } } as const;
  return lastResort ? { claim } : { claim, left: oneTimeLeft(cache, clientId, ciphersuite) };
}

function charge({ sql, nowMs }: ClaimContext, bucket: Bucket | undefined): void {
  if (bucket) spend(sql, bucket, nowMs);
}

/** One-time packages of a ciphersuite, including those that have expired since the last sweep. */
function oneTimeLeft(cache: ClaimCache, clientId: number, ciphersuite: number): number {
  return cache
    .queuesOf(clientId)
    .filter((queue) => queue.ciphersuite === ciphersuite && !queue.lastResort)
    .reduce((sum, queue) => sum + queue.live, 0);
}

function recordMissed(
  { sql, call, nowMs }: ClaimContext,
  clientId: number,
  reason: "exhausted" | "incompatible" | "rate_limited",
): void {
  const bucket: Bucket = { kind: "missed", clientId, claimer: "", rate: MISSED_RATE };
  if (bucketWaitMs(sql, bucket, nowMs) > 0) return;
  spend(sql, bucket, nowMs);
  record(sql, { clientId, at: unixSeconds(nowMs), event: "missed", claimer: call.claimer, reason });
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
