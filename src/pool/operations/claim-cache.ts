/**
 * What each claim asks for and only other calls change. It lives from one transaction that is not of claims to the next:
 * such a one, and one that is rolled back, forgets all of it. What claims change themselves they note here.
 */

import { type Queue, queuesOf } from "../tables/packages.ts";
import { readPool } from "../tables/pool-row.ts";
import { type ClientRow, registeredClients } from "../tables/registrations.ts";

export class ClaimCache {
  readonly #sql: SqlStorage;
  readonly restoreEpoch: number;
  /** Those registered, in the order of their registration. */
  readonly clients: readonly ClientRow[];
  readonly #queues = new Map<number, readonly Queue[]>();
  readonly #marked = new Set<number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.restoreEpoch = readPool(sql).restoreEpoch;
    this.clients = registeredClients(sql);
  }

  queuesOf(clientId: number): readonly Queue[] {
    const known = this.#queues.get(clientId) ?? queuesOf(this.#sql, clientId);
    this.#queues.set(clientId, known);
    return known;
  }

  /** Notes that a package of the queue was given; a list of queues that was handed out stays as it was. */
  noteClaimed(clientId: number, queueId: number): void {
    const queues = this.queuesOf(clientId);
    this.#queues.set(
      clientId,
      queues.map((queue) => (queue.queueId === queueId ? { ...queue, live: queue.live - 1 } : queue)),
    );
  }

  /**
   * Those of the clients that no claim has marked for the directory yet; the claimer marks them. What is marked stays so
   * until a batch is packed, which is no claim's transaction.
   */
  markOnce(clientIds: readonly number[]): readonly number[] {
    const fresh = clientIds.filter((clientId) => !this.#marked.has(clientId));
    for (const clientId of fresh) this.#marked.add(clientId);
    return fresh;
  }
}
