/**
 * Cache of what every claim reads and only other calls change: the registered clients' records, the chunks that are next
 * in turn and the restore epoch. Any other transaction drops it, and so does a rollback; claims keep it current
 * themselves.
 */
import { BUSY_POOL_MS } from "../../../config/limits.ts";
import { QueueHeads } from "../../tables/chunks-table.ts";
import type { ClientRecord } from "../../tables/clients-table.ts";

export class ClaimCache {
  readonly restoreEpoch: number;
  #heads = new QueueHeads();
  #claimedMs = Number.NEGATIVE_INFINITY;
  /** In the order of their registration. */
  #clients: readonly ClientRecord[];

  /** `clients`: those that are registered, in the order of their registration. */
  constructor(restoreEpoch: number, clients: readonly ClientRecord[]) {
    this.restoreEpoch = restoreEpoch;
    this.#clients = clients;
  }

  /** The chunks that are next in turn, for a claim at `nowMs`. They are kept while claims follow closely, and not beyond. */
  headsAt(nowMs: number): QueueHeads {
    const isBusy = Math.abs(nowMs - this.#claimedMs) < BUSY_POOL_MS;
    this.#claimedMs = nowMs;
    const heads = isBusy ? this.#heads : new QueueHeads();
    if (!isBusy) this.#heads = new QueueHeads();
    return heads;
  }

  /** A list that was handed out stays as it was. */
  get clients(): readonly ClientRecord[] {
    return this.#clients;
  }

  /** Notes a record that a claim has just written. */
  update(client: ClientRecord): void {
    this.#clients = this.#clients.map((known) => (known.clientId === client.clientId ? client : known));
  }
}
