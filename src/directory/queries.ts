/** Looking up a user's clients. Reads go through a session, so that a replica near the Worker can serve them. */
import { fromColumns, type Offer, type SignatureKeyText } from "./client-row.ts";
import type { Directory } from "./shards.ts";

export type DirectoryClient = {
  readonly client: string;
  readonly registeredAt: number;
  readonly signatureKeys: readonly SignatureKeyText[];
  readonly offers: readonly Offer[];
};

type Row = {
  client: string;
  registered_at: number;
  revoked_at: number | null;
  signature_keys: string;
  stock: string;
  capabilities: string;
};

/** The registered clients of a user by name; undefined for a user the directory has never heard of. */
export async function findClients(directory: Directory, user: string): Promise<readonly DirectoryClient[] | undefined> {
  const found = await readClients(directory.homeOf(user).db, user);
  const former = found ? undefined : directory.formerHomeOf(user);
  return former ? readClients(former.db, user) : found;
}

/** The same as one database knows them. */
export async function readClients(db: D1Database, user: string): Promise<readonly DirectoryClient[] | undefined> {
  const { results } = await db
    .withSession("first-unconstrained")
    .prepare(
      `SELECT client, registered_at, revoked_at, signature_keys, stock, capabilities FROM clients
       WHERE user = ? ORDER BY client`,
    )
    .bind(user)
    .all<Row>();
  if (results.length === 0) return undefined;
  return results
    .filter((row) => row.revoked_at === null)
    .map((row) => ({ client: row.client, registeredAt: row.registered_at, ...fromColumns(row) }));
}
