/** The packages in stock as an export shows them. */
import { EXPORT_PAGE_CHUNKS } from "../../../config/limits.ts";
import type { StoredPackage } from "../../../contract/operator-messages.ts";
import { listPackages } from "../../tables/chunks-table.ts";
import { allClients } from "../../tables/clients-table.ts";

export type StoredPage = {
  readonly packages: readonly StoredPackage[];
  /** Where the next page begins; undefined after the last. */
  readonly nextAfter: number | undefined;
};

/** A page of them, over all clients: those of `EXPORT_PAGE_CHUNKS` chunks after the one of that number. */
export function listStored(sql: SqlStorage, after: number | undefined): StoredPage {
  const page = listPackages(sql, { after: after ?? 0, limit: EXPORT_PAGE_CHUNKS });
  const clients = new Map(allClients(sql).map((client) => [client.clientId, client]));
  const packages = page.packages.flatMap(({ clientId, queueId, storedAt, entry }) => {
    const client = clients.get(clientId);
    const queue = client?.queues.find((one) => one.queueId === queueId);
    if (!client || !queue) return [];
    const { ref, notBefore, notAfter } = entry;
    const { ciphersuite, lastResort } = queue;
    return [{ client: client.client, ref, ciphersuite, lastResort, storedAt, notBefore, notAfter }];
  });
  return { packages, nextAfter: page.nextAfter };
}
