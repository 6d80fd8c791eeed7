/**
 * What operators list: users, and stock levels by filter. Every query reads a range of an index from where the page
 * before ended, so a page costs as much as it shows, whatever the size of the directory.
 */
import { MAX_IDENTIFIER_BYTES } from "../config/limits.ts";
import { SHORTAGE } from "./client-row.ts";
import { compareTexts, mergePages } from "./merge.ts";
import { allShards, type Directory } from "./shards.ts";

export type StockRow = {
  readonly user: string;
  readonly client: string;
  readonly version: number;
  /** 0 for a client that has never uploaded. */
  readonly ciphersuite: number;
  readonly available: number;
  readonly lastResort: boolean;
  readonly nextExpiry: number | undefined;
  readonly needsUpload: boolean;
  /** The least next expiry of the client's ciphersuites, by which `expiring` is ordered; 0 under other filters. */
  readonly soonest: number;
};

/** `all`, or those below the watermark, with nothing but a last resort, with nothing at all, or soon to expire. */
export type StockFilter = "all" | "low" | "last_resort_only" | "exhausted" | "expiring";

/** The last row of a page. */
export type StockCursor = Pick<StockRow, "user" | "client" | "ciphersuite" | "soonest">;

export type StockPage = {
  readonly filter: StockFilter;
  readonly after: StockCursor | undefined;
  readonly limit: number;
  /** Unix seconds: `expiring` means before this. */
  readonly expiringBefore: number;
};

type Row = {
  user: string;
  client: string;
  version: number;
  soonest: number;
  ciphersuite: number;
  available: number;
  last_resort: number;
  next_expiry: number | null;
  needs_upload: number;
};

const START: StockCursor = { user: "", client: "", ciphersuite: -1, soonest: 0 };

const FROM = `c.user, c.client, c.version, s.value ->> 0 AS ciphersuite, s.value ->> 1 AS available,
    s.value ->> 2 AS last_resort, s.value ->> 3 AS next_expiry, s.value ->> 4 AS needs_upload
  FROM clients AS c, json_each(c.stock) AS s`;

/** Rows after the cursor: the rest of its client first, then the clients that follow. */
const AFTER = `(c.user, c.client) >= (?1, ?2) AND ((c.user, c.client) > (?1, ?2) OR s.value ->> 0 > ?3)`;
const ORDER = "ORDER BY c.user, c.client, ciphersuite LIMIT ?4";

/** Clients that are this badly off, and of them the ciphersuites that `condition` is about. */
const short = (shortage: number, condition: string): string =>
  `SELECT 0 AS soonest, ${FROM} WHERE c.shortage = ${shortage} AND ${AFTER} AND ${condition} ${ORDER}`;

/** Queries of ?1 user, ?2 client, ?3 ciphersuite, ?4 limit; those of `expiring` of ?5 soonest and ?6 before, too. */
const QUERIES: Readonly<Record<StockFilter, readonly string[]>> = {
  all: [`SELECT 0 AS soonest, ${FROM} WHERE c.revoked_at IS NULL AND ${AFTER} ${ORDER}`],
  low: Object.values(SHORTAGE).map((shortage) => short(shortage, "s.value ->> 4 = 1")),
  // A client with nothing for one ciphersuite may be on the last resort for another.
  last_resort_only: [SHORTAGE.lastResortOnly, SHORTAGE.exhausted].map((shortage) =>
    short(shortage, "s.value ->> 1 = 0 AND s.value ->> 2 = 1"),
  ),
  exhausted: [short(SHORTAGE.exhausted, "s.value ->> 1 = 0 AND s.value ->> 2 = 0")],
  // The soonest first: that is what the index has, and what an operator looks for.
  expiring: [
    `SELECT c.next_expiry AS soonest, ${FROM}
     WHERE c.next_expiry < ?6 AND (c.next_expiry, c.user, c.client) >= (?5, ?1, ?2)
       AND ((c.next_expiry, c.user, c.client) > (?5, ?1, ?2) OR s.value ->> 0 > ?3) AND s.value ->> 3 < ?6
     ORDER BY c.next_expiry, c.user, c.client, ciphersuite LIMIT ?4`,
  ],
};

/** The statements of a page, for one database. */
export function stockStatements(db: D1DatabaseSession, page: StockPage): D1PreparedStatement[] {
  const { user, client, ciphersuite, soonest } = page.after ?? START;
  const bound = [user, client, ciphersuite, page.limit + 1];
  const all = page.filter === "expiring" ? [...bound, soonest, page.expiringBefore] : bound;
  return QUERIES[page.filter].map((query) => db.prepare(query).bind(...all));
}

/** Stock levels in the order of user, client and ciphersuite; those that are `expiring` by when they do, first of all. */
export async function listStock(
  directory: Directory,
  page: StockPage,
): Promise<{ readonly rows: readonly StockRow[]; readonly more: boolean }> {
  const lists = await Promise.all(
    allShards(directory).map(async ({ db }) => {
      const session = db.withSession("first-unconstrained");
      return (await session.batch<Row>(stockStatements(session, page))).map(({ results }) => results.map(stockRow));
    }),
  );
  return mergePages(
    lists.flat(),
    page.limit,
    ({ user, client, ciphersuite }) => JSON.stringify([user, client, ciphersuite]),
    (a, b) =>
      a.soonest - b.soonest ||
      compareTexts(a.user, b.user) ||
      compareTexts(a.client, b.client) ||
      a.ciphersuite - b.ciphersuite,
  );
}

const stockRow = (row: Row): StockRow => ({
  user: row.user,
  client: row.client,
  version: row.version,
  ciphersuite: row.ciphersuite,
  available: row.available,
  lastResort: row.last_resort === 1,
  nextExpiry: row.next_expiry ?? undefined,
  needsUpload: row.needs_upload === 1,
  soonest: row.soonest,
});

/** Behind a prefix it is above every identifier that begins with it: no character is higher, and none fits more of them. */
const HIGHEST = "\u{10FFFF}".repeat(MAX_IDENTIFIER_BYTES / 4 + 1);

/** Users in order whose names begin with the prefix: those with a client, and those whose last one was revoked lately. */
export async function listUsers(
  directory: Directory,
  page: { readonly prefix: string; readonly after: string; readonly limit: number },
): Promise<{ readonly users: readonly string[]; readonly more: boolean }> {
  const lists = await Promise.all(
    allShards(directory).map(async ({ db }) => {
      const { results } = await db
        .withSession("first-unconstrained")
        .prepare(
          "SELECT DISTINCT user FROM clients WHERE user > ?1 AND user >= ?2 AND user < ?3 ORDER BY user LIMIT ?4",
        )
        .bind(page.after, page.prefix, page.prefix + HIGHEST, page.limit + 1)
        .all<{ user: string }>();
      return results.map(({ user }) => ({ user, version: 0 }));
    }),
  );
  const { rows, more } = mergePages(
    lists,
    page.limit,
    ({ user }) => user,
    (a, b) => compareTexts(a.user, b.user),
  );
  return { users: rows.map(({ user }) => user), more };
}
