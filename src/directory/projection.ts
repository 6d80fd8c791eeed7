/**
 * Writing to the directory. Each row is the snapshot of a client at some version of its pool: an older snapshot never
 * overwrites a newer one, and the same snapshot twice changes nothing, so a pool may repeat a write whose answer was
 * lost, and one that arrives late does no harm.
 */
import { DIRECTORY_CONCURRENT_WRITES } from "../config/limits.ts";
import { mapConcurrent } from "../shared/map-concurrent.ts";
import { withTimeout } from "../shared/with-timeout.ts";
import { type ClientSnapshot, columnsOf } from "./client-row.ts";
import { forgetRoutes } from "./routes.ts";

/** `gone`: the client was revoked long ago, and its pool forgets it. */
export type ClientNews =
  | { readonly kind: "snapshot"; readonly snapshot: ClientSnapshot }
  | { readonly kind: "gone"; readonly client: string };

export type UserNews = {
  readonly user: string;
  /** Above that of every earlier write of this user. */
  readonly version: number;
  /** Unix seconds. */
  readonly updatedAt: number;
  readonly clients: readonly ClientNews[];
};

export type Written = {
  /** Names of the clients of which the database has the news. */
  readonly delivered: ReadonlySet<string>;
  /** The first error; undefined if all were delivered. */
  readonly error: unknown;
  /** Whether the database gave no answer in time, so that it is better left alone for a while. */
  readonly isSilent: boolean;
};

const nameOf = (news: ClientNews): string => (news.kind === "gone" ? news.client : news.snapshot.client);

/**
 * Writes the news, in one request if it can. If the database refuses that, each client has a request of its own, so
 * that a row that cannot be written holds no other back. Never throws.
 */
export async function writeNews(db: D1Database, news: UserNews, timeoutMs: number): Promise<Written> {
  const statements = news.clients.map((client) => ({
    client: nameOf(client),
    statement: statementOf(db, news, client),
  }));
  const late = new Error("no answer in time");
  let error: unknown;
  const delivered = new Set<string>();
  const send = async (some: typeof statements): Promise<void> => {
    // What has fallen silent is not asked again.
    if (error === late) return;
    try {
      // Within the try: a database that is out of order may fail at once.
      const sending = Promise.resolve().then(() => db.batch(some.map(({ statement }) => statement)));
      await withTimeout(timeoutMs, sending, () => late);
      for (const { client } of some) delivered.add(client);
    } catch (cause) {
      error = error === late ? late : cause;
    }
  };
  if (statements.length > 0) await send(statements);
  if (error === undefined || error === late || statements.length === 1) {
    return { delivered, error, isSilent: error === late };
  }
  error = undefined;
  await mapConcurrent(statements, DIRECTORY_CONCURRENT_WRITES, (statement) => send([statement]));
  return { delivered, error, isSilent: error === late };
}

function statementOf(db: D1Database, { user, version, updatedAt }: UserNews, news: ClientNews): D1PreparedStatement {
  if (news.kind === "gone") {
    // A client of that name that has registered again since then has a newer version.
    return db
      .prepare("DELETE FROM clients WHERE user = ? AND client = ? AND revoked_at IS NOT NULL AND version < ?")
      .bind(user, news.client, version);
  }
  const { snapshot } = news;
  const columns = columnsOf(snapshot);
  return db
    .prepare(
      `INSERT INTO clients (user, client, version, updated_at, registered_at, revoked_at, signature_keys, stock,
         capabilities, next_expiry, shortage)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
       ON CONFLICT (user, client) DO UPDATE SET version = ?3, updated_at = ?4, registered_at = ?5, revoked_at = ?6,
         signature_keys = ?7, stock = ?8, capabilities = ?9, next_expiry = ?10, shortage = ?11
         WHERE ?3 > version`,
    )
    .bind(
      user,
      snapshot.client,
      version,
      updatedAt,
      snapshot.registeredAt,
      snapshot.revokedAt ?? null,
      columns.signature_keys,
      columns.stock,
      columns.capabilities,
      columns.next_expiry,
      columns.shortage,
    );
}

/** Deletes all that a database has of a user: clients, and routes to them. Throws if the database fails. */
export async function removeUser(db: D1Database, user: string, timeoutMs: number): Promise<void> {
  const clients = db.prepare("DELETE FROM clients WHERE user = ?").bind(user);
  await withTimeout(timeoutMs, db.batch([clients, forgetRoutes(db, user)]), () => new Error("no answer in time"));
}

/** Deletes what a database has of a user from before `version`. Throws if the database fails. */
export async function removeOlder(db: D1Database, user: string, version: number, timeoutMs: number): Promise<void> {
  const removing = db.prepare("DELETE FROM clients WHERE user = ? AND version < ?").bind(user, version).run();
  await withTimeout(timeoutMs, removing, () => new Error("no answer in time"));
}
