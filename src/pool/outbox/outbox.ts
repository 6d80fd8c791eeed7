/**
 * From the pool to the directory. A change only marks its client; what is sent is always the client as it is now, so
 * a burst of claims is one write and a lost write is repeated by the next.
 */
import { OUTBOX_DELAY_MS, OUTBOX_RETRY_MAX_MS, OUTBOX_RETRY_MIN_MS } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import type { CapabilityLists } from "../../contract/capability-lists.ts";
import type { ClientSnapshot } from "../../directory/client-row.ts";
import type { ClientNews, UserNews } from "../../directory/projection.ts";
import { toBase64Url } from "../../shared/base64url.ts";
import { unixSeconds } from "../../shared/time.ts";
import { confirmedTime, type Look } from "../looks.ts";
import type { Budgets } from "../tables/budgets-table.ts";
import { inventory } from "../tables/client-stock.ts";
import { allClients, type ClientRecord, deleteClient, isRegistered, writeClient } from "../tables/clients-table.ts";
import { isForgettable } from "../tables/forgettable.ts";
import { ANYWHERE, type PoolRow, readPool, writePool } from "../tables/pool-row.ts";

/** Asks that the directory hear of what has changed at `dueMs` at the latest. `budgets` of the user go into the same row. */
export function requestSend(sql: SqlStorage, dueMs: number, budgets?: Budgets): void {
  const { outboxDueMs, outboxSinceMs } = readPool(sql);
  const isSooner = outboxDueMs === undefined || outboxDueMs > dueMs;
  if (isSooner || budgets)
    writePool(sql, { ...(isSooner ? dueSince(dueMs, outboxSinceMs) : {}), ...(budgets ? { budgets } : {}) });
}

/** Due at `dueMs`; what was due before that and has not been delivered stays late since then. */
const dueSince = (dueMs: number, sinceMs: number | undefined) => ({
  outboxDueMs: dueMs,
  outboxSinceMs: Math.min(sinceMs ?? dueMs, dueMs),
});

/** How long after it was due the directory still lacks something, in milliseconds; 0 if it lacks nothing. */
export const lagMs = ({ outboxSinceMs }: Pick<PoolRow, "outboxSinceMs">, nowMs: number): number =>
  Math.max(0, nowMs - (outboxSinceMs ?? nowMs));

/** The clients that the database `home` lacks in their present state. */
export function clientsWithNews(sql: SqlStorage, pool: PoolRow, home: string): readonly ClientRecord[] {
  const all = allClients(sql);
  // After the number of databases has changed, and after a resync, none of them counts as delivered.
  return pool.projectedTo === home ? all.filter((client) => client.changes !== pool.projected[client.clientId]) : all;
}

/** Notes that every snapshot must be sent again, from wherever it may be, and forgets what went wrong before. */
export function markAllChanged(sql: SqlStorage, dueMs: number): void {
  for (const client of allClients(sql)) writeClient(sql, { ...client, changes: client.changes + 1 });
  writePool(sql, { projectedTo: ANYWHERE, ...dueSince(dueMs, readPool(sql).outboxSinceMs), outboxFailures: 0 });
}

/** Writes a look at the clock down that no batch has taken along, and asks to send what it found. */
export function noteLook(sql: SqlStorage, { at, expired }: Look, nowMs: number): void {
  const pool = readPool(sql);
  const isNew = pool.outboxDueMs === undefined && expired.size > 0;
  writePool(sql, {
    lookedAt: at,
    projected: without(pool.projected, expired),
    ...(isNew ? dueSince(nowMs, pool.outboxSinceMs) : {}),
  });
}

/** So that the directory lacks these clients, at whatever stage they are. */
const without = (projected: PoolRow["projected"], clientIds: ReadonlySet<number>): PoolRow["projected"] =>
  Object.fromEntries(Object.entries(projected).filter(([clientId]) => !clientIds.has(Number(clientId))));

export type OutboxBatch = {
  readonly news: UserNews;
  /** Each client of the news, and how far it had changed then. */
  readonly clients: readonly Pick<ClientRecord, "client" | "clientId" | "changes">[];
  /** Which database had the user's rows until now, as the pool's row says it. */
  readonly projectedTo: string | undefined;
};

/**
 * What the database `home` does not have yet, with a version above all earlier ones, and with what `look` found: it is
 * written down with the version, as a row is what costs. The clock is part of the version
 * because a pool that was set back to an older copy must still be believed.
 */
