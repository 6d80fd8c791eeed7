/**
 * Whose package a reference names: a row for each package that was claimed with a route, until the package ends. The row
 * is in the database of its user, so that the user's erasure finds it; a reference alone is looked for in all of them.
 */
import {
  MAX_ENDED_ROUTES_PER_WRITE,
  MAX_MOVED_ROUTES,
  MAX_ROUTE_WEEKS,
  ROUTES_PER_STATEMENT,
} from "../config/limits.ts";
import { withTimeout } from "../shared/with-timeout.ts";
import { allShards, type Directory, type Shard } from "./shards.ts";

export type Route = {
  readonly ref: Uint8Array;
  readonly user: string;
  readonly client: string;
  /** When the package ends, in unix seconds. */
  readonly notAfter: number;
};

const WEEK_SECONDS = 7 * 86_400;

const weekOf = (seconds: number): number => Math.floor(seconds / WEEK_SECONDS);

/**
 * Writes the routes, two billed rows each, and deletes a few that have ended. The same route again changes nothing.
 * Rejects if a database fails; what was written stays.
 */
export async function writeRoutes(directory: Directory, routes: readonly Route[], now: number): Promise<void> {
  const byShard = Map.groupBy(routes, ({ user }) => directory.homeOf(user));
  await Promise.all([...byShard].map(([{ db }, some]) => db.batch([forgetEnded(db, now), ...inserts(db, some)])));
}

function inserts(db: D1Database, routes: readonly Route[]): D1PreparedStatement[] {
  const insert = db.prepare(
    `INSERT INTO routes (week, ref, user, client, not_after)
     SELECT value ->> 0, UNHEX(value ->> 1), value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
     ON CONFLICT (week, ref) DO NOTHING`,
  );
  const rows = routes.map(({ ref, user, client, notAfter }) => [weekOf(notAfter), ref.toHex(), user, client, notAfter]);
  return Array.from({ length: Math.ceil(rows.length / ROUTES_PER_STATEMENT) }, (_, i) =>
    insert.bind(JSON.stringify(rows.slice(i * ROUTES_PER_STATEMENT, (i + 1) * ROUTES_PER_STATEMENT))),
  );
}

const forgetEnded = (db: D1Database, now: number): D1PreparedStatement =>
  db
    .prepare(
      "DELETE FROM routes WHERE (week, ref) IN (SELECT week, ref FROM routes WHERE week < ? ORDER BY week, ref LIMIT ?)",
    )
    .bind(weekOf(now), MAX_ENDED_ROUTES_PER_WRITE);

/**
 * The routes of these references that have not ended. A table is looked into once for each week that is in it and each
 * reference. Rejects if a database fails.
 */
export async function findRoutes(
  directory: Directory,
  refs: readonly Uint8Array[],
  now: number,
): Promise<readonly Route[]> {
  const found = await Promise.all(allShards(directory).map((shard) => findIn(shard, refs, now)));
  return found.flat();
}

type Row = { ref: string; user: string; client: string; not_after: number };

async function findIn({ db }: Shard, refs: readonly Uint8Array[], now: number): Promise<Route[]> {
  const { results } = await db
    .prepare(
      `WITH RECURSIVE weeks (week) AS (
         SELECT MIN(week) FROM routes WHERE week >= ?1
         UNION ALL SELECT (SELECT MIN(week) FROM routes WHERE routes.week > weeks.week) FROM weeks
         WHERE week IS NOT NULL LIMIT ?2)
       SELECT HEX(ref) AS ref, user, client, not_after FROM weeks CROSS JOIN routes ON routes.week = weeks.week
       WHERE ref IN (SELECT UNHEX(value) FROM json_each(?3)) AND not_after > ?4`,
    )
    .bind(weekOf(now), MAX_ROUTE_WEEKS, JSON.stringify(refs.map((ref) => ref.toHex())), now)
    .all<Row>();
  return results.map(({ ref, user, client, not_after: notAfter }) => ({
    ref: Uint8Array.fromHex(ref),
    user,
    client,
    notAfter,
  }));
}

/** Where a route is among those of its user. */
export type RoutePlace = { readonly week: number; readonly ref: Uint8Array };

/** Before every route. */
export const FIRST_ROUTE: RoutePlace = { week: -1, ref: new Uint8Array() };

/** So many of them behind that one. */
type RoutePage = { readonly after: RoutePlace; readonly limit: number };

/** The routes to a user that a database has, those included that have ended, in the order of their places. */
export async function routesOf(
  db: D1Database,
  user: string,
  { after, limit }: RoutePage,
): Promise<readonly (Route & RoutePlace)[]> {
  const { results } = await db
    .withSession("first-primary")
    .prepare(
      `SELECT week, HEX(ref) AS ref, client, not_after FROM routes
       WHERE user = ?1 AND (week, ref) > (?2, UNHEX(?3)) ORDER BY week, ref LIMIT ?4`,
    )
    .bind(user, after.week, after.ref.toHex(), limit)
    .all<Omit<Row, "user"> & { week: number }>();
  return results.map(({ week, ref, client, not_after: notAfter }) => ({
    week,
    ref: Uint8Array.fromHex(ref),
    user,
    client,
    notAfter,
  }));
}

/**
 * Moves the routes of a user from one database to another. They are written there before they are deleted here: a move
 * that breaks off loses none, and is simply made again. Those that have ended at `now` (unix seconds) are only deleted.
 * Returns whether none is left, which takes several calls if there are very many. Rejects if a database fails.
 */
export async function moveRoutes(
  { from, to }: { readonly from: D1Database; readonly to: D1Database },
  user: string,
  { now, timeoutMs }: { readonly now: number; readonly timeoutMs: number },
): Promise<boolean> {
  const inTime = <T>(work: Promise<T>) => withTimeout(timeoutMs, work, () => new Error("no answer in time"));
  for (let moved = 0; moved < MAX_MOVED_ROUTES; moved += ROUTES_PER_STATEMENT) {
    const page = await inTime(routesOf(from, user, { after: FIRST_ROUTE, limit: ROUTES_PER_STATEMENT }));
    const live = page.filter(({ notAfter }) => notAfter > now);
    if (live.length > 0) await inTime(to.batch(inserts(to, live)));
    if (page.length > 0) await inTime(deleteRoutes(from, user, page).run());
    if (page.length < ROUTES_PER_STATEMENT) return true;
  }
  return false;
}

const deleteRoutes = (db: D1Database, user: string, places: readonly RoutePlace[]): D1PreparedStatement =>
  db
    .prepare(
      `DELETE FROM routes WHERE user = ?
       AND (week, ref) IN (SELECT value ->> 0, UNHEX(value ->> 1) FROM json_each(?))`,
    )
    .bind(user, JSON.stringify(places.map(({ week, ref }) => [week, ref.toHex()])));

/** Deletes every route of a user from a database. */
export const forgetRoutes = (db: D1Database, user: string): D1PreparedStatement =>
  db.prepare("DELETE FROM routes WHERE user = ?").bind(user);
