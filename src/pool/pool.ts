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
import { countsActivity } from "../config/activity-setting.ts";
import { readEventSettings } from "../config/event-settings.ts";
import {
  ALARM_RETRY_MAX_MS,
  ALARM_RETRY_MIN_MS,
  ENDED_REPLAYS_PER_WRITE,
  NEWER_SCHEMA_ALARM_MS,
  OUTBOX_DELAY_MS,
} from "../config/limits.ts";
import { type BudgetSettings, readSettings, type Settings } from "../config/settings.ts";
import type {
  CapabilityClaimCall,
  CapabilityList,
  CapabilityRefused,
  CapabilityRevoked,
  ClaimCapability,
  CreateCapabilityAnswer,
  NewClaimCapability,
} from "../contract/capability-messages.ts";
import type { ClaimAnswer, ClaimCall } from "../contract/claim-messages.ts";
import type { ClientAnswer, ClientRefused, NotRegistered } from "../contract/inventory-messages.ts";
import type { JournalAnswer, UserJournalAnswer, UserJournalCall } from "../contract/journal-messages.ts";
import type {
  CountBeforeAnswer,
  CountBeforeCall,
  ForgetAnswer,
  ForgetCall,
  PoolView,
  RaiseBudgetsAnswer,
  RaiseBudgetsCall,
  RaisedBudgets,
  ResetBudgetsAnswer,
  ResetBudgetsCall,
  ResyncAnswer,
  ResyncCall,
  StoredPackagesAnswer,
} from "../contract/operator-messages.ts";
import type { PoolCall, TokenPredatesRevocation } from "../contract/pool-call.ts";
import type { PreflightAnswer, PreflightCall, PublishAnswer, PublishCall } from "../contract/publish-messages.ts";
import type { RegisterAnswer, RegisterCall } from "../contract/registration-messages.ts";
import type { LocateAnswer, LocateCall } from "../contract/route-messages.ts";
import type {
  EraseAnswer,
  ReconcileAnswer,
  ReconcileCall,
  RemoveAnswer,
  RemoveCall,
  RevokeAnswer,
  RevokeUserAnswer,
} from "../contract/stock-messages.ts";
import { directoryOf } from "../directory/shards.ts";
import { writePoint } from "../shared/data-points.ts";
import { log } from "../shared/log.ts";
import { unixSeconds } from "../shared/time.ts";
import type { RecordsPlacement } from "./address.ts";
import { PoolEvents } from "./events/pool-events.ts";
import { confirmedTime, wasAhead } from "./looks.ts";
import { claimAll } from "./operations/claim/claim.ts";
import { ClaimCache } from "./operations/claim/claim-cache.ts";
import { capabilityOf, createCapability, isUsedUp, revokeCapability } from "./operations/claim/claim-capabilities.ts";
import { locate } from "./operations/locate.ts";
import { forgetClaimers } from "./operations/operator/forget-claimers.ts";
import { listStored } from "./operations/operator/list-stored.ts";
import { raisedBy, resetBudgets } from "./operations/operator/operator-budgets.ts";
import { clientView, operatorView } from "./operations/operator/operator-view.ts";
import { preflight } from "./operations/publish/preflight.ts";
import { offersTheSame, publish } from "./operations/publish/publish.ts";
import { countCodes, registrationBudget, uploadBudgets } from "./operations/publish/upload-budgets.ts";
import { reconcile } from "./operations/reconcile.ts";
import { refuseEndedToken } from "./operations/refuse-ended-token.ts";
import { changesRegistration, endRegistration, register } from "./operations/register.ts";
import { removePackages } from "./operations/stock.ts";
import { nextDueMs, sweep } from "./operations/sweep.ts";
import { applyRestoreEpoch, countVoid, earliestNotBefore, lastExpiryOfOlder } from "./operations/void-before-epoch.ts";
import { noteLag } from "./outbox/late-deliveries.ts";
import { markAllChanged, noteLook, requestSend } from "./outbox/outbox.ts";
import { OutboxRelay } from "./outbox/relay.ts";
import { AlarmScheduler } from "./runtime/alarm-scheduler.ts";
import { GroupedCommits } from "./runtime/grouped-commits.ts";
import { InFlightLimit } from "./runtime/in-flight-limit.ts";
import { type Bucket, type Budgets, bucketWaitMs, spend } from "./tables/budgets-table.ts";
import { countCapabilityClaim, readCapabilities, readCapabilitiesInForce } from "./tables/claim-capabilities-table.ts";
import { endReplays, findReplay, NO_REPLAYS_ENDED, readJournal, recordClaim, replayOf } from "./tables/claims-table.ts";
import { hasExpired, inventory } from "./tables/client-stock.ts";
import {
  type ClientRecord,
  findByName,
  findClient,
  isRegistered,
  registeredClients,
  writeClient,
} from "./tables/clients-table.ts";
import { endTokens } from "./tables/ended-tokens-table.ts";
import { type PoolRow, readPool, writePool } from "./tables/pool-row.ts";
import { createPool, findTables, NewerSchemaError, openPool } from "./tables/pool-schema.ts";
import { readRaised, writeRaised } from "./tables/raised-budgets-table.ts";

