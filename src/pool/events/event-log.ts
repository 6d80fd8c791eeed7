/**
 * The events of a pool: noted in the transaction in which they happen, kept until they are delivered. A newer event takes
 * the place of one of the same type about the same client and ciphersuite that still waits: what it says is over.
 */
import type { EventSettings } from "../../config/event-settings.ts";
import {
  EVENT_ATTEMPTS,
  EVENT_REJECTED_ATTEMPTS,
  EVENT_RETRY_MAX_MS,
  EVENT_RETRY_MIN_MS,
  EXPIRY_EVENT_SPACING_SECONDS,
  MAX_PENDING_EVENTS,
  OUTBOX_DELAY_MS,
} from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import type { StockEvent } from "../../contract/event-messages.ts";
import type { SuiteInventory } from "../../contract/inventory-messages.ts";
import { unixSeconds } from "../../shared/time.ts";
import type { StockNews } from "../operations/stock-news.ts";
import { inventory, nextExpiryAfter } from "../tables/client-stock.ts";
import { type ClientRecord, isRegistered, readClient, registeredClients } from "../tables/clients-table.ts";
import { type EventRow, readEvents, writeEvents } from "../tables/events-table.ts";

export type EventLogContext = {
  readonly sql: SqlStorage;
  readonly stock: StockSettings;
  readonly settings: Pick<EventSettings, "expiringSeconds">;
  /** An id that no other event has. */
  readonly newId: () => string;
};

/** Notes what has happened, one row, or nothing without news. Inside a transaction. Returns when to send, in unix milliseconds. */
export function noteNews(context: EventLogContext, news: readonly StockNews[], nowMs: number): number | undefined {
  const { sql, stock } = context;
  const events = news.flatMap(({ clientId, ...one }): NewEvent[] => {
    const client = readClient(sql, clientId);
    const suite = inventory(sql, client, stock, unixSeconds(nowMs)).find(
      (each) => each.ciphersuite === one.ciphersuite,
    );
    return suite && isRegistered(client) ? [{ ...one, client: client.client, ...levelOf(suite) }] : [];
  });
  if (events.length === 0) return undefined;
  const row = withEvents(context, readEvents(sql), events, nowMs);
  writeEvents(sql, row);
  return row.dueMs;
}

/**
 * Notes which clients will be short when what is about to expire has. Inside a transaction. Each expiry is looked at
 * once, and each client at most once in a day.
 */
export function noteExpiring(context: EventLogContext, nowMs: number): void {
  const { sql, settings } = context;
  const now = unixSeconds(nowMs);
  const stored = readEvents(sql);
  const clients = registeredClients(sql);
  const due = clients.filter(
    (client) => (nextExpiryToTell(sql, stored, client, now) ?? Infinity) <= now + settings.expiringSeconds,
  );
  if (due.length === 0) return;
  const by = now + settings.expiringSeconds + EXPIRY_EVENT_SPACING_SECONDS;
  const events = due.flatMap((client) => expiringOf(context, client, now, by));
  const known = clients.map(({ clientId }) => [clientId, stored.toldUntil[clientId]] as const);
  const told = new Map([...known, ...due.map(({ clientId }) => [clientId, by] as const)]);
  const toldUntil = Object.fromEntries([...told].filter(([, until]) => until !== undefined)) as EventRow["toldUntil"];
  writeEvents(sql, withEvents(context, { ...stored, toldUntil }, events, nowMs));
}

