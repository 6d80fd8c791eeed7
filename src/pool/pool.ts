/**
 * One user's packages: the only truth about them, behind Workers RPC.
 *
 * Every method reads and writes synchronously inside one transaction, so calls take effect one after the other and a
 * claim happens once. The platform holds each reply back until its writes are on disk. A crash before that leaves
 * nothing behind; after it the claimer may miss the reply, which is what idempotency keys are for.
 *
 * No signature is checked here: that would mean waiting in the middle. The Worker has done it, and nobody else can
 * reach this object. Settings, fields and helpers are `#private`, because TypeScript's `private` is callable over RPC.
 */
import { DurableObject } from "cloudflare:workers";
import { ALARM_RETRY_MS, DIRECTORY_REFRESH_SECONDS, OUTBOX_DELAY_MS } from "../config/limits.ts";
import { readSettings, type Settings } from "../config/settings.ts";
import type {
  ClaimAnswer,
  ClaimCall,
  ClientAnswer,
  ClientView,
  JournalAnswer,
  NotRegistered,
  PoolCall,
  PoolView,
  PreflightAnswer,
  PreflightCall,
  PublishAnswer,
  PublishCall,
  ReconcileAnswer,
  ReconcileCall,
  RegisterAnswer,
  RegisterCall,
  RemoveAnswer,
  RemoveCall,
  RevokeAnswer,
  RevokeUserAnswer,
} from "../contract/pool-messages.ts";
import { claimAll } from "./operations/claim.ts";
import { ClaimCache } from "./operations/claim-cache.ts";
import { publish } from "./operations/publish.ts";
import { reconcile } from "./operations/reconcile.ts";
import { nextDueMs, sweep } from "./operations/sweep.ts";
import { applyRestoreEpoch } from "./operations/void-before-epoch.ts";
import { hasNews, markAllChanged, markChanged } from "./outbox/outbox.ts";
import { OutboxRelay } from "./outbox/relay.ts";
import { AlarmScheduler } from "./runtime/alarm-scheduler.ts";
import { GroupedCommits } from "./runtime/grouped-commits.ts";
import { InFlightLimit } from "./runtime/in-flight-limit.ts";
import { type Bucket, bucketWaitMs, spend } from "./tables/budgets.ts";
import { readJournal } from "./tables/journal.ts";
import { endAll, endRef, inventory, queuesOf } from "./tables/packages.ts";
import { readPool } from "./tables/pool-row.ts";
import { createPool, migratePool, poolExists, State } from "./tables/pool-schema.ts";
import {
  allClients,
  type ClientRow,
  endRegistration,
  findClient,
  register,
  registeredClients,
  registration,
  signatureKeys,
} from "./tables/registrations.ts";
import { findReplay, keepReplay } from "./tables/replays.ts";

export type PoolEnv = { readonly DB: D1Database };

const NOT_REGISTERED: NotRegistered = { outcome: "client_not_registered" };

type ClientCall = PoolCall & { readonly client: string };

export class Pool extends DurableObject<PoolEnv> {
  readonly #sql: SqlStorage;
  readonly #settings: Settings;
  /** Whether tables exist. A pool writes nothing, not even those, before its first registration. */
  #exists: boolean;
  readonly #alarm: AlarmScheduler;
  readonly #relay: OutboxRelay;
  readonly #groupedClaims: GroupedCommits;
  readonly #inFlight = new InFlightLimit();
  #known: ClaimCache | undefined;

