/** Reading the directory. Reads go through a session, so that a replica near the Worker can serve them. */
import type { Offer } from "./projection.ts";

export type DirectoryClient = {
  readonly client: string;
  readonly registeredAt: number;
  readonly signatureKeys: readonly { readonly scheme: number; readonly publicKey: string }[];
  readonly offers: readonly Offer[];
};

type ClientRow = { client: string; registered_at: number; signature_keys: string; offers: string };

/** The registered clients of a user by name; undefined for a user the directory has never heard of. */
export async function readClients(db: D1Database, user: string): Promise<readonly DirectoryClient[] | undefined> {
  const session = db.withSession("first-unconstrained");
  const [known, clients] = await session.batch<ClientRow>([
    session.prepare("SELECT user FROM users WHERE user = ?").bind(user),
    session
      .prepare(
        `SELECT client, registered_at, signature_keys, offers FROM clients
         WHERE user = ? AND revoked = 0 ORDER BY client`,
      )
      .bind(user),
  ]);
  if (known?.results.length === 0) return undefined;
  return (clients?.results ?? []).map((row) => ({
    client: row.client,
    registeredAt: row.registered_at,
    signatureKeys: JSON.parse(row.signature_keys),
    offers: JSON.parse(row.offers),
  }));
}

export type StockRow = {
  readonly user: string;
  readonly client: string;
  /** 0 for a client that has never uploaded. */
  readonly ciphersuite: number;
  readonly available: number;
  readonly lastResort: boolean;
  readonly nextExpiry: number | undefined;
  readonly needsUpload: boolean;
};

/** `all`, or those below the watermark, with nothing but a last resort, with nothing at all, or soon to expire. */
export type StockFilter = "all" | "low" | "last_resort_only" | "exhausted" | "expiring";

export type StockPage = {
  readonly filter: StockFilter;
  /** The last row of the page before. */
  readonly after: { readonly user: string; readonly client: string; readonly ciphersuite: number } | undefined;
  readonly limit: number;
  /** Unix seconds: `expiring` means before this. */
  readonly expiringBefore: number;
};

const CONDITIONS: Readonly<Record<StockFilter, string>> = {
  all: "true",
  low: "needs_upload = 1",
  last_resort_only: "available = 0 AND last_resort = 1",
  exhausted: "available = 0 AND last_resort = 0",
  expiring: "next_expiry < ?5",
};

/** Stock levels in the order of user, client and ciphersuite; one row more than `limit` is never returned. */
export async function listStock(
  db: D1Database,
  page: StockPage,
): Promise<{ readonly rows: readonly StockRow[]; readonly more: boolean }> {
  const { results } = await db
    .withSession("first-unconstrained")
    .prepare(
      `SELECT user, client, ciphersuite, available, last_resort, next_expiry, needs_upload FROM stock
       WHERE (user, client, ciphersuite) > (?1, ?2, ?3) AND ${CONDITIONS[page.filter]} AND ?5 > 0
       ORDER BY user, client, ciphersuite LIMIT ?4`,
    )
    .bind(
      page.after?.user ?? "",
      page.after?.client ?? "",
      page.after?.ciphersuite ?? 0,
      page.limit + 1,
      Math.max(1, page.expiringBefore),
    )
    .all<{
      user: string;
      client: string;
      ciphersuite: number;
      available: number;
      last_resort: number;
      next_expiry: number | null;
      needs_upload: number;
    }>();
  return {
    rows: results.slice(0, page.limit).map((row) => ({
      user: row.user,
      client: row.client,
      ciphersuite: row.ciphersuite,
      available: row.available,
      lastResort: row.last_resort === 1,
      nextExpiry: row.next_expiry ?? undefined,
      needsUpload: row.needs_upload === 1,
    })),
    more: results.length > page.limit,
  };
}

/** Users in order, for work that goes through all pools. */
export async function listUsers(
  db: D1Database,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const { results } = await db
    .prepare("SELECT user FROM users WHERE user > ? ORDER BY user LIMIT ?")
    .bind(page.after, page.limit)
    .all<{ user: string }>();
  return results.map((row) => row.user);
}
