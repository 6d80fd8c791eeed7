/** All that a pool does about events, for a deployment that wants them: noting them, waiting for them, sending them. */
import type { EventSettings } from "../../config/event-settings.ts";
import type { SuiteInventory } from "../../contract/inventory-messages.ts";
import { unixSeconds } from "../../shared/time.ts";
import type { Look } from "../looks.ts";
import { type Levels, levelsCrossed, type StockNews } from "../operations/stock-news.ts";
import { inventory } from "../tables/client-stock.ts";
import { type ClientRecord, isRegistered, readClient } from "../tables/clients-table.ts";
import { type EventLogContext, forgetTold, nextEventDueMs, noteExpiring, noteNews } from "./event-log.ts";
import { EventRelay, type EventRelayDeps } from "./event-relay.ts";

export class PoolEvents {
  readonly #of: EventRelayDeps;
  readonly #log: EventLogContext;
  readonly #relay: EventRelay;

  constructor(settings: EventSettings, deps: Omit<EventRelayDeps, "target">) {
    this.#of = { ...deps, target: settings.target };
    this.#log = { sql: deps.sql, stock: deps.stock, settings, newId: () => `evt_${crypto.randomUUID()}` };
    this.#relay = new EventRelay(this.#of);
  }

  /** Notes what a claim has brought about. Like all that notes something, inside the transaction in which it happened. */
  note(news: readonly StockNews[], nowMs: number): void {
    const dueMs = noteNews(this.#log, news, nowMs);
    if (dueMs !== undefined) this.#of.alarm.request(dueMs);
  }

  /** Notes what the restore epoch has taken from these clients, which are given as they were before. */
  noteEmptied(before: readonly ClientRecord[], nowMs: number): void {
    const news = before
      .filter(isRegistered)
      .flatMap((client) => this.#crossed(client.clientId, recordedLevels(client), "restore", nowMs));
    this.note(news, nowMs);
  }

  /**
   * Notes what has expired since the alarm last looked at the clock, at `lookedAt` (unix seconds), and what is about to.
   * The alarm sends it itself.
   */
  noteTime(look: Look | undefined, lookedAt: number, nowMs: number): void {
    const { sql } = this.#of;
    const expired = [...(look?.expired ?? [])].filter((clientId) => isRegistered(readClient(sql, clientId)));
    const news = expired.flatMap((clientId) =>
      this.#crossed(clientId, this.#levelsAt(clientId, lookedAt), "expiry", nowMs),
    );
    noteNews(this.#log, news, nowMs);
    noteExpiring(this.#log, nowMs);
  }

  /** What was told by a clock that was ahead is told again. */
  takeBackTold(): void {
    forgetTold(this.#of.sql);
  }

  nextDueMs(nowMs: number): number | undefined {
    return nextEventDueMs(this.#log, nowMs);
  }

  sendDue(nowMs: number): Promise<void> {
    return this.#relay.sendDue(nowMs);
  }

  idle(): Promise<void> {
    return this.#relay.idle();
  }

  #crossed(clientId: number, before: Levels, cause: StockNews["cause"], nowMs: number): readonly StockNews[] {
    const after = this.#levelsAt(clientId, unixSeconds(nowMs));
    const crossed = levelsCrossed(before, after, this.#of.stock.lowWatermarkPackages);
    return crossed.map((one) => ({ ...one, cause, clientId }));
  }

  #levelsAt(clientId: number, at: number): Levels {
    const { sql, stock } = this.#of;
    const suites = inventory(sql, readClient(sql, clientId), stock, at);
    return new Map(suites.map(({ ciphersuite, available }: SuiteInventory) => [ciphersuite, available]));
  }
}

/** What a client's record says, packages that expired since the last sweep included. */
function recordedLevels({ queues }: ClientRecord): Levels {
  const levels = new Map<number, number>();
  for (const { ciphersuite, lastResort, live } of queues) {
    if (!lastResort) levels.set(ciphersuite, (levels.get(ciphersuite) ?? 0) + live);
  }
  return levels;
}