  constructor(ctx: DurableObjectState, env: PoolEnv) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#settings = readSettings(env as unknown as Record<string, unknown>);
    this.#alarm = new AlarmScheduler(ctx);
    this.#relay = new OutboxRelay({
      directory: env.DB,
      sql: this.#sql,
      stock: this.#settings.stock,
      alarm: this.#alarm,
      transaction: (body) => this.#commit(body),
    });
    this.#groupedClaims = new GroupedCommits({
      transactionSync: (body) => this.#transact(body),
      sync: () => ctx.storage.sync(),
    });
    this.#exists = poolExists(this.#sql);
    if (!this.#exists) return;
    ctx.storage.transactionSync(() => migratePool(this.#sql));
    ctx.blockConcurrencyWhile(() => this.#alarm.load());
  }

  /** Registers a client, or adds signature keys to it. The directory hears of it before the reply, if it can. */
  async register(call: RegisterCall): Promise<RegisterAnswer> {
    const nowMs = Date.now();
    const answer = this.#commit(() => {
      if (!this.#exists) createPool(this.#sql, call.user);
      this.#takeEpoch(call, nowMs);
      const outcome = register(this.#sql, call, Math.floor(nowMs / 1000));
      const client = findClient(this.#sql, call.client);
      if (client && outcome.outcome !== "unchanged") markChanged(this.#sql, [client.clientId], nowMs);
      this.#alarm.request(nowMs + OUTBOX_DELAY_MS);
      return outcome;
    });
    // Only now: a transaction that was rolled back has taken the tables with it.
    this.#exists = true;
    if (answer.outcome === "created" || answer.outcome === "extended") await this.#relay.sendNow();
    return answer;
  }

  /** A client's registration and inventory. */
  getClient(call: ClientCall): ClientAnswer {
    return this.#withClient(call, (client, nowMs) => ({ outcome: "found" as const, view: this.#view(client, nowMs) }));
  }

  /** What a publisher must know before it pays for checking signatures, and its leave to do so. */
  preflight(call: PreflightCall): PreflightAnswer {
    return this.#withClient(call, (client, nowMs): PreflightAnswer => {
      const bucket = this.#refusals(client.clientId);
      const waitMs = bucket ? bucketWaitMs(this.#sql, bucket, nowMs) : 0;
      if (waitMs > 0) return { outcome: "refusals_exhausted", retryAfterSeconds: Math.ceil(waitMs / 1000) };
      if (bucket && !this.#inFlight.acquire(client.clientId, call.packages, nowMs)) return { outcome: "busy" };
      return { outcome: "ready", signatureKeys: signatureKeys(this.#sql, client.clientId) };
    });
  }

  /** Takes admitted packages into the stock: one code for each, in their order. */
  async publish(call: PublishCall): Promise<PublishAnswer> {
    let visible = false;
    const answer = this.#withClient(call, (client, nowMs): PublishAnswer => {
      const { clientId } = client;
      const bucket = this.#refusals(clientId);
      if (bucket && call.refused > 0) spend(this.#sql, bucket, nowMs, call.refused);
      this.#inFlight.release(clientId, call.checked ?? call.keyPackages.length + call.refused, nowMs);
      const offered = this.#offered(clientId);
      const put = { sql: this.#sql, clientId, stock: this.#settings.stock, now: Math.floor(nowMs / 1000) };
      const outcome = publish(this.ctx.storage, put, call);
      if (outcome.applied && (call.mode === "replace" || outcome.codes.includes("stored"))) {
        visible = this.#offered(clientId) !== offered;
        this.#changed([clientId], visible ? nowMs : nowMs + OUTBOX_DELAY_MS);
      }
      return { outcome: "published", ...outcome, inventory: this.#inventory(clientId, nowMs) };
    });
    if (visible) await this.#relay.sendNow();
    return answer;
  }

  /** Removes packages by reference, or all of them; those that are not live are passed over. */
  remove(call: RemoveCall): RemoveAnswer {
    return this.#withClient(call, ({ clientId }, nowMs): RemoveAnswer => {
      const now = Math.floor(nowMs / 1000);
      const removed =
        call.which.kind === "all"
          ? endAll(this.#sql, { clientId }, State.deleted, now)
          : call.which.refs.filter((ref) => endRef(this.#sql, clientId, ref, State.deleted, now)).length;
      if (removed > 0) this.#changed([clientId], nowMs + OUTBOX_DELAY_MS);
      return { outcome: "removed", removed, inventory: this.#inventory(clientId, nowMs) };
    });
  }

  /** Compares the client's view of its live packages with the server's, and drops on request what the client lost. */
  reconcile(call: ReconcileCall): ReconcileAnswer {
    return this.#withClient(call, ({ clientId }, nowMs): ReconcileAnswer => {
      const reconciled = reconcile(this.#sql, clientId, call, Math.floor(nowMs / 1000));
      if (reconciled.pruned > 0) this.#changed([clientId], nowMs + OUTBOX_DELAY_MS);
      return { ...reconciled, inventory: this.#inventory(clientId, nowMs) };
    });
  }

  /** Ends a registration: live packages go, tombstones stay, and the directory hears of it before the reply. */
  async revoke(call: ClientCall): Promise<RevokeAnswer> {
    const answer = this.#withClient(call, ({ clientId }, nowMs): RevokeAnswer => {
      return { outcome: "revoked", purged: this.#revoke([clientId], nowMs) };
    });
    if (answer.outcome === "revoked") await this.#relay.sendNow();
    return answer;
  }

  /** The same for every client of the user. */
  async revokeUser(call: PoolCall): Promise<RevokeUserAnswer | { readonly outcome: "unknown_user" }> {
    if (!this.#exists) return { outcome: "unknown_user" };
    const answer = this.#transaction(call, (nowMs): RevokeUserAnswer => {
      const clientIds = registeredClients(this.#sql).map((client) => client.clientId);
      return { outcome: "revoked", clients: clientIds.length, purged: this.#revoke(clientIds, nowMs) };
    });
    await this.#relay.sendNow();
    return answer;
  }

  /** Claims on a client, oldest first: at most `limit` entries after the sequence number `after`. */
  journal(call: ClientCall & { readonly after: number | undefined; readonly limit: number }): JournalAnswer {
    return this.#withClient(call, ({ clientId }, nowMs): JournalAnswer => {
      const oldestAt = Math.floor(nowMs / 1000) - this.#settings.retention.journalSeconds;
      const page = readJournal(this.#sql, clientId, { after: call.after ?? 0, limit: call.limit, oldestAt });
      return { outcome: "page", ...page };
    });
  }

  /**
   * Hands out one package of each fitting client. Claims that arrive while an earlier one is being flushed share the
   * next commit; each is a step of its own in it.
   *
   * The commit point is the end of the transaction. A crash before it: nothing was given, nothing is missing. A crash
   * after it and before the reply: the packages are consumed, and the same idempotency key gives them again.
   */
  async claim(call: ClaimCall): Promise<ClaimAnswer> {
    if (!this.#exists) return { outcome: "unknown_user" };
    return this.#groupedClaims.run((): ClaimAnswer => {
      const nowMs = Date.now();
      const memory = this.#cacheFor(call, nowMs);
      const now = Math.floor(nowMs / 1000);
      const replay = call.idempotency && { ...call.idempotency, claimer: call.claimer };
      const earlier = replay && findReplay(this.#sql, replay, now);
      if (earlier === "mismatch") return { outcome: "idempotency_key_reused" };
      if (earlier) return { outcome: "answered", ...earlier, replayed: true };
      const { claimedFrom, crossedThreshold, ...answer } = claimAll({
        sql: this.#sql,
        user: call.user,
        memory,
        claimer: call.claimer,
        criteria: call.criteria,
        budgets: this.#settings.budgets,
        lowWatermarkPackages: this.#settings.stock.lowWatermarkPackages,
        nowMs,
      });
      // Only what was given is kept: one who came away with nothing may ask again under the same key.
      if (replay && (answer.status === "ok" || answer.status === "partial")) {
        keepReplay(this.#sql, replay, answer, now + this.#settings.retention.replaySeconds);
      }
      // Setting an alarm is a second flush: only what the directory must know soon is worth it.
      const unmarked = memory.markOnce(claimedFrom);
      if (crossedThreshold) this.#changed(claimedFrom, nowMs + OUTBOX_DELAY_MS);
      else this.#changed(unmarked, undefined);
      this.#alarm.request(nowMs + this.#settings.retention.replaySeconds * 1000);
      return { outcome: "answered", ...answer, replayed: false };
    });
  }

  /** Whether the key of a claim stands for another request already. Takes nothing. */
  hasIdempotencyConflict(call: ClaimCall): boolean {
    if (!this.#exists || !call.idempotency) return false;
    const replay = { ...call.idempotency, claimer: call.claimer };
    return findReplay(this.#sql, replay, Math.floor(Date.now() / 1000)) === "mismatch";
  }

  /** Everything an operator may see of a user: no key packages. */
  view(call: PoolCall): PoolView {
    if (!this.#exists) return { outcome: "unknown_user" };
    return this.#transaction(call, (nowMs): PoolView => {
      const pool = readPool(this.#sql);
      return {
        outcome: "found",
        restoreEpoch: pool.restoreEpoch,
        directoryPending: hasNews(this.#sql),
        clients: allClients(this.#sql).map((client) => ({
          ...this.#view(client, nowMs),
          revoked: client.revoked,
        })),
      };
    });
  }

  /** Sends every row of this user to the directory again. */
  async resync(call: PoolCall): Promise<{ readonly outcome: "delivered" | "queued" | "unknown_user" }> {
    if (!this.#exists) return { outcome: "unknown_user" };
    this.#transaction(call, (nowMs) => {
      markAllChanged(this.#sql, nowMs);
      this.#alarm.request(nowMs);
    });
    await this.#relay.sendNow();
    return { outcome: hasNews(this.#sql) ? "queued" : "delivered" };
  }

  /**
   * All later work. At-least-once: running it twice, or dying in the middle of it, changes nothing that was promised.
   * A directory that is down is no failure of the alarm: it re-arms itself and tries again later.
   */
  override async alarm(): Promise<void> {
    this.#alarm.fired();
    if (!this.#exists) return;
    try {
      await this.#doLaterWork(Date.now());
    } catch (error) {
      // The platform tries again by itself, but the next call that asks for an alarm would put it off to its own time.
      this.#alarm.request(Date.now() + ALARM_RETRY_MS);
      this.#alarm.flush();
      throw error;
    }
  }

  async #doLaterWork(nowMs: number): Promise<void> {
    const unfinished = this.#commit(() => {
      const swept = sweep(this.#sql, this.#settings.retention, nowMs);
      markChanged(this.#sql, swept.expiredOf, nowMs);
      const { projectedAt, outboxFailures } = readPool(this.#sql);
      const stale = projectedAt + DIRECTORY_REFRESH_SECONDS <= nowMs / 1000;
      if (stale && outboxFailures === 0) markAllChanged(this.#sql, nowMs);
      return swept.unfinished;
    });
    const dueMs = readPool(this.#sql).outboxDueMs;
    if (dueMs === undefined || dueMs <= nowMs) await this.#relay.send();
    const next = unfinished ? Date.now() : nextDueMs(this.#sql, this.#settings.retention);
    if (next !== undefined) this.#alarm.request(next);
    this.#alarm.flush();
  }

  /** Every transaction but those of claims: what they know may be out of date after it. */
  #commit<T>(body: () => T): T {
    this.#known = undefined;
    return this.#transact(body);
  }

  #transact<T>(body: () => T): T {
    try {
      const result = this.ctx.storage.transactionSync(body);
      this.#alarm.flush();
      return result;
    } catch (error) {
      // All of it is rolled back, and with it what was read in it and what was to be done later.
      this.#known = undefined;
      this.#alarm.discard();
      throw error;
    }
  }

  /** What a claim must know of the pool, after a newer restore epoch has taken effect. */
  #cacheFor(call: ClaimCall, nowMs: number): ClaimCache {
    if (!this.#known || call.restoreEpoch > this.#known.restoreEpoch) {
      this.#takeEpoch(call, nowMs);
      this.#known = new ClaimCache(this.#sql);
    }
    return this.#known;
  }

  /** One transaction of one call. A newer restore epoch takes effect before anything else in it. */
  #transaction<T>(call: PoolCall, body: (nowMs: number) => T): T {
    const nowMs = Date.now();
    return this.#commit(() => {
      this.#takeEpoch(call, nowMs);
      return body(nowMs);
    });
  }

  /** The same for a registered client. */
  #withClient<T>(call: ClientCall, body: (client: ClientRow, nowMs: number) => T): T | NotRegistered {
    if (!this.#exists) return NOT_REGISTERED;
    return this.#transaction(call, (nowMs) => {
      const client = findClient(this.#sql, call.client);
      if (!client) return NOT_REGISTERED;
      return body(client, nowMs);
    });
  }

  #takeEpoch(call: PoolCall, nowMs: number): void {
    const touched = applyRestoreEpoch(this.#sql, call.restoreEpoch, Math.floor(nowMs / 1000));
    this.#changed(touched, nowMs);
  }

  #revoke(clientIds: readonly number[], nowMs: number): number {
    const now = Math.floor(nowMs / 1000);
    let purged = 0;
    for (const clientId of clientIds) {
      purged += endAll(this.#sql, { clientId }, State.revoked, now);
      endRegistration(this.#sql, clientId, now);
    }
    this.#changed(clientIds, nowMs);
    return purged;
  }

  #view(client: ClientRow, nowMs: number): ClientView {
    return { registration: registration(this.#sql, client), inventory: this.#inventory(client.clientId, nowMs) };
  }

  #inventory(clientId: number, nowMs: number) {
    return inventory(this.#sql, clientId, this.#settings.stock, Math.floor(nowMs / 1000));
  }

  /** What claimers can see of a client's stock, in a form that compares. */
  #offered(clientId: number): string {
    return queuesOf(this.#sql, clientId)
      .filter((queue) => queue.live > 0)
      .map((queue) => queue.queueId)
      .join();
  }

  #refusals(clientId: number): Bucket | undefined {
    const perMinute = this.#settings.budgets.refusalsPerMinute;
    if (perMinute === undefined) return undefined;
    return { kind: "refusals", clientId, claimer: "", rate: { burst: perMinute, intervalMs: 60_000 / perMinute } };
  }

  #changed(clientIds: readonly number[], dueMs: number | undefined): void {
    if (clientIds.length === 0) return;
    markChanged(this.#sql, clientIds, dueMs);
    if (dueMs !== undefined) this.#alarm.request(dueMs);
  }
}