const CAPABILITY_REFUSED: CapabilityRefused = { outcome: "capability_refused" };
const NOT_REGISTERED: NotRegistered = { outcome: "client_not_registered" };

type ClientCall = PoolCall & { readonly client: string };

export class Pool extends DurableObject<object> {
  readonly #sql: SqlStorage;
  readonly #settings: Settings;
  /** Whether tables exist. A pool writes nothing, not even those, before its first registration. */
  #exists: boolean;
  /** The pool's own row as it was when the instance started, until its first transaction: a claim need not read it again. */
  #rowAtStart: PoolRow | undefined;
  /** Set if its tables are of a later version than this code: it serves nothing and writes nothing. */
  #newerSchema: NewerSchemaError | undefined;
  readonly #alarm: AlarmScheduler;
  readonly #relay: OutboxRelay;
  /** Undefined for a deployment that wants none. */
  readonly #events: PoolEvents | undefined;
  readonly #groupedClaims: GroupedCommits;
  readonly #inFlight = new InFlightLimit();
  /** What an operator has raised budgets by, the last time that it did. */
  #raised: RaisedBudgets | undefined;
  readonly #metrics: AnalyticsEngineDataset | undefined;
  #cache: ClaimCache | undefined;
  #endedReplays = NO_REPLAYS_ENDED;
  /** In a row, and in this instance. */
  #failedAlarms = 0;
  /** `lookedAt` of the pool's row as the last call but a claim left it, or the first claim after that found it. */
  #lookedAt = 0;
  /** Whether packages are in the way of claims that had expired by then. Claims alone read and keep it. */
  #hasExpired = false;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#settings = readSettings(env as Record<string, unknown>);
    this.#metrics = (env as { readonly METRICS?: AnalyticsEngineDataset }).METRICS;
    this.#alarm = new AlarmScheduler(ctx, () => (this.#newerSchema ? undefined : this.#nextDueMs()));
    const isCounting = countsActivity(env as Record<string, unknown>);
    this.#relay = new OutboxRelay({
      directory: directoryOf(env),
      sql: this.#sql,
      stock: this.#settings.stock,
      alarm: this.#alarm,
      metrics: this.#metrics,
      noteLag: (lagMs, nowMs) => {
        if (isCounting) ctx.waitUntil(noteLag(env as RecordsPlacement, lagMs, nowMs));
      },
      transaction: (body) => this.#commit(body),
    });
    const events = readEventSettings(env as Record<string, unknown>);
    this.#events =
      events &&
      new PoolEvents(events, {
        sql: this.#sql,
        stock: this.#settings.stock,
        alarm: this.#alarm,
        metrics: this.#metrics,
        transaction: (body) => this.#commit(body),
      });
    this.#groupedClaims = new GroupedCommits({
      transactionSync: (body) => this.#transact(body),
      sync: () => ctx.storage.sync(),
    });
    const tables = findTables(this.#sql);
    this.#exists = tables.has("pool");
    if (!this.#exists) return;
    const opened = openPool(ctx.storage);
    if (opened instanceof NewerSchemaError) {
      this.#newerSchema = opened;
      log.error("pool_schema_newer", { reason: opened.message });
      return;
    }
    this.#rowAtStart = opened;
    if (tables.has("raised_budgets")) this.#raised = readRaised(this.#sql);
  }

  /** Registers a client, or adds signature keys to it. The directory hears of it before the reply, if it can. */
  async register(call: RegisterCall): Promise<RegisterAnswer> {
    const nowMs = Date.now();
    const answer = this.#commit(() => {
      if (!this.#exists) createPool(this.#sql, call.user);
      this.#begin(call, nowMs);
      const refused = call.token && refuseEndedToken(this.#sql, call.token);
      if (refused) return refused;
      const bucket = registrationBudget(this.#budgetsAt(nowMs));
      const waitMs = bucket ? bucketWaitMs(readPool(this.#sql).budgets, bucket, nowMs) : 0;
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      if (waitMs > 0 && changesRegistration(this.#sql, call)) {
        return { outcome: "registrations_exhausted", retryAfterSeconds } as const;
      }
      const outcome = register(this.#sql, call, unixSeconds(nowMs));
      if (outcome.outcome === "created" || outcome.outcome === "extended") {
        this.#announce(nowMs, bucket && spend(readPool(this.#sql).budgets, bucket, nowMs));
      }
      return outcome;
    });
    // Only now: a transaction that was rolled back has taken the tables with it.
    this.#exists = true;
    if (answer.outcome === "created" || answer.outcome === "extended") await this.#relay.sendNow();
    return answer;
  }

  /** A client's registration and inventory. */
  getClient(call: ClientCall): ClientAnswer {
    return this.#withClient(call, (client, nowMs) => ({
      outcome: "found" as const,
      view: clientView(this.#sql, client, this.#settings.stock, unixSeconds(nowMs)),
      restoreEpoch: readPool(this.#sql).restoreEpoch,
    }));
  }

  /** What a publisher must know before it pays for checking signatures, and its leave to do so. */
  preflight(call: PreflightCall): PreflightAnswer {
    return this.#withClient(call, (client, nowMs): PreflightAnswer => {
      const { capPackages } = this.#settings.stock;
      const settings = this.#budgetsAt(nowMs);
      const inFlight = this.#inFlight;
      return preflight({ sql: this.#sql, client, capPackages, settings, inFlight, nowMs }, call);
    });
  }

  /** Takes admitted packages into the stock: one code for each, in their order. */
  async publish(call: PublishCall): Promise<PublishAnswer> {
    let isVisible = false;
    const answer = this.#withClient(call, (client, nowMs): PublishAnswer => {
      const { refusals, uploads, userUploads } = uploadBudgets(this.#budgetsAt(nowMs));
      const spent = (budgets: Budgets, bucket: Bucket | undefined, count: number) =>
        bucket && count > 0 ? spend(budgets, bucket, nowMs, count) : budgets;
      this.#inFlight.release(client.clientId, call.checked ?? call.keyPackages.length + call.refused, nowMs);
      const { restoreEpoch } = readPool(this.#sql);
      const context = {
        sql: this.#sql,
        client,
        stock: this.#settings.stock,
        now: unixSeconds(nowMs),
        earliestNotBefore: earliestNotBefore(restoreEpoch, this.#settings.uploadBackdatingSeconds),
      };
      const { applied, changed, codes, client: published } = publish(context, call);
      const { stored, checkedInVain } = countCodes(codes, applied);
      const budgets = spent(spent(client.budgets, refusals, call.refused + checkedInVain), uploads, stored);
      const written =
        changed || budgets !== client.budgets
          ? writeClient(this.#sql, { ...published, budgets, changes: client.changes + (changed ? 1 : 0) })
          : published;
      if (changed) {
        isVisible = !offersTheSame(client, written);
        const ofUser = userUploads && stored > 0 ? spent(readPool(this.#sql).budgets, userUploads, stored) : undefined;
        this.#announce(isVisible ? nowMs : nowMs + OUTBOX_DELAY_MS, ofUser);
      }
      return {
        outcome: "published",
        applied,
        codes,
        inventory: this.#inventory(written, nowMs),
        restoreEpoch,
        at: unixSeconds(nowMs),
        registeredAt: written.registeredAt,
      };
    });
    // Beside the reply: an upload does not wait for the directory.
    if (isVisible) this.ctx.waitUntil(this.#relay.sendNow());
    return answer;
  }

  /** Removes packages by reference, or all of them; those that are not live are passed over. */
  remove(call: RemoveCall): RemoveAnswer {
    return this.#withClient(call, (client, nowMs): RemoveAnswer => {
      const named = call.which.kind === "refs" ? new Set(call.which.refs.map((ref) => ref.toHex())) : undefined;
      const removed = removePackages(this.#sql, client, ({ ref }) => named?.has(ref.toHex()) ?? true);
      const written = this.#writeIfEnded(client, removed.client, removed.ended, nowMs);
      return { outcome: "removed", removed: removed.ended, inventory: this.#inventory(written, nowMs) };
    });
  }

  /** Compares the client's view of its live packages with the server's, and drops on request what the client lost. */
  reconcile(call: ReconcileCall): ReconcileAnswer {
    return this.#withClient(call, (client, nowMs): ReconcileAnswer => {
      const { restoreEpoch } = readPool(this.#sql);
      const forgottenUntil = lastExpiryOfOlder(restoreEpoch, this.#settings);
      const times = { now: unixSeconds(nowMs), forgottenUntil };
      const { client: reconciled, ...comparison } = reconcile(this.#sql, client, call, times);
      const written = this.#writeIfEnded(client, reconciled, comparison.pruned, nowMs);
      return { ...comparison, inventory: this.#inventory(written, nowMs), restoreEpoch };
    });
  }

  /** Ends a registration: live packages go, tombstones stay, and the directory hears of it before the reply. */
  async revoke(call: ClientCall): Promise<RevokeAnswer> {
    const answer = this.#withClient(call, (client, nowMs): RevokeAnswer => {
      return this.#revoked(client, nowMs);
    });
    if (answer.outcome === "revoked") await this.#relay.sendNow();
    return answer;
  }

  /**
   * The same for an operator or a sibling, also of a client that is revoked already: in addition the tokens that were
   * issued to the client until now neither register it again nor speak for it once it is.
   */
  async endClient(call: ClientCall): Promise<RevokeAnswer> {
    if (!this.#exists) return NOT_REGISTERED;
    const answer = this.#forCaller(call, (nowMs): RevokeAnswer => {
      const client = findByName(this.#sql, call.client);
      if (!client) return NOT_REGISTERED;
      endTokens(this.#sql, call.client, unixSeconds(nowMs));
      return this.#revoked(client, nowMs);
    });
    if (answer.outcome === "revoked") await this.#relay.sendNow();
    return answer;
  }

  /** The same for every client of the user, those included that have not been heard of. */
  async revokeUser(call: PoolCall): Promise<RevokeUserAnswer | { readonly outcome: "unknown_user" }> {
    if (!this.#exists) return { outcome: "unknown_user" };
    const answer = this.#transaction(call, (nowMs): RevokeUserAnswer => {
      endTokens(this.#sql, undefined, unixSeconds(nowMs));
      const ended = registeredClients(this.#sql).map((record) => {
        const { client, registeredAt } = record;
        return { client, registeredAt, purged: this.#revoke(record, nowMs) };
      });
      return { outcome: "revoked", at: unixSeconds(nowMs), ended };
    });
    await this.#relay.sendNow();
    return answer;
  }

  /**
   * Erases all that is kept of the user: the whole storage of this object, and then every row in every database. After a
   * failure in between it is called again and goes on: a pool without tables sends nothing that could bring a row back.
   */
  async erase({ user, token }: PoolCall): Promise<EraseAnswer> {
    const refused = this.#exists && token ? refuseEndedToken(this.#sql, token) : undefined;
    if (refused) return refused;
    // A batch under way would write its rows after they were deleted.
    await Promise.all([this.#relay.idle(), this.#events?.idle()]);
    const existed = this.#exists;
    this.#exists = false;
    this.#raised = undefined;
    this.#rowAtStart = undefined;
    this.#cache = undefined;
    this.#endedReplays = NO_REPLAYS_ENDED;
    this.#alarm.discard();
    this.#alarm.fired();
    try {
      await this.ctx.storage.deleteAlarm();
      await this.ctx.storage.deleteAll();
    } finally {
      this.#exists = findTables(this.#sql).has("pool");
    }
    return (await this.#relay.eraseUser(user)) ? { outcome: "erased", existed } : { outcome: "directory_unavailable" };
  }

  /** Claims on a client, oldest first: at most `limit` entries after the sequence number `after`. */
  journal(call: ClientCall & { readonly after: number | undefined; readonly limit: number }): JournalAnswer {
    return this.#withClient(call, ({ client }, nowMs): JournalAnswer => {
      const oldestAt = unixSeconds(nowMs) - this.#settings.retention.journalSeconds;
      const page = readJournal(this.#sql, client, { after: call.after ?? 0, limit: call.limit, oldestAt });
      return { outcome: "page", ...page };
    });
  }

  /** The same over all clients of the user or one that may be revoked, for an operator and for an export. */
  userJournal(call: UserJournalCall): UserJournalAnswer {
    if (!this.#exists) return { outcome: "page", entries: [], nextAfter: undefined };
    return this.#forCaller(call, (nowMs): UserJournalAnswer => {
      const oldestAt = unixSeconds(nowMs) - this.#settings.retention.journalSeconds;
      const page = readJournal(this.#sql, call.client, { after: call.after ?? 0, limit: call.limit, oldestAt });
      return { outcome: "page", ...page };
    });
  }

  /** The packages in stock, without their bytes: whoever had those could use what a claim is to give to one claimer. */
  storedPackages(call: PoolCall & { readonly after: number | undefined }): StoredPackagesAnswer {
    if (!this.#exists) return { outcome: "page", packages: [], nextAfter: undefined };
    return this.#forCaller(call, (): StoredPackagesAnswer => {
      return { outcome: "page", ...listStored(this.#sql, call.after) };
    });
  }

  /** Empties budgets before their time. */
  resetBudgets(call: ResetBudgetsCall): ResetBudgetsAnswer {
    if (!this.#exists) return { outcome: "unknown_user" };
    return this.#transaction(call, () => ({ outcome: "reset", buckets: resetBudgets(this.#sql, call) }));
  }

  /** Multiplies every budget of this pool until a time; a factor of 1 ends that. */
  raiseBudgets(call: RaiseBudgetsCall): RaiseBudgetsAnswer {
    if (!this.#exists) return { outcome: "unknown_user" };
    const { factor, until } = call;
    this.#transaction(call, () => writeRaised(this.#sql, { factor, until }));
    this.#raised = { factor, until };
    return { outcome: "raised" };
  }

  /** How many packages a restore epoch would void. Changes nothing. */
  countBefore(call: CountBeforeCall): CountBeforeAnswer {
    if (!this.#exists) return { outcome: "counted", oneTime: 0, lastResorts: 0 };
    const { uploadBackdatingSeconds } = this.#settings;
    return this.#transaction(call, () => ({
      outcome: "counted",
      ...countVoid(this.#sql, call.epoch, uploadBackdatingSeconds),
    }));
  }

  /** Takes the names of erased users out of this pool, whose user may be anybody. May be repeated. */
  forgetClaimers(call: ForgetCall): ForgetAnswer {
    if (!this.#exists) return { outcome: "forgotten", claims: 0, clients: 0 };
    return this.#transaction(call, () => ({ outcome: "forgotten", ...forgetClaimers(this.#sql, call) }));
  }

  /**
   * Hands out one package of each fitting client. Claims that arrive while an earlier one is being flushed share the
   * next commit; each is a step of its own in it. grouped-commits.ts says where the commit point is.
   */
  async claim(call: ClaimCall): Promise<ClaimAnswer> {
    if (!this.#exists) return { outcome: "unknown_user" };
    return this.#groupedClaims.run(() => this.#claim(call));
  }

  /** The same for whoever holds the secret of one of the user's capabilities, and nothing else for anybody. */
  async claimWithCapability(call: CapabilityClaimCall): Promise<ClaimAnswer | CapabilityRefused> {
    if (this.#newerSchema) throw this.#newerSchema;
    // Before there is a transaction: until here the work is the same whether or not there is such a user.
    if (!this.#capabilityOf(call)) return CAPABILITY_REFUSED;
    return this.#groupedClaims.run((): ClaimAnswer | CapabilityRefused => {
      this.#cacheFor(call, Date.now());
      // Again: while the claim waited for its turn, it may have been revoked.
      const capability = this.#capabilityOf(call);
      if (!capability) return CAPABILITY_REFUSED;
      const { secretHash, ...rest } = call;
      return this.#claim({ ...rest, claimer: { capability: capability.name, secretHash } }, capability);
    });
  }

  /** Whose packages these references name; those that it does not know are left out. */
  locate(call: LocateCall): LocateAnswer {
    if (!this.#exists) return { outcome: "unknown_user" };
    return this.#transaction(call, (nowMs) => ({
      outcome: "located",
      packages: locate(this.#sql, call.refs, unixSeconds(nowMs)),
    }));
  }

  #capabilityOf({ secretHash }: CapabilityClaimCall): ClaimCapability | undefined {
    return capabilityOf(readCapabilities(this.#sql), secretHash, unixSeconds(Date.now()));
  }

  /** Makes a claim capability. */
  createCapability(call: PoolCall & NewClaimCapability): CreateCapabilityAnswer | ClientRefused {
    return this.#withClient(call, (_, nowMs) => createCapability(this.#sql, call, unixSeconds(nowMs)));
  }

  /** All claim capabilities of the user that are not over. */
  listCapabilities(call: ClientCall): CapabilityList | ClientRefused {
    return this.#withClient(call, (_, nowMs) => ({
      outcome: "listed",
      capabilities: readCapabilitiesInForce(this.#sql, unixSeconds(nowMs)),
    }));
  }

  /** Ends a claim capability, whichever client of the user made it. May be repeated. */
  revokeCapability(call: ClientCall & { readonly name: string }): CapabilityRevoked | ClientRefused {
    return this.#withClient(call, (_, nowMs) => ({
      outcome: "revoked",
      existed: revokeCapability(this.#sql, call.name, unixSeconds(nowMs)),
    }));
  }

  #claim(call: ClaimCall): ClaimAnswer;
  #claim(call: ClaimCall, capability: ClaimCapability): ClaimAnswer | CapabilityRefused;
  #claim(call: ClaimCall, capability?: ClaimCapability): ClaimAnswer | CapabilityRefused {
    const nowMs = Date.now();
    const now = unixSeconds(nowMs);
    const cache = this.#cacheFor(call, nowMs);
    const replay = call.idempotency && replayOf(call.claimer, call.idempotency);
    const earlier = replay && findReplay(this.#sql, replay, now);
    if (earlier === "mismatch") return { outcome: "idempotency_key_reused" };
    if (earlier && earlier !== "expired") return { outcome: "answered", ...earlier, replayed: true };
    // Only now: the answer to the last claim that it had may have been lost.
    if (capability && isUsedUp(capability)) return CAPABILITY_REFUSED;
    const { news, missed, ...answer } = claimAll({
      sql: this.#sql,
      user: call.user,
      cache,
      claimer: call.claimer,
      criteria: call.criteria,
      budgets: this.#budgetsAt(nowMs),
      lowWatermarkPackages: this.#settings.stock.lowWatermarkPackages,
      nowMs,
    });
    const hasGiven = answer.status === "ok" || answer.status === "partial";
    if (capability?.maxClaims !== undefined && hasGiven) countCapabilityClaim(this.#sql, capability.name);
    let claimId: number | undefined;
    if (hasGiven || missed.length > 0) {
      // Only what was given is kept: one who came away with nothing may ask again under the same key.
      const expiresAt = now + this.#settings.retention.replaySeconds;
      const kept = replay && hasGiven ? { of: replay, expiresAt, replacesExpired: earlier === "expired" } : undefined;
      claimId = recordClaim(this.#sql, { at: now, claimer: call.claimer, answer, missed, replay: kept }, nowMs);
      this.#endReplays(now);
    }
    // Setting an alarm is a row and a flush: only what the directory must know soon is worth it.
    if (news.some(({ type }) => type !== "last_resort.used")) this.#announce(nowMs + OUTBOX_DELAY_MS);
    // Packages that are over count as stock until they are dropped, and hide a threshold.
    else if (this.#hasExpired && confirmedTime(this.#lookedAt, now) > 0) this.#alarm.request(nowMs + OUTBOX_DELAY_MS);
    this.#events?.note(news, nowMs);
    return { outcome: "answered", ...answer, replayed: false, at: now, claimId };
  }

  /** Everything an operator may see of a user: no key packages. */
  view(call: PoolCall): PoolView {
    if (!this.#exists) return { outcome: "unknown_user" };
    return this.#forCaller(
      call,
      (nowMs): PoolView => ({
        outcome: "found",
        directoryPending: this.#relay.hasNews(),
        raised: this.#raised,
        ...operatorView(this.#sql, this.#settings, nowMs),
      }),
    );
  }

  /** The user, to whoever has the object's id; undefined if the pool was never registered with. */
  whose(): string | undefined {
    return this.#exists ? readPool(this.#sql).user : undefined;
  }

  /**
   * Sends every row of this user to the directory again, and takes the user out of the databases where it does not
   * belong. By object id too, so the call need not know the user.
   */
  async resync(call: ResyncCall): Promise<ResyncAnswer> {
    if (!this.#exists) return { outcome: "unknown_user" };
    this.#transaction(call, (nowMs) => {
      markAllChanged(this.#sql, nowMs);
      this.#alarm.request(nowMs);
    });
    await this.#relay.sendNow();
    return { outcome: this.#relay.hasNews() ? "queued" : "delivered" };
  }

  /**
   * All later work. At-least-once: running it twice, or dying in the middle of it, changes nothing that was promised.
   * A directory that is down is no failure of the alarm: it re-arms itself and tries again later.
   */
  override async alarm(): Promise<void> {
    this.#alarm.fired();
    this.#alarm.hold(0);
    if (!this.#exists) return;
    if (this.#newerSchema) {
      // What is due keeps until code that knows the tables is back; an alarm that is not set again would never ring then.
      this.#alarm.request(Date.now() + NEWER_SCHEMA_ALARM_MS);
      this.#alarm.flush();
      return;
    }
    try {
      await this.#doLaterWork(Date.now());
      this.#failedAlarms = 0;
    } catch (error) {
      writePoint(this.#metrics, "alarm", { outcome: "failed", count: 1 });
      // The platform tries again by itself, but the next call that requests an alarm would set it to its own time.
      const pauseMs = Math.min(ALARM_RETRY_MAX_MS, ALARM_RETRY_MIN_MS * 2 ** Math.min(this.#failedAlarms, 20));
      this.#failedAlarms += 1;
      this.#alarm.hold(Date.now() + pauseMs);
      this.#alarm.flush();
      throw error;
    }
  }

  async #doLaterWork(nowMs: number): Promise<void> {
    const { unfinished, look } = this.#commit(() => {
      this.#observeClock(readPool(this.#sql), nowMs);
      const swept = sweep(this.#sql, this.#settings.retention, nowMs);
      this.#events?.noteTime(swept.look, this.#lookedAt, nowMs);
      return swept;
    });
    // What is not urgent, what has just expired among it, goes along with an alarm that rings anyway, and so does what
    // would be sent in a moment.
    const { outboxDueMs, outboxFailures } = readPool(this.#sql);
    const soonMs = nowMs + (outboxFailures === 0 ? OUTBOX_DELAY_MS : 0);
    const isDue = outboxDueMs === undefined || outboxDueMs <= soonMs;
    await Promise.all([isDue ? this.#relay.send(look) : undefined, this.#events?.sendDue(nowMs)]);
    if (look && readPool(this.#sql).lookedAt !== look.at) this.#commit(() => noteLook(this.#sql, look, nowMs));
    const next = unfinished ? Date.now() : this.#nextDueMs();
    if (next !== undefined) this.#alarm.request(next);
    this.#alarm.flush();
  }

  /** When there will be something to do, in unix milliseconds. */
  #nextDueMs(): number | undefined {
    const times = [nextDueMs(this.#sql, this.#settings.retention), this.#events?.nextDueMs(Date.now())];
    const known = times.filter((time) => time !== undefined);
    return known.length > 0 ? Math.min(...known) : undefined;
  }

  /** Every transaction but those of claims: what their cache holds may be out of date after it. */
  #commit<T>(body: () => T): T {
    this.#cache = undefined;
    return this.#transact(body);
  }

  #transact<T>(body: () => T): T {
    if (this.#newerSchema) throw this.#newerSchema;
    try {
      const result = this.ctx.storage.transactionSync(body);
      this.#rowAtStart = undefined;
      this.#alarm.flush();
      return result;
    } catch (error) {
      // All of it is rolled back, and with it what was read in it and what was to be done later.
      this.#cache = undefined;
      this.#endedReplays = NO_REPLAYS_ENDED;
      this.#alarm.discard();
      throw error;
    }
  }

  /** What a claim must know of the pool, after a newer restore epoch has taken effect. */
  #cacheFor(call: Pick<PoolCall, "restoreEpoch">, nowMs: number): ClaimCache {
    if (!this.#cache || call.restoreEpoch > this.#cache.restoreEpoch) {
      const { restoreEpoch } = this.#begin(call, nowMs);
      const clients = registeredClients(this.#sql);
      this.#cache = new ClaimCache(restoreEpoch, clients);
      // Before the first look nothing can have been seen to expire.
      this.#hasExpired = this.#lookedAt > 0 && hasExpired(this.#sql, clients, this.#lookedAt);
    }
    return this.#cache;
  }

  /** One transaction of one call. A newer restore epoch takes effect before anything else in it. */
  #transaction<T>(call: Pick<PoolCall, "restoreEpoch">, body: (nowMs: number) => T): T {
    const nowMs = Date.now();
    return this.#commit(() => {
      this.#begin(call, nowMs);
      this.#endReplays(unixSeconds(nowMs));
      return body(nowMs);
    });
  }

  /** The same, unless the caller's own client was ended after its token was issued. */
  #forCaller<T>(call: PoolCall, body: (nowMs: number) => T): T | TokenPredatesRevocation {
    return this.#transaction(call, (nowMs) => (call.token && refuseEndedToken(this.#sql, call.token)) ?? body(nowMs));
  }

  /** The same for a registered client. */
  #withClient<T>(call: ClientCall, body: (client: ClientRecord, nowMs: number) => T): T | ClientRefused {
    if (!this.#exists) return NOT_REGISTERED;
    return this.#forCaller(call, (nowMs) => {
      const client = findClient(this.#sql, call.client);
      return client ? body(client, nowMs) : NOT_REGISTERED;
    });
  }

  /** The budgets in force. */
  #budgetsAt(nowMs: number): BudgetSettings {
    const { budgets } = this.#settings;
    return this.#raised && this.#raised.until > unixSeconds(nowMs) ? raisedBy(budgets, this.#raised.factor) : budgets;
  }

  /** Answers that can no longer be repeated lose their bytes with whatever is written next. */
  #endReplays(now: number): void {
    const { replaySeconds } = this.#settings.retention;
    this.#endedReplays = endReplays(this.#sql, this.#endedReplays, {
      now: confirmedTime(this.#lookedAt, now),
      replaySeconds,
      limit: ENDED_REPLAYS_PER_WRITE,
    });
  }

  /**
   * What comes before everything else in a transaction: a newer restore epoch takes effect, and what a clock that was
   * ahead has found is taken back. Returns the pool's own row as it is then, read once unless one of the two is the case.
   */
  #begin(call: Pick<PoolCall, "restoreEpoch">, nowMs: number): PoolRow {
    const found = this.#rowAtStart ?? readPool(this.#sql);
    this.#rowAtStart = undefined;
    const pool = call.restoreEpoch > found.restoreEpoch ? this.#adoptEpoch(call, nowMs) : found;
    return this.#observeClock(pool, nowMs);
  }

  /** Notes when the alarm last looked at the clock. If that was a clock that was ahead, what it found is taken back. */
  #observeClock(pool: PoolRow, nowMs: number): PoolRow {
    const now = unixSeconds(nowMs);
    this.#lookedAt = pool.lookedAt;
    if (!wasAhead(this.#lookedAt, now)) return pool;
    this.#lookedAt = now;
    // The directory was told of packages that are not over, and the alarm is set for a time far away.
    markAllChanged(this.#sql, nowMs + OUTBOX_DELAY_MS);
    this.#events?.takeBackTold();
    writePool(this.#sql, { lookedAt: now });
    this.#announce(nowMs + OUTBOX_DELAY_MS);
    return readPool(this.#sql);
  }

  #adoptEpoch(call: Pick<PoolCall, "restoreEpoch">, nowMs: number): PoolRow {
    const { uploadBackdatingSeconds } = this.#settings;
    const emptied = applyRestoreEpoch(this.#sql, call.restoreEpoch, uploadBackdatingSeconds);
    if (emptied.length > 0) {
      this.#announce(nowMs);
      this.#events?.noteEmptied(emptied, nowMs);
    }
    return readPool(this.#sql);
  }

  #revoked(client: ClientRecord, nowMs: number): RevokeAnswer {
    const purged = isRegistered(client) ? this.#revoke(client, nowMs) : 0;
    // Of one that ended before, when it ended: two receipts of one end must not tell two times.
    const at = client.revokedAt ?? unixSeconds(nowMs);
    return { outcome: "revoked", purged, at, registeredAt: client.registeredAt };
  }

  #revoke(client: ClientRecord, nowMs: number): number {
    const purged = endRegistration(this.#sql, client, unixSeconds(nowMs));
    this.#announce(nowMs);
    return purged;
  }

  #writeIfEnded(before: ClientRecord, after: ClientRecord, ended: number, nowMs: number): ClientRecord {
    if (ended === 0) return before;
    this.#announce(nowMs + OUTBOX_DELAY_MS);
    return writeClient(this.#sql, { ...after, changes: before.changes + 1 });
  }

  #inventory(client: ClientRecord, nowMs: number) {
    return inventory(this.#sql, client, this.#settings.stock, unixSeconds(nowMs));
  }

  /** The directory shall hear of what has changed at `dueMs` at the latest. `budgets` of the user go into the same row. */
  #announce(dueMs: number, budgets?: Budgets): void {
    requestSend(this.#sql, dueMs, budgets);
    this.#alarm.request(dueMs);
  }
}
