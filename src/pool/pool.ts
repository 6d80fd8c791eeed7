/**
 * One user's packages: the only truth about them, behind Workers RPC.
 *
 * Every method reads and writes synchronously inside one transaction, so calls take effect one after the other and a
 * claim happens once. The platform holds each reply back until its writes are on disk. A crash before that leaves
 * nothing behind; after it the claimer may miss the reply, which is what idempotency keys are for.
 *
 * Signatures are checked by the Worker, and only the Worker can reach this object: a check in here would mean waiting in
 * the middle of a transaction. Settings, fields and helpers are `#private`, because TypeScript's `private` is callable
 * over RPC.
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
import { unixSeconds } from "../shared/time.ts";
import { beginCheck, type CheckContext, endCheck } from "./operations/check.ts";
import { type Claimed, claim, hasIdempotencyConflict } from "./operations/claim.ts";
import { ClaimCache } from "./operations/claim-cache.ts";
import { publish } from "./operations/publish.ts";
import { reconcile } from "./operations/reconcile.ts";
import { register } from "./operations/register.ts";
import { remove } from "./operations/remove.ts";
import { revoke } from "./operations/revoke.ts";
import { nextDueMs, sweep } from "./operations/sweep.ts";
import { applyRestoreEpoch } from "./operations/void-before-epoch.ts";
import { hasChanges, markAllChanged, markChanged } from "./outbox/outbox.ts";
import { OutboxRelay } from "./outbox/relay.ts";
import { AlarmScheduler } from "./runtime/alarm-scheduler.ts";
import { GroupedCommits } from "./runtime/grouped-commits.ts";
import { InFlightLimit } from "./runtime/in-flight-limit.ts";
import { inventory } from "./tables/inventory.ts";
import { readJournal } from "./tables/journal.ts";
import { readPool } from "./tables/pool-row.ts";
import { createPool, migratePool, poolExists } from "./tables/pool-schema.ts";
import { allClients, type ClientRow, findClient, registeredClients, registration } from "./tables/registrations.ts";

export type PoolEnv = { readonly DB: D1Database };

const NOT_REGISTERED: NotRegistered = { outcome: "client_not_registered" };

type ClientCall = PoolCall & { readonly client: string };

export class Pool extends DurableObject<PoolEnv> {
  readonly #sql: SqlStorage;
  readonly #settings: Settings;
  /** Whether tables exist. Before its first registration a pool writes nothing, not even its tables. */
  #exists: boolean;
  readonly #alarm: AlarmScheduler;
  readonly #relay: OutboxRelay;
  readonly #groupedClaims: GroupedCommits;
  readonly #inFlight = new InFlightLimit();
  #claimCache: ClaimCache | undefined;

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

  /** Registers a client, or adds signature keys to it. The directory is told before the reply, if it answers in time. */
  async register(call: RegisterCall): Promise<RegisterAnswer> {
    const nowMs = Date.now();
    const answer = this.#commit(() => {
      if (!this.#exists) createPool(this.#sql, call.user);
      this.#takeEpoch(call, nowMs);
      const outcome = register(this.#sql, call, unixSeconds(nowMs));
      const client = findClient(this.#sql, call.client);
      if (client && outcome.outcome !== "unchanged") markChanged(this.#sql, [client.clientId], nowMs);
      this.#alarm.request(nowMs + OUTBOX_DELAY_MS);
      return outcome;
    });
    // Only now: a rollback would have removed the tables.
    this.#exists = true;
    if (answer.outcome === "created" || answer.outcome === "extended") await this.#relay.sendNow();
    return answer;
  }

  /** A client's registration and inventory. */
  getClient(call: ClientCall): ClientAnswer {
    return this.#withClient(call, (client, nowMs) => ({ outcome: "found" as const, view: this.#view(client, nowMs) }));
  }

  /** What a publisher must know before it checks packages, and its leave to check so many. */
  preflight(call: PreflightCall): PreflightAnswer {
    return this.#withClient(call, ({ clientId }, nowMs) =>
      beginCheck(this.#checkContext(clientId, nowMs), call.packages),
    );
  }

  /** Takes admitted packages into the stock: one code for each, in their order. */
  async publish(call: PublishCall): Promise<PublishAnswer> {
    let urgent = false;
    const answer = this.#withClient(call, ({ clientId }, nowMs): PublishAnswer => {
      const { refused, checked = call.keyPackages.length + refused } = call;
      endCheck(this.#checkContext(clientId, nowMs), { checked, refused });
      const context = { sql: this.#sql, clientId, stock: this.#settings.stock, now: unixSeconds(nowMs) };
      const { applied, codes, changed, offersOthers } = publish(this.ctx.storage, context, call);
      if (changed) this.#markChanged([clientId], offersOthers ? nowMs : nowMs + OUTBOX_DELAY_MS);
      urgent = offersOthers;
      return { outcome: "published", applied, codes, inventory: this.#inventory(clientId, nowMs) };
    });
    if (urgent) await this.#relay.sendNow();
    return answer;
  }

  /** Removes packages by reference, or all of them. References of packages that are not live are passed over. */
  remove(call: RemoveCall): RemoveAnswer {
    return this.#withClient(call, ({ clientId }, nowMs): RemoveAnswer => {
      const removed = remove(this.#sql, clientId, call.which, unixSeconds(nowMs));
      if (removed > 0) this.#markChanged([clientId], nowMs + OUTBOX_DELAY_MS);
      return { outcome: "removed", removed, inventory: this.#inventory(clientId, nowMs) };
    });
  }

  /** Compares the client's view of its live packages with the server's; removes on request those the client lost. */
  reconcile(call: ReconcileCall): ReconcileAnswer {
    return this.#withClient(call, ({ clientId }, nowMs): ReconcileAnswer => {
      const reconciled = reconcile(this.#sql, clientId, call, unixSeconds(nowMs));
      if (reconciled.pruned > 0) this.#markChanged([clientId], nowMs + OUTBOX_DELAY_MS);
      return { ...reconciled, inventory: this.#inventory(clientId, nowMs) };
    });
  }

  /** Ends a registration: live packages go, tombstones stay. The directory is told before the reply, if it answers in time. */
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

  /** What happened in claims on a client, oldest first: at most `limit` entries after the sequence number `after`. */
  journal(call: ClientCall & { readonly after: number | undefined; readonly limit: number }): JournalAnswer {
    return this.#withClient(call, ({ clientId }, nowMs): JournalAnswer => {
      const oldestAt = unixSeconds(nowMs) - this.#settings.retention.journalSeconds;
      const page = readJournal(this.#sql, clientId, { after: call.after ?? 0, limit: call.limit, oldestAt });
      return { outcome: "page", ...page };
    });
  }

  /**
   * Hands out one package of each fitting client. Claims that arrive while an earlier one is being flushed share the
   * next commit (grouped-commits.ts), which is the commit point of each: a claim takes effect there or not at all.
   */
  async claim(call: ClaimCall): Promise<ClaimAnswer> {
    if (!this.#exists) return { outcome: "unknown_user" };
    return this.#groupedClaims.run((): ClaimAnswer => {
      const nowMs = Date.now();
      const cache = this.#cacheFor(call, nowMs);
      const claimed = claim({ sql: this.#sql, cache, settings: this.#settings, call, nowMs });
      if (claimed.fresh) this.#followUp(claimed, cache, nowMs);
      return claimed.answer;
    });
  }

  /** Whether the idempotency key of a claim was already used for a different request. Takes nothing. */
  hasIdempotencyConflict(call: ClaimCall): boolean {
    return this.#exists && hasIdempotencyConflict(this.#sql, call, unixSeconds(Date.now()));
  }

  /** Everything an operator may see of a user: no key packages. */
  view(call: PoolCall): PoolView {
    if (!this.#exists) return { outcome: "unknown_user" };
    return this.#transaction(
      call,
      (nowMs): PoolView => ({
        outcome: "found",
        restoreEpoch: readPool(this.#sql).restoreEpoch,
        directoryPending: hasChanges(this.#sql),
        clients: allClients(this.#sql).map((client) => ({ ...this.#view(client, nowMs), revoked: client.revoked })),
      }),
    );
  }

  /** Sends every row of this user to the directory again. */
  async resync(call: PoolCall): Promise<{ readonly outcome: "delivered" | "queued" | "unknown_user" }> {
    if (!this.#exists) return { outcome: "unknown_user" };
    this.#transaction(call, (nowMs) => {
      markAllChanged(this.#sql, nowMs);
      this.#alarm.request(nowMs);
    });
    await this.#relay.sendNow();
    return { outcome: hasChanges(this.#sql) ? "queued" : "delivered" };
  }

  /**
   * All later work. It runs at least once: running twice, or stopping halfway, breaks no promise. A directory that is
   * down does not fail the alarm, which sets itself again and retries later.
   */
  override async alarm(): Promise<void> {
    this.#alarm.fired();
    if (!this.#exists) return;
    try {
      await this.#doLaterWork(Date.now());
    } catch (error) {
      // The platform retries by itself, but a call that sets the alarm in between would postpone the retry to its own time.
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
      const stale = projectedAt + DIRECTORY_REFRESH_SECONDS <= unixSeconds(nowMs);
      if (stale && outboxFailures === 0) markAllChanged(this.#sql, nowMs);
      return swept.unfinished;
    });
    const dueMs = readPool(this.#sql).outboxDueMs;
    if (dueMs === undefined || dueMs <= nowMs) await this.#relay.send();
    const next = unfinished ? Date.now() : nextDueMs(this.#sql, this.#settings.retention);
    if (next !== undefined) this.#alarm.request(next);
    this.#alarm.flush();
  }

  /** Every transaction that is not of claims: it may change what their cache holds, so the cache is dropped. */
  #commit<T>(body: () => T): T {
    this.#claimCache = undefined;
    return this.#transact(body);
  }

  #transact<T>(body: () => T): T {
    try {
      const result = this.ctx.storage.transactionSync(body);
      this.#alarm.flush();
      return result;
    } catch (error) {
      // All of it is rolled back: what was cached in it is not true, and what was requested in it is not needed.
      this.#claimCache = undefined;
      this.#alarm.discard();
      throw error;
    }
  }

  /** The cache for a claim, after a newer restore epoch has taken effect. */
  #cacheFor(call: ClaimCall, nowMs: number): ClaimCache {
    if (!this.#claimCache || call.restoreEpoch > this.#claimCache.restoreEpoch) {
      this.#takeEpoch(call, nowMs);
      this.#claimCache = new ClaimCache(this.#sql);
    }
    return this.#claimCache;
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
    const voidedOf = applyRestoreEpoch(this.#sql, call.restoreEpoch, unixSeconds(nowMs));
    this.#markChanged(voidedOf, nowMs);
  }

  #revoke(clientIds: readonly number[], nowMs: number): number {
    const purged = revoke(this.#sql, clientIds, unixSeconds(nowMs));
    this.#markChanged(clientIds, nowMs);
    return purged;
  }

  /** After a claim that was not a replay: the directory must learn of it, and the alarm must remove its records one day. */
  #followUp({ claimedFrom, crossedThreshold }: Claimed, cache: ClaimCache, nowMs: number): void {
    const unmarked = cache.markOnce(claimedFrom);
    // Setting an alarm is a second flush: only a change that the directory must show soon is worth it.
    if (crossedThreshold) this.#markChanged(claimedFrom, nowMs + OUTBOX_DELAY_MS);
    else this.#markChanged(unmarked, undefined);
    this.#alarm.request(nowMs + this.#settings.retention.replaySeconds * 1000);
  }

  #view(client: ClientRow, nowMs: number): ClientView {
    return { registration: registration(this.#sql, client), inventory: this.#inventory(client.clientId, nowMs) };
  }

  #inventory(clientId: number, nowMs: number) {
    return inventory(this.#sql, clientId, this.#settings.stock, unixSeconds(nowMs));
  }

  #checkContext(clientId: number, nowMs: number): CheckContext {
    return { sql: this.#sql, inFlight: this.#inFlight, budgets: this.#settings.budgets, clientId, nowMs };
  }

  #markChanged(clientIds: readonly number[], dueMs: number | undefined): void {
    if (clientIds.length === 0) return;
    markChanged(this.#sql, clientIds, dueMs);
    if (dueMs !== undefined) this.#alarm.request(dueMs);
  }
}