export function readBatch(
  sql: SqlStorage,
  stock: StockSettings,
  home: string,
  nowMs: number,
  look?: Look,
): OutboxBatch | undefined {
  const stored = readPool(sql);
  const pool = look ? { ...stored, projected: without(stored.projected, look.expired) } : stored;
  const clients = clientsWithNews(sql, pool, home);
  if (clients.length === 0 && pool.projectedTo !== ANYWHERE) return undefined;
  const version = Math.max(pool.projectionVersion + 1, nowMs);
  writePool(sql, {
    projectionVersion: version,
    ...(look ? { lookedAt: look.at, projected: pool.projected } : {}),
  });
  const now = unixSeconds(nowMs);
  // Only the alarm looks and forgets: what a call sends is all that it knows.
  const confirmed = look ? confirmedTime(stored.lookedAt, now) : 0;
  return {
    news: {
      user: pool.user,
      version,
      updatedAt: now,
      clients: clients.map(
        (client): ClientNews =>
          isForgettable(sql, client, confirmed)
            ? { kind: "gone", client: client.client }
            : { kind: "snapshot", snapshot: snapshotOf(sql, client, stock, now) },
      ),
    },
    clients,
    projectedTo: pool.projectedTo,
  };
}

export type Delivery = {
  /** Names of the clients of which the database took the news. */
  readonly delivered: ReadonlySet<string>;
  /** Whether that was all, and no other database holds rows of the user. */
  readonly isComplete: boolean;
};

/**
 * Notes what the database `home` has taken of a batch: what changed since stays marked. What it has not taken is tried
 * again with growing delay; news that came in the meantime does not wait for that. `jitter` gives 0 to below 1.
 */
export function markDelivered(
  sql: SqlStorage,
  batch: OutboxBatch,
  { delivered, isComplete }: Delivery,
  home: string,
  nowMs: number,
  jitter: () => number,
): void {
  const pool = readPool(sql);
  const projected = { ...pool.projected };
  const current = new Map(allClients(sql).map((client) => [client.clientId, client.changes]));
  const gone = new Set(batch.news.clients.flatMap((news) => (news.kind === "gone" ? [news.client] : [])));
  let hasFresh = false;
  const packed = new Map(batch.clients.map(({ clientId, changes }) => [clientId, changes]));
  for (const [clientId, changes] of current) {
    hasFresh ||= changes !== packed.get(clientId) && changes !== projected[clientId];
  }
  for (const { client, clientId, changes } of batch.clients) {
    if (!delivered.has(client)) continue;
    projected[clientId] = changes;
    // One that has registered again in the meantime stays, and has news.
    if (!gone.has(client) || current.get(clientId) !== changes) continue;
    deleteClient(sql, clientId);
    delete projected[clientId];
  }
  const failures = isComplete ? 0 : pool.outboxFailures + 1;
  const pause = Math.min(OUTBOX_RETRY_MAX_MS, OUTBOX_RETRY_MIN_MS * 2 ** Math.min(Math.max(failures - 1, 0), 20));
  const retryMs = isComplete ? undefined : nowMs + Math.round(pause * (0.5 + jitter() / 2));
  const freshMs = hasFresh ? nowMs + OUTBOX_DELAY_MS : undefined;
  writePool(sql, {
    projected,
    // A resync that was asked for in the meantime stays asked for.
    ...(isComplete && pool.projectedTo === batch.projectedTo ? { projectedTo: home } : {}),
    outboxFailures: failures,
    outboxDueMs: freshMs ?? retryMs,
    outboxSinceMs: isComplete ? freshMs : (pool.outboxSinceMs ?? nowMs),
  });
}

function snapshotOf(sql: SqlStorage, client: ClientRecord, stock: StockSettings, now: number): ClientSnapshot {
  const registration = {
    client: client.client,
    registeredAt: client.registeredAt,
    revokedAt: client.revokedAt,
    signatureKeys: client.signatureKeys.map(({ scheme, publicKey }) => ({
      scheme,
      publicKey: toBase64Url(publicKey),
    })),
  };
  if (!isRegistered(client)) return { ...registration, offers: [], capabilities: [] };
  const { sets, placesOf } = distinctCapabilities(client);
  return {
    ...registration,
    offers: inventory(sql, client, stock, now).map((suite) => ({
      ciphersuite: suite.ciphersuite,
      available: suite.available,
      lastResort: suite.lastResort !== undefined,
      nextExpiry: suite.nextExpiry ?? null,
      // What operators look for is a low stock; a missing last resort is told apart.
      needsUpload: suite.available < suite.lowWatermark,
      capabilities: placesOf(suite.ciphersuite),
    })),
    capabilities: sets,
  };
}

/** Queues often list the same: each set once, those of the newest queues first, and their places by ciphersuite. */
function distinctCapabilities({ queues }: ClientRecord) {
  const places = new Map<string, number>();
  const sets: CapabilityLists[] = [];
  const bySuite = new Map<number, Set<number>>();
  for (const queue of queues.filter(({ live }) => live > 0).toSorted((a, b) => b.queueId - a.queueId)) {
    const name = JSON.stringify(queue.capabilities);
    const place = places.get(name) ?? sets.push(queue.capabilities) - 1;
    places.set(name, place);
    bySuite.set(queue.ciphersuite, (bySuite.get(queue.ciphersuite) ?? new Set()).add(place));
  }
  return { sets, placesOf: (ciphersuite: number) => [...(bySuite.get(ciphersuite) ?? [])] };
}