/** When there will be something to send or to note, in unix milliseconds; undefined with nothing to wait for. */
export function nextEventDueMs({ sql, settings }: EventLogContext, nowMs: number): number | undefined {
  const stored = readEvents(sql);
  const now = unixSeconds(nowMs);
  const times = registeredClients(sql).flatMap((client) => {
    const expiry = nextExpiryToTell(sql, stored, client, now);
    return expiry === undefined ? [] : [(expiry - settings.expiringSeconds) * 1000];
  });
  if (stored.dueMs !== undefined) times.push(stored.dueMs);
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** Takes back that expiries were told by a clock that was ahead. Inside a transaction. */
export function forgetTold(sql: SqlStorage): void {
  const stored = readEvents(sql);
  if (Object.keys(stored.toldUntil).length > 0) writeEvents(sql, { ...stored, toldUntil: {} });
}

export type Attempted = {
  /** Ids of those that need not be sent again. */
  readonly done: ReadonlySet<string>;
  /** The first that was not taken, how long the receiver asks to be left alone, and whether it rejected it. */
  readonly failed: { readonly id: string; readonly retryAfterMs: number; readonly isRejected: boolean } | undefined;
};

/**
 * Notes what became of a run. What was not taken is tried again with growing pauses, those behind it after it, and given
 * up after so many attempts: then it is returned. `jitter` gives 0 to below 1.
 */
export function settleRun(
  sql: SqlStorage,
  { done, failed }: Attempted,
  nowMs: number,
  jitter: () => number,
): { readonly dueMs: number | undefined; readonly givenUp: StockEvent | undefined } {
  const stored = readEvents(sql);
  // Erased in the meantime.
  if (stored.sequence === 0) return { dueMs: undefined, givenUp: undefined };
  const tried = stored.pending.flatMap((event) => {
    if (done.has(event.id)) return [];
    return [event.id === failed?.id ? triedInVain(event, failed.isRejected) : event];
  });
  const givenUp = tried.find(isGivenUp);
  const pending = tried.filter((event) => event !== givenUp);
  // One that was displaced while it was sent counts as tried once: the receiver is down.
  const triedBefore = failed ? (tried.find(({ id }) => id === failed.id)?.attempts ?? 1) : 0;
  // Whoever rejects an event is up, and may well take the next.
  const attempts = givenUp && failed?.isRejected ? 1 : triedBefore;
  const dueMs =
    pending.length === 0 ? undefined : nowMs + Math.max(failed?.retryAfterMs ?? 0, pauseMs(attempts, jitter));
  writeEvents(sql, { ...stored, pending, dueMs });
  return { dueMs, givenUp };
}

const triedInVain = (event: StockEvent, isRejected: boolean): StockEvent => ({
  ...event,
  attempts: event.attempts + 1,
  ...(isRejected ? { rejections: (event.rejections ?? 0) + 1 } : {}),
});

const isGivenUp = ({ attempts, rejections = 0 }: StockEvent): boolean =>
  attempts >= EVENT_ATTEMPTS || rejections >= EVENT_REJECTED_ATTEMPTS;

/** Before the attempt that follows so many in vain. */
function pauseMs(attempts: number, jitter: () => number): number {
  if (attempts === 0) return 0;
  const pause = Math.min(EVENT_RETRY_MAX_MS, EVENT_RETRY_MIN_MS * 2 ** Math.min(attempts - 1, 20));
  return Math.round(pause * (0.5 + jitter() / 2));
}

/** When the first package of the client expires of which nothing was told, and that has not expired, in unix seconds. */
const nextExpiryToTell = (sql: SqlStorage, { toldUntil }: EventRow, client: ClientRecord, now: number) =>
  nextExpiryAfter(sql, client, Math.max(now, toldUntil[client.clientId] ?? 0));

/** An event for each ciphersuite of which packages expire by then, and too little is left. */
function expiringOf({ sql, stock }: EventLogContext, client: ClientRecord, now: number, by: number): NewEvent[] {
  const later = new Map(inventory(sql, client, stock, by).map((suite) => [suite.ciphersuite, suite]));
  return inventory(sql, client, stock, now).flatMap((suite): NewEvent[] => {
    const then = later.get(suite.ciphersuite);
    const isLess = !then || then.available < suite.available || (suite.lastResort && !then.lastResort);
    if (!isLess || (then && !then.needsUpload)) return [];
    const expiring = { by, left: then?.available ?? 0 };
    return [
      {
        type: "key_packages.expiring",
        cause: "expiry",
        client: client.client,
        ciphersuite: suite.ciphersuite,
        ...levelOf(suite),
        expiring,
      },
    ];
  });
}

type NewEvent = Omit<StockEvent, "id" | "sequence" | "at" | "attempts">;

const levelOf = ({ available, lastResort, nextExpiry }: SuiteInventory) => ({
  available,
  lastResort: lastResort !== undefined,
  nextExpiry: nextExpiry ?? null,
});

/** The row with more events. What waits already keeps its time: a receiver that is down is not asked sooner. */
function withEvents({ newId }: EventLogContext, row: EventRow, events: readonly NewEvent[], nowMs: number): EventRow {
  let { pending, sequence } = row;
  for (const event of events) {
    // With the clock in it, a storage that was set back to an older copy goes on above all that was sent.
    sequence = Math.max(sequence + 1, nowMs);
    const others = pending.filter((waiting) => !isSameMatter(waiting, event));
    pending = [...others, { ...event, id: newId(), sequence, at: unixSeconds(nowMs), attempts: 0 }];
  }
  const dueMs = row.dueMs ?? (pending.length > 0 ? nowMs + OUTBOX_DELAY_MS : undefined);
  return { ...row, pending: pending.slice(-MAX_PENDING_EVENTS), sequence, dueMs };
}

const isSameMatter = (one: NewEvent, other: NewEvent): boolean =>
  one.type === other.type && one.client === other.client && one.ciphersuite === other.ciphersuite;
