/**
 * From the pool to the directory. A change only marks its client; what is sent is always the client as it is now, so
 * a burst of claims is one write and a lost write is repeated by the next.
 */

import { OUTBOX_RETRY_MAX_MS, OUTBOX_RETRY_MIN_MS } from "../../config/limits.ts";
import type { StockSettings } from "../../config/settings.ts";
import { type ClientSnapshot, projectionStatements } from "../../directory/projection.ts";
import { inventory, queuesOf } from "../tables/packages.ts";
import { readPool } from "../tables/pool-row.ts";
import { allClients, type ClientRow, signatureKeys } from "../tables/registrations.ts";

/**
 * Notes that clients' snapshots are out of date, and when the directory should hear of it; undefined leaves it to the
 * next time that the pool's alarm rings for whatever reason, at the latest after a day.
 */
export function markChanged(sql: SqlStorage, clientIds: readonly number[], dueMs: number | undefined): void {
  for (const clientId of clientIds) {
    sql.exec("UPDATE clients SET changes = changes + 1 WHERE client_id = ?", clientId);
  }
  if (clientIds.length === 0 || dueMs === undefined) return;
  sql.exec("UPDATE pool SET outbox_due_ms = ?1 WHERE id = 1 AND (outbox_due_ms IS NULL OR outbox_due_ms > ?1)", dueMs);
}

/** Whether the directory lacks anything. */
export function hasNews(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM clients WHERE changes <> projected_changes LIMIT 1").toArray().length > 0;
}

/** Notes that every snapshot must be sent again. */
export function markAllChanged(sql: SqlStorage, dueMs: number): void {
  sql.exec("UPDATE clients SET changes = changes + 1");
  sql.exec("UPDATE pool SET outbox_due_ms = ?, outbox_failures = 0 WHERE id = 1", dueMs);
}

export type OutboxBatch = {
  readonly user: string;
  readonly version: number;
  readonly snapshots: readonly ClientSnapshot[];
  /** How far each client had changed when the batch was packed. */
  readonly changes: readonly { readonly clientId: number; readonly changes: number }[];
};

/**
 * Packs what the directory does not have yet, with a version above all earlier ones. The clock is part of the version
 * because a pool that was set back to an older copy must still be believed.
 */
export function readBatch(sql: SqlStorage, stock: StockSettings, nowMs: number): OutboxBatch | undefined {
  const changed = new Map(
    sql
      .exec<{ client_id: number; changes: number }>(
        "SELECT client_id, changes FROM clients WHERE changes <> projected_changes",
      )
      .toArray()
      .map((row) => [row.client_id, row.changes]),
  );
  if (changed.size === 0) return undefined;
  const pool = readPool(sql);
  const version = Math.max(pool.projectionVersion + 1, nowMs);
  sql.exec("UPDATE pool SET projection_version = ? WHERE id = 1", version);
  const now = Math.floor(nowMs / 1000);
  return {
    user: pool.user,
    version,
    snapshots: allClients(sql)
      .filter((client) => changed.has(client.clientId))
      .map((client) => snapshotOf(sql, client, stock, now)),
    changes: [...changed].map(([clientId, changes]) => ({ clientId, changes })),
  };
}

/** Sends a batch. Throws what the database throws. */
export async function sendBatch(db: D1Database, batch: OutboxBatch, now: number): Promise<void> {
  await db.batch(projectionStatements(db, batch.user, batch.version, now, batch.snapshots));
}

/** After the directory has taken a batch: what changed since it was packed stays marked. */
export function markDelivered(sql: SqlStorage, batch: OutboxBatch, nowMs: number): void {
  for (const { clientId, changes } of batch.changes) {
    sql.exec("UPDATE clients SET projected_changes = ? WHERE client_id = ?", changes, clientId);
  }
  sql.exec(
    `UPDATE pool SET outbox_failures = 0, projected_at = ?1, outbox_due_ms =
       CASE WHEN EXISTS (SELECT 1 FROM clients WHERE changes <> projected_changes) THEN ?2 END WHERE id = 1`,
    Math.floor(nowMs / 1000),
    nowMs + OUTBOX_RETRY_MIN_MS,
  );
}

/** After the directory did not answer, or not with yes: the batch is tried again later and later. */
export function markFailed(sql: SqlStorage, nowMs: number, jitter: () => number): void {
  const failures = readPool(sql).outboxFailures + 1;
  const pause = Math.min(OUTBOX_RETRY_MAX_MS, OUTBOX_RETRY_MIN_MS * 2 ** Math.min(failures - 1, 20));
  sql.exec(
    "UPDATE pool SET outbox_failures = ?, outbox_due_ms = ? WHERE id = 1",
    failures,
    nowMs + Math.round(pause * (0.5 + jitter() / 2)),
  );
}

function snapshotOf(
  sql: SqlStorage,
  client: ClientRow & { readonly revoked: boolean },
  stock: StockSettings,
  now: number,
): ClientSnapshot {
  const queues = queuesOf(sql, client.clientId).filter((queue) => queue.live > 0);
  return {
    client: client.client,
    registeredAt: client.registeredAt,
    revoked: client.revoked,
    signatureKeys: signatureKeys(sql, client.clientId).map((key) => ({
      scheme: key.scheme,
      publicKey: key.publicKey.toBase64({ alphabet: "base64url", omitPadding: true }),
    })),
    offers: client.revoked
      ? []
      : inventory(sql, client.clientId, stock, now).map((suite) => ({
          ciphersuite: suite.ciphersuite,
          available: suite.available,
          lastResort: suite.lastResort,
          nextExpiry: suite.nextExpiry ?? null,
          needsUpload: suite.needsUpload,
          capabilities: [
            ...new Set(
              queues.filter((queue) => queue.ciphersuite === suite.ciphersuite).map((queue) => queue.capabilities),
            ),
          ].map((capabilities) => JSON.parse(capabilities)),
        })),
  };
}
