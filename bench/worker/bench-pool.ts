/** The pool as it is, with a door through which the bench fills it faster than admission would. */
import type { AdmittedKeyPackage } from "../../src/contract/admitted-key-package.ts";
import { Pool } from "../../src/pool/pool.ts";
import { insert } from "../../src/pool/tables/packages.ts";
import { insertQueue, isSameKind, kindOf, queuesOf } from "../../src/pool/tables/queues.ts";
import { findClient } from "../../src/pool/tables/registrations.ts";
import { syntheticKeyPackage } from "./synthetic.ts";

export type SeedCall = {
  readonly client: string;
  readonly count: number;
  readonly ciphersuite: number;
  /** Extension types that the packages support. */
  readonly extensions: readonly number[];
};

/** Rows of one transaction. */
const CHUNK_ROWS = 5_000;

class BenchPool extends Pool {
  seed({ client, count, ciphersuite, extensions }: SeedCall): number {
    const { sql } = this.ctx.storage;
    const found = findClient(sql, client);
    if (!found) throw new Error(`${client} is not registered`);
    const sample: AdmittedKeyPackage = {
      ...syntheticKeyPackage(new Uint8Array(32)),
      ciphersuite,
      capabilities: { extensions, proposals: [], credentials: [1] },
    };
    const now = Math.floor(Date.now() / 1000);
    const kind = kindOf(sample);
    const known = queuesOf(sql, found.clientId).find((queue) => isSameKind(queue, kind));
    const { queueId } = known ?? insertQueue(sql, found.clientId, kind);
    for (let done = 0; done < count; done += CHUNK_ROWS) {
      this.ctx.storage.transactionSync(() => {
        for (let row = done; row < Math.min(count, done + CHUNK_ROWS); row++) {
          const { ref, initKey, encryptionKey, bytes } = syntheticKeyPackage(sample.signatureKey);
          insert(sql, found.clientId, queueId, { ...sample, ref, initKey, encryptionKey, bytes }, now);
        }
      });
    }
    return count;
  }
}

// The binding's class has the name that it has in the deployed Worker.
export { BenchPool as Pool };
