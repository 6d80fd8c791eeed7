/**
 * Cache of what every claim reads and only other calls change: the registered clients' records, the chunks that are next
 * in turn and the restore epoch. Any other transaction drops it, and so does a rollback; claims keep it current
 * themselves.
 */
import { QueueHeads } from "../tables/chunks.ts";
import { type ClientRecord, registeredClients } from "../tables/clients.ts";
import { readPool } from "../tables/pool-row.ts";

export class ClaimCache {
  readonly restoreEpoch: number;
  readonly heads = new QueueHeads();
  /** In the order of their registration. */
  #clients: readonly ClientRecord[];

  constructor(sql: SqlStorage) {
    this.restoreEpoch = readPool(sql).restoreEpoch;
    this.#clients = registeredClients(sql);
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
