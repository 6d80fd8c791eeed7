/** The pool as it is, with a door through which the bench fills it faster than admission would. */
import { LOW_WATERMARK_PACKAGES } from "../../src/config/limits.ts";
import type { AdmittedKeyPackage } from "../../src/contract/admitted-key-package.ts";
import { removePackages } from "../../src/pool/operations/stock.ts";
import { Pool } from "../../src/pool/pool.ts";
import { storeChunks } from "../../src/pool/tables/chunks-table.ts";
import { findClient, readClient, withStored, writeClient } from "../../src/pool/tables/clients-table.ts";
import { fingerprintsOf, remember } from "../../src/pool/tables/fingerprints-table.ts";
import { unixSeconds } from "../../src/shared/time.ts";
import { syntheticKeyPackage } from "../../tools/lib/synthetic-package.ts";

export type SeedCall = {
  readonly client: string;
  readonly count: number;
  readonly ciphersuite: number;
  /** Extension types that the packages support. */
  readonly extensions: readonly number[];
  /** Packages of one upload: 100 if left out, as clients send them. */
  readonly uploadPackages?: number;
};

/** Packages of one upload, and uploads of one transaction. */
const UPLOAD_PACKAGES = 100;
const UPLOADS_PER_TRANSACTION = 50;

/** What a client has in stock when it uploads again. */
const KEPT_PACKAGES = LOW_WATERMARK_PACKAGES;

class BenchPool extends Pool {
  readonly #startedMs = Date.now();

  /** Starts the object and reads nothing more than that takes. */
  wake(): number {
    return this.#startedMs;
  }

  seed({ client, count, ciphersuite, extensions, uploadPackages = UPLOAD_PACKAGES }: SeedCall): number {
    const { sql } = this.ctx.storage;
    const found = findClient(sql, client);
    if (!found) throw new Error(`${client} is not registered`);
    const kind = { ciphersuite, lastResort: false, capabilities: { extensions, proposals: [], credentials: [1] } };
    const known = found.queues.find(
      (queue) =>
        JSON.stringify(queue.capabilities) === JSON.stringify(kind.capabilities) && queue.ciphersuite === ciphersuite,
    );
    const queueId = known?.queueId ?? found.queues.length + 1;
    if (!known)
      writeClient(sql, {
        ...found,
        queues: [...found.queues, { queueId, live: 0, nextExpiry: undefined, use: undefined, ...kind }],
      });
    const step = uploadPackages * UPLOADS_PER_TRANSACTION;
    for (let done = 0; done < count; done += step) {
      this.ctx.storage.transactionSync(() => {
        for (let at = done; at < Math.min(count, done + step); at += uploadPackages) {
          this.#upload(found.clientId, queueId, Math.min(uploadPackages, count - at), kind);
        }
      });
    }
    return count;
  }

  /** Leaves a client what it has when it uploads again: not nothing, or the directory would hear of the upload at once. */
  trim(client: string): number {
    const { sql } = this.ctx.storage;
    return this.ctx.storage.transactionSync(() => {
      const found = findClient(sql, client);
      if (!found) throw new Error(`${client} is not registered`);
      const removed = removePackages(sql, found, ({ sequence }) => sequence < found.nextSequence - KEPT_PACKAGES);
      writeClient(sql, removed.client);
      return removed.ended;
    });
  }

  /** Stores fresh packages as an upload does, without looking for what is known: that would read all uploads each time. */
  #upload(clientId: number, queueId: number, count: number, kind: Partial<AdmittedKeyPackage>): void {
    const { sql } = this.ctx.storage;
    const client = readClient(sql, clientId);
    const packages = Array.from({ length: count }, (_, index) => ({
      sequence: client.nextSequence + index,
      keyPackage: { ...syntheticKeyPackage(new Uint8Array(32)), ...kind },
    }));
    storeChunks(sql, { clientId, queueId, storedAt: unixSeconds(Date.now()) }, packages);
    remember(
      sql,
      clientId,
      packages.map(({ keyPackage }) => ({
        fingerprints: fingerprintsOf(keyPackage),
        notAfter: keyPackage.notAfter,
        removed: false,
      })),
    );
    const ends = packages.map(({ keyPackage }) => keyPackage.notAfter);
    const queues = withStored(client.queues, queueId, ends, unixSeconds(Date.now()));
    writeClient(sql, { ...client, queues, nextSequence: client.nextSequence + count });
  }
}

// The binding's class has the name that it has in the deployed Worker.
export { BenchPool as Pool };
