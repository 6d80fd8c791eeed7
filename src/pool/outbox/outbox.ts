/**
 * From the pool to the directory. A change only marks its client; what is sent is always the client as it is now, so
 * a burst of claims is one write and a lost write is repeated by the next.
 */
import { OUTBOX_RETRY_MAX_MS, OUTBOX_RETRY_MIN_MS } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import type { ClientSnapshot } from "../../directory/projection.ts";
import { toBase64Url } from "../../shared/base64url.ts";
import { unixSeconds } from "../../shared/time.ts";
import { allClients, type ClientRecord, isRegistered, writeClient } from "../tables/clients.ts";
import { inventory } from "../tables/inventory.ts";
import { readPool, writePool } from "../tables/pool-row.ts";

/** Asks that the directory hear of what has changed at `dueMs` at the latest. */
export function requestSend(sql: SqlStorage, dueMs: number): void {
  const { outboxDueMs } = readPool(sql);
  if (outboxDueMs === undefined || outboxDueMs > dueMs) writePool(sql, { outboxDueMs: dueMs });
}

/** Whether the directory lacks anything. */
export function hasNews(sql: SqlStorage): boolean {
  const { projected } = readPool(sql);
  return allClients(sql).some((client) => client.changes !== projected[client.clientId]);
}

/** Notes that every snapshot must be sent again, and forgets what went wrong before. */
export function markAllChanged(sql: SqlStorage, dueMs: number): void {
  for (const client of allClients(sql)) writeClient(sql, { ...client, changes: client.changes + 1 });
  writePool(sql, { outboxDueMs: dueMs, outboxFailures: 0 });
}

export type OutboxBatch = {
  readonly user: string;
  readonly version: number;
  readonly snapshots: readonly ClientSnapshot[];
  /** How far each client had changed when its snapshot was taken, by client id. */
  readonly changes: Readonly<Record<string, number>>;
};

/**
 * What the directory does not have yet, with a version above all earlier ones. The clock is part of the version because
 * a pool that was set back to an older copy must still be believed.
 */
export function readBatch(sql: SqlStorage, stock: StockSettings, nowMs: number): OutboxBatch | undefined {
  const pool = readPool(sql);
  const changed = allClients(sql).filter((client) => client.changes !== pool.projected[client.clientId]);
  if (changed.length === 0) return undefined;
  const version = Math.max(pool.projectionVersion + 1, nowMs);
  writePool(sql, { projectionVersion: version });
  return {
    user: pool.user,
    version,
    snapshots: changed.map((client) => snapshotOf(sql, client, stock, unixSeconds(nowMs))),
    changes: Object.fromEntries(changed.map((client) => [client.clientId, client.changes])),
  };
}

/** After the directory has taken a batch: what changed since its snapshots were taken stays marked. */
export function markDelivered(sql: SqlStorage, batch: OutboxBatch, nowMs: number): void {
  const { projected } = readPool(sql);
  const delivered = { ...projected, ...batch.changes };
  const hasMore = allClients(sql).some((client) => client.changes !== delivered[client.clientId]);
  writePool(sql, {
    projected: delivered,
    outboxFailures: 0,
    outboxDueMs: hasMore ? nowMs + OUTBOX_RETRY_MIN_MS : undefined,
  });
}

/** After a failed write, it is tried again with growing delay. `jitter` gives 0 to below 1. */
export function markFailed(sql: SqlStorage, nowMs: number, jitter: () => number): void {
  const failures = readPool(sql).outboxFailures + 1;
  const pause = Math.min(OUTBOX_RETRY_MAX_MS, OUTBOX_RETRY_MIN_MS * 2 ** Math.min(failures - 1, 20));
  writePool(sql, { outboxFailures: failures, outboxDueMs: nowMs + Math.round(pause * (0.5 + jitter() / 2)) });
}

function snapshotOf(sql: SqlStorage, client: ClientRecord, stock: StockSettings, now: number): ClientSnapshot {
  const revoked = !isRegistered(client);
  return {
    client: client.client,
    registeredAt: client.registeredAt,
    revoked,
    signatureKeys: client.signatureKeys.map(({ scheme, publicKey }) => ({
      scheme,
      publicKey: toBase64Url(publicKey),
    })),
    offers: revoked
      ? []
      : inventory(sql, client, stock, now).map((suite) => ({
          ciphersuite: suite.ciphersuite,
          available: suite.available,
          lastResort: suite.lastResort,
          nextExpiry: suite.nextExpiry ?? null,
          needsUpload: suite.needsUpload,
          capabilities: distinctCapabilities(client, suite.ciphersuite),
        })),
  };
}

/** Queues of one-time packages and of the last resort may list the same. */
function distinctCapabilities({ queues }: ClientRecord, ciphersuite: number) {
  const lists = queues.filter((queue) => queue.ciphersuite === ciphersuite && queue.live > 0);
  return [...new Map(lists.map(({ capabilities }) => [JSON.stringify(capabilities), capabilities])).values()];
}
