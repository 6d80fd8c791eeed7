/**
 * The queues of the pool's clients. A queue holds the packages of one client that every claim treats alike. How many it
 * holds, `live`, changes with the packages and therefore only in packages.ts.
 */
import type { AdmittedKeyPackage } from "../../contract/admitted-key-package.ts";
import type { CapabilityLists } from "../../contract/capabilities.ts";

/** What the packages of a queue have in common. */
export type QueueKind = {
  readonly ciphersuite: number;
  readonly lastResort: boolean;
  /** JSON of CapabilityLists: what every package of the queue supports. */
  readonly capabilities: string;
};

export type Queue = QueueKind & {
  readonly queueId: number;
  /** Live rows, including those that have expired since the last sweep. */
  readonly live: number;
};

export function kindOf({ ciphersuite, lastResort, capabilities }: AdmittedKeyPackage): QueueKind {
  const { extensions, proposals, credentials } = capabilities;
  return { ciphersuite, lastResort, capabilities: JSON.stringify({ extensions, proposals, credentials }) };
}

export function isSameKind(a: QueueKind, b: QueueKind): boolean {
  return a.ciphersuite === b.ciphersuite && a.lastResort === b.lastResort && a.capabilities === b.capabilities;
}

export function capabilitiesOf(queue: QueueKind): CapabilityLists {
  return JSON.parse(queue.capabilities) as CapabilityLists;
}

/** The queues of a client, including empty ones: they tell what it once offered. */
export function queuesOf(sql: SqlStorage, clientId: number): readonly Queue[] {
  return sql
    .exec<{ queue_id: number; ciphersuite: number; last_resort: number; capabilities: string; live: number }>(
      "SELECT queue_id, ciphersuite, last_resort, capabilities, live FROM queues WHERE client_id = ? ORDER BY queue_id",
      clientId,
    )
    .toArray()
    .map((row) => ({
      queueId: row.queue_id,
      ciphersuite: row.ciphersuite,
      lastResort: row.last_resort === 1,
      capabilities: row.capabilities,
      live: row.live,
    }));
}

/** Makes an empty queue. The client has none of this kind yet. */
export function insertQueue(sql: SqlStorage, clientId: number, kind: QueueKind): Queue {
  const { queue_id: queueId } = sql
    .exec<{ queue_id: number }>(
      "INSERT INTO queues (client_id, ciphersuite, last_resort, capabilities) VALUES (?, ?, ?, ?) RETURNING queue_id",
      clientId,
      kind.ciphersuite,
      kind.lastResort ? 1 : 0,
      kind.capabilities,
    )
    .one();
  return { ...kind, queueId, live: 0 };
}

/** Removes empty queues. Each tells what a client once offered, and the newest of its ciphersuite is enough for that. */
export function sweepQueues(sql: SqlStorage): void {
  sql.exec(
    `DELETE FROM queues WHERE live = 0 AND EXISTS (SELECT 1 FROM queues AS newer
       WHERE newer.client_id = queues.client_id AND newer.ciphersuite = queues.ciphersuite
         AND newer.last_resort = queues.last_resort AND newer.queue_id > queues.queue_id)`,
  );
}

/** Removes the queues of a client whose row is deleted: its number may be given to another. */
export function clearQueues(sql: SqlStorage, clientId: number): void {
  sql.exec("DELETE FROM queues WHERE client_id = ?", clientId);
}
