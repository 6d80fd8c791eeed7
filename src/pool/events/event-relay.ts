/** Sends the events of a pool, one after the other, from its alarm. */
import type { EventTarget } from "../../config/event-settings.ts";
import { EVENT_RUN_MS, OUTBOX_DELAY_MS } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import type { StockEvent } from "../../contract/event-messages.ts";
import { writePoint } from "../../shared/data-points.ts";
import { log } from "../../shared/log.ts";
import type { AlarmScheduler } from "../runtime/alarm-scheduler.ts";
import { readEvents } from "../tables/events-table.ts";
import { readPool } from "../tables/pool-row.ts";
import { deliver } from "./delivery.ts";
import { type Attempted, settleRun } from "./event-log.ts";
import { payloadOf } from "./event-payload.ts";

export type EventRelayDeps = {
  readonly target: EventTarget;
  readonly sql: SqlStorage;
  readonly stock: StockSettings;
  readonly alarm: AlarmScheduler;
  readonly metrics: AnalyticsEngineDataset | undefined;
  /** Runs its argument in a transaction. */
  readonly transaction: <T>(body: () => T) => T;
};

export class EventRelay {
  readonly #of: EventRelayDeps;
  #underWay: Promise<void> | undefined;

  constructor(of: EventRelayDeps) {
    this.#of = of;
  }

  /** Sends what is due, in its order, until one is not taken. Rejects only if the storage fails. */
  async sendDue(nowMs: number): Promise<void> {
    const { dueMs, pending } = readEvents(this.#of.sql);
    if (dueMs === undefined || dueMs > nowMs + OUTBOX_DELAY_MS) return;
    this.#underWay ??= this.#run(pending, nowMs).finally(() => {
      this.#underWay = undefined;
    });
    await this.#underWay;
  }

  /** Resolves at a moment at which nothing is under way. */
  async idle(): Promise<void> {
    for (let run = this.#underWay; run !== undefined; run = this.#underWay) await run.catch(() => undefined);
  }

  async #run(pending: readonly StockEvent[], startedMs: number): Promise<void> {
    const { sql, alarm, transaction } = this.#of;
    const { user } = readPool(sql);
    const done = new Set<string>();
    let failed: Attempted["failed"];
    for (const event of pending) {
      if (Date.now() - startedMs > EVENT_RUN_MS) break;
      failed = await this.#attempt(event, user);
      if (failed) break;
      done.add(event.id);
    }
    transaction(() => {
      const { dueMs, givenUp } = settleRun(sql, { done, failed }, Date.now(), Math.random);
      if (dueMs !== undefined) alarm.request(dueMs);
      if (givenUp) this.#count(givenUp, "given_up", 0);
    });
  }

  /** One attempt; undefined if the event need not be sent again. */
  async #attempt(event: StockEvent, user: string): Promise<Attempted["failed"]> {
    const { target, stock } = this.#of;
    const startedMs = Date.now();
    const delivery = await deliver(target, { id: event.id, payload: payloadOf(event, user, stock) }, startedMs);
    this.#count(event, delivery.outcome, Date.now() - startedMs);
    if (delivery.outcome === "delivered" || delivery.outcome === "gone") return undefined;
    log.warn("event_not_delivered", {
      type: event.type,
      reason: delivery.outcome,
      attempt: event.attempts + 1,
      ...("status" in delivery ? { status: delivery.status } : {}),
    });
    return {
      id: event.id,
      retryAfterMs: delivery.outcome === "refused" ? delivery.retryAfterMs : 0,
      isRejected: delivery.outcome === "rejected",
    };
  }

  #count({ type, attempts }: StockEvent, outcome: string, ms: number): void {
    writePoint(this.#of.metrics, "event", { type, outcome, count: 1, ms, earlier_failures: attempts });
  }
}
