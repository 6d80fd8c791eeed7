/**
 * Events that wait to be delivered, and which expiries were told: one row, as a row is what costs. The table is made with
 * its first event: a deployment without events, and a user of whom nothing is told, have none.
 */

import type { StockEvent } from "../../contract/event-messages.ts";
import { hasTable } from "./has-table.ts";

export type EventRow = {
  /** When they are next to be sent, in unix milliseconds; undefined with nothing to send. */
  readonly dueMs: number | undefined;
  /** Of the newest event there was. */
  readonly sequence: number;
  /** In the order in which they happened. */
  readonly pending: readonly StockEvent[];
  /** Of packages that expire until then (unix seconds) the backend was told, by client id. */
  readonly toldUntil: Readonly<Record<string, number>>;
};

type Row = { due_ms: number | null; sequence: number; pending: string; told_until: string };

const NONE: EventRow = { dueMs: undefined, sequence: 0, pending: [], toldUntil: {} };

export function readEvents(sql: SqlStorage): EventRow {
  if (!hasTable(sql, "events")) return NONE;
  const [row] = sql.exec<Row>("SELECT due_ms, sequence, pending, told_until FROM events WHERE id = 1").toArray();
  if (!row) return NONE;
  return {
    dueMs: row.due_ms ?? undefined,
    sequence: row.sequence,
    pending: JSON.parse(row.pending) as StockEvent[],
    toldUntil: JSON.parse(row.told_until) as Record<string, number>,
  };
}

/** Writes all of it, one row. */
export function writeEvents(sql: SqlStorage, row: EventRow): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS events (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      due_ms INTEGER,
      sequence INTEGER NOT NULL,
      pending TEXT NOT NULL,
      told_until TEXT NOT NULL
    ) STRICT`,
  );
  sql.exec(
    `INSERT INTO events (id, due_ms, sequence, pending, told_until) VALUES (1, ?1, ?2, ?3, ?4)
     ON CONFLICT (id) DO UPDATE SET due_ms = ?1, sequence = ?2, pending = ?3, told_until = ?4`,
    row.dueMs ?? null,
    row.sequence,
    JSON.stringify(row.pending),
    JSON.stringify(row.toldUntil),
  );
}
