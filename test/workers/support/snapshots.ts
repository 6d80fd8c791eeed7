/** Snapshots, and ways to write them without a pool. */
import { env } from "cloudflare:workers";
import type { ClientSnapshot, SnapshotOffer } from "../../../src/directory/client-row.ts";
import { type ClientNews, writeNews } from "../../../src/directory/projection.ts";

const PATIENCE_MS = 60_000;

export const offer = (available: number, change: Partial<SnapshotOffer> = {}): SnapshotOffer => ({
  ciphersuite: 1,
  available,
  lastResort: true,
  nextExpiry: 900,
  needsUpload: available < 50,
  capabilities: [],
  ...change,
});

export const snapshot = (client: string, available: number, change: Partial<ClientSnapshot> = {}): ClientSnapshot => ({
  client,
  registeredAt: 1,
  revokedAt: undefined,
  signatureKeys: [],
  offers: [offer(available)],
  capabilities: [],
  ...change,
});

export const revoked = (client: string): ClientSnapshot => snapshot(client, 0, { revokedAt: 2, offers: [] });

/** Writes snapshots, and the ends of clients by their names. */
export async function project(
  user: string,
  version: number,
  news: readonly (ClientSnapshot | string)[],
  db: D1Database = env.DB,
  timeoutMs = PATIENCE_MS,
) {
  const clients = news.map(
    (item): ClientNews =>
      typeof item === "string" ? { kind: "gone", client: item } : { kind: "snapshot", snapshot: item },
  );
  return writeNews(db, { user, version, updatedAt: 1, clients }, timeoutMs);
}
