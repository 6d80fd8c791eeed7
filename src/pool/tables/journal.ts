/** What a publisher can read about claims on a client, including claims that found no package. */
import type { Claimer, JournalEntry } from "../../contract/pool-messages.ts";

export type NewEntry = {
  readonly clientId: number;
  readonly at: number;
  readonly event: JournalEntry["event"];
  readonly ciphersuite?: number;
  readonly ref?: Uint8Array;
  readonly claimer: Claimer;
  readonly reason?: JournalEntry["reason"];
};

export function record(sql: SqlStorage, entry: NewEntry): void {
  sql.exec(
    `INSERT INTO journal (client_id, at, event, ciphersuite, ref, claimer_user, claimer_client, reason)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    entry.clientId,
    entry.at,
    entry.event,
    entry.ciphersuite ?? null,
    entry.ref ?? null,
    entry.claimer.user,
    entry.claimer.client,
    entry.reason ?? null,
  );
}

type Row = {
  sequence: number;
  at: number;
  event: JournalEntry["event"];
  ciphersuite: number | null;
  ref: ArrayBuffer | null;
  claimer_user: string;
  claimer_client: string;
  reason: NonNullable<JournalEntry["reason"]> | null;
};

/** Entries of a client after `after`, oldest first, and where the next page begins if there is one. */
export function readJournal(
  sql: SqlStorage,
  clientId: number,
  page: { readonly after: number; readonly limit: number; readonly oldestAt: number },
): { readonly entries: readonly JournalEntry[]; readonly nextAfter: number | undefined } {
  const rows = sql
    .exec<Row>(
      `SELECT sequence, at, event, ciphersuite, ref, claimer_user, claimer_client, reason FROM journal
       WHERE client_id = ? AND sequence > ? AND at >= ? ORDER BY sequence LIMIT ?`,
      clientId,
      page.after,
      page.oldestAt,
      page.limit + 1,
    )
    .toArray();
  const entries = rows.slice(0, page.limit).map((row) => ({
    sequence: row.sequence,
    at: row.at,
    event: row.event,
    ciphersuite: row.ciphersuite ?? undefined,
    keyPackageRef: row.ref ? new Uint8Array(row.ref) : undefined,
    claimer: { user: row.claimer_user, client: row.claimer_client },
    reason: row.reason ?? undefined,
  }));
  return { entries, nextAfter: rows.length > page.limit ? entries.at(-1)?.sequence : undefined };
}

/** Removes at most `chunk` entries older than `before`; returns how many. Entries are in order of time. */
export function sweepJournal(sql: SqlStorage, before: number, chunk: number): number {
  return sql
    .exec(
      `DELETE FROM journal WHERE at < ?1 AND sequence IN (SELECT sequence FROM journal ORDER BY sequence LIMIT ?2)
       RETURNING sequence`,
      before,
      chunk,
    )
    .toArray().length;
}

/** When the oldest entry was written, in unix seconds; undefined without entries. */
export function oldestEntryAt(sql: SqlStorage): number | undefined {
  return sql.exec<{ at: number }>("SELECT at FROM journal ORDER BY sequence LIMIT 1").toArray()[0]?.at;
}
