/** Looking up a user's clients. Reads go through a session, so that a replica near the Worker can serve them. */
import { fromColumns, type Offer, type SignatureKeyText } from "./client-row.ts";
import { allShards, type Directory } from "./shards.ts";

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

/** A client as it is stored. */
export type StoredRow = {
  readonly client: string;
  readonly version: number;
  readonly updated_at: number;
  readonly registered_at: number;
  readonly revoked_at: number | null;
  readonly signature_keys: string;
  readonly stock: string;
  readonly capabilities: string;
  readonly next_expiry: number | null;
  readonly shortage: number | null;
};

/** Every row that any database has of a user, under the name of its binding: revoked clients and leftovers too. */
export async function readRows(
  directory: Directory,
  user: string,
): Promise<readonly { readonly database: string; readonly row: StoredRow }[]> {
  const found = await Promise.all(
    allShards(directory).map(async ({ name, db }) => {
      const { results } = await db
        .withSession("first-primary")
        .prepare(
          `SELECT client, version, updated_at, registered_at, revoked_at, signature_keys, stock, capabilities,
             next_expiry, shortage FROM clients WHERE user = ? ORDER BY client`,
        )
        .bind(user)
        .all<StoredRow>();
      return results.map((row) => ({ database: name, row }));
    }),
  );
  return found.flat();
}
