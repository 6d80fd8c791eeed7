/**
 * What each claim asks for and only other calls change. It lives from one transaction that is not of claims to the next:
 * such a one, and one that is rolled back, forgets all of it. What claims change themselves they note here.
 */

import { type Lot, lotsOf } from "../tables/packages.ts";
import { readPool } from "../tables/pool-row.ts";
import { type ClientRow, registeredClients } from "../tables/registrations.ts";

export class ClaimMemory {
  readonly #sql: SqlStorage;
  readonly restoreEpoch: number;
  /** Those registered, in the order of their registration. */
  readonly clients: readonly ClientRow[];
  readonly #lots = new Map<number, readonly Lot[]>();
  readonly #marked = new Set<number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.restoreEpoch = readPool(sql).restoreEpoch;
    this.clients = registeredClients(sql);
  }

  lotsOf(clientId: number): readonly Lot[] {
    const known = this.#lots.get(clientId) ?? lotsOf(this.#sql, clientId);
    this.#lots.set(clientId, known);
    return known;
  }

  /** Notes that a package of the lot was given; a list of lots that was handed out stays as it was. */
  gave(clientId: number, lotId: number): void {
    const lots = this.lotsOf(clientId);
    this.#lots.set(
      clientId,
      lots.map((lot) => (lot.lotId === lotId ? { ...lot, live: lot.live - 1 } : lot)),
    );
  }

  /**
   * Those of the clients that no claim has marked for the directory yet; the caller marks them. What is marked stays so
   * until a parcel is packed, which is no claim's transaction.
   */
  takeUnmarked(clientIds: readonly number[]): readonly number[] {
    const fresh = clientIds.filter((clientId) => !this.#marked.has(clientId));
    for (const clientId of fresh) this.#marked.add(clientId);
    return fresh;
  }
}
