/**
 * Cache of what claims read and only other calls change: clients, queues, the restore epoch. Any other transaction drops
 * it, and so does any rollback. What claims change themselves they note here.
 */
import { readPool } from "../tables/pool-row.ts";
import { type Queue, queuesOf } from "../tables/queues.ts";
import { type ClientRow, registeredClients } from "../tables/registrations.ts";

export class ClaimCache {
  readonly #sql: SqlStorage;
  readonly restoreEpoch: number;
  /** Registered clients in the order of their first registration. */
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

  /** Notes that a package of the queue was given. A list of queues that was returned before stays as it was. */
  noteClaimed(clientId: number, queueId: number): void {
    const queues = this.queuesOf(clientId);
    this.#queues.set(
      clientId,
      queues.map((queue) => (queue.queueId === queueId ? { ...queue, live: queue.live - 1 } : queue)),
    );
  }

  /**
   * Those of the clients that no claim has marked for the directory yet; the caller marks them. A mark lasts until a
   * batch is packed for the directory, and that transaction drops this cache.
   */
  markOnce(clientIds: readonly number[]): readonly number[] {
    const unmarked = clientIds.filter((clientId) => !this.#marked.has(clientId));
    for (const clientId of unmarked) this.#marked.add(clientId);
    return unmarked;
  }
}
