/**
 * What the directory does not know yet. A change only marks its client; what is sent is always the client as it is now,
 * so a burst of claims is one write, and the next write makes up for a lost one.
 */
import { OUTBOX_RETRY_MAX_MS, OUTBOX_RETRY_MIN_MS } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import { type ClientSnapshot, projectionStatements } from "../../directory/projection.ts";
import { toBase64Url } from "../../shared/base64url.ts";
import { unixSeconds } from "../../shared/time.ts";
import { inventory } from "../tables/inventory.ts";
import { bringOutboxForward, readPool, setOutbox, setProjectedAt, setProjectionVersion } from "../tables/pool-row.ts";
import { capabilitiesOf, queuesOf } from "../tables/queues.ts";
import {
  allClients,
  type ChangeCount,
  type ClientRow,
  countChange,
  countChangeOfAll,
  setProjected,
  signatureKeys,
  unprojected,
} from "../tables/registrations.ts";

/**
 * Notes that the directory's snapshots of these clients are out of date, and when it should be told at the latest. With
 * undefined they are sent whenever the pool's alarm next runs, after a day at the latest.
 */
export function markChanged(sql: SqlStorage, clientIds: readonly number[], dueMs: number | undefined): void {
  for (const clientId of clientIds) countChange(sql, clientId);
  if (clientIds.length > 0 && dueMs !== undefined) bringOutboxForward(sql, dueMs);
}

/** Notes that every snapshot must be sent again, and starts over after failures. */
export function markAllChanged(sql: SqlStorage, dueMs: number): void {
  countChangeOfAll(sql);
  setOutbox(sql, dueMs, 0);
}

/** Whether there are changes that the directory does not have. */
export function hasChanges(sql: SqlStorage): boolean {
  return unprojected(sql).length > 0;
}

export type OutboxBatch = {
  readonly user: string;
  readonly version: number;
  readonly snapshots: readonly ClientSnapshot[];
  /** How far each client had changed when the batch was packed. */
  readonly changes: readonly ChangeCount[];
};

/**
 * Packs what the directory does not have yet, with a version above all earlier ones. The clock is part of the version:
 * the directory must accept the batches of a pool that was set back to an older copy too.
 */
export function readBatch(sql: SqlStorage, stock: StockSettings, nowMs: number): OutboxBatch | undefined {
  const changes = unprojected(sql);
  if (changes.length === 0) return undefined;
  const pool = readPool(sql);
  const version = Math.max(pool.projectionVersion + 1, nowMs);
  setProjectionVersion(sql, version);
  const changed = new Set(changes.map((change) => change.clientId));
  const snapshots = allClients(sql)
    .filter((client) => changed.has(client.clientId))
    .map((client) => snapshotOf(sql, client, stock, unixSeconds(nowMs)));
  return { user: pool.user, version, snapshots, changes };
}

/** Sends a batch. Throws what the database throws. */
export async function sendBatch(db: D1Database, batch: OutboxBatch, now: number): Promise<void> {
  await db.batch(projectionStatements(db, batch.user, batch.version, now, batch.snapshots));
}

/** After the directory has taken a batch: changes since it was packed stay marked. */
export function markDelivered(sql: SqlStorage, batch: OutboxBatch, nowMs: number): void {
  for (const change of batch.changes) setProjected(sql, change);
  setProjectedAt(sql, unixSeconds(nowMs));
  setOutbox(sql, hasChanges(sql) ? nowMs + OUTBOX_RETRY_MIN_MS : undefined, 0);
}

/** After an attempt failed or went unanswered: it is repeated with growing delay. `jitter` returns 0 to 1. */
export function markFailed(sql: SqlStorage, nowMs: number, jitter: () => number): void {
  const failures = readPool(sql).outboxFailures + 1;
  const pauseMs = Math.min(OUTBOX_RETRY_MAX_MS, OUTBOX_RETRY_MIN_MS * 2 ** Math.min(failures - 1, 20));
  setOutbox(sql, nowMs + Math.round(pauseMs * (0.5 + jitter() / 2)), failures);
}

function snapshotOf(
  sql: SqlStorage,
  client: ClientRow & { readonly revoked: boolean },
  stock: StockSettings,
  now: number,
): ClientSnapshot {
  return {
    client: client.client,
    registeredAt: client.registeredAt,
    revoked: client.revoked,
    signatureKeys: signatureKeys(sql, client.clientId).map((key) => ({
      scheme: key.scheme,
      publicKey: toBase64Url(key.publicKey),
    })),
    offers: client.revoked ? [] : offersOf(sql, client.clientId, stock, now),
  };
}

function offersOf(sql: SqlStorage, clientId: number, stock: StockSettings, now: number): ClientSnapshot["offers"] {
  const queues = queuesOf(sql, clientId).filter((queue) => queue.live > 0);
  return inventory(sql, clientId, stock, now).map((suite) => {
    const ofSuite = queues.filter((queue) => queue.ciphersuite === suite.ciphersuite);
    // One-time packages and last resorts of the same capabilities are two queues.
    const different = new Map(ofSuite.map((queue) => [queue.capabilities, capabilitiesOf(queue)]));
    return {
      ciphersuite: suite.ciphersuite,
      available: suite.available,
      lastResort: suite.lastResort,
      nextExpiry: suite.nextExpiry ?? null,
      needsUpload: suite.needsUpload,
      capabilities: [...different.values()],
    };
  });
}
