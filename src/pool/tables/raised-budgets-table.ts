/**
 * By how much an operator has raised the budgets of this pool, and until when: one row. The table is made with its first
 * row: it is a page of 4 KiB, which next to no user ever needs.
 */
import type { RaisedBudgets } from "../../contract/operator-messages.ts";

/** Of a pool that has the table. What is over is still there: whoever reads compares with the clock. */
export function readRaised(sql: SqlStorage): RaisedBudgets | undefined {
  return sql.exec<{ factor: number; until: number }>("SELECT factor, until FROM raised_budgets").toArray()[0];
}

export function writeRaised(sql: SqlStorage, { factor, until }: RaisedBudgets): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS raised_budgets (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      factor INTEGER NOT NULL,
      until INTEGER NOT NULL
    ) STRICT`,
  );
  sql.exec(
    `INSERT INTO raised_budgets (id, factor, until) VALUES (1, ?1, ?2)
     ON CONFLICT (id) DO UPDATE SET factor = ?1, until = ?2`,
    factor,
    until,
  );
}
