/**
 * What operators changed: one row for each change, written before it is made, and completed after it. Rows are never
 * deleted, and nothing here could. No index beyond the one by target: a trail is read from its end.
 */
import type { AuditEntry, AuditOutcome, AuditQuery, AuditRecord } from "../../../contract/record-messages.ts";

type Row = {
  id: number;
  at: number;
  actor_user: string;
  actor_client: string | null;
  operation: string;
  target: string | null;
  why: string;
  request_id: string;
  ended_at: number | null;
  status: number | null;
  code: string | null;
  outcomes: string | null;
};

export function makeAuditTrail(sql: SqlStorage): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS audit_trail (
      id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      actor_user TEXT NOT NULL,
      actor_client TEXT,
      operation TEXT NOT NULL,
      target TEXT,
      why TEXT NOT NULL,
      request_id TEXT NOT NULL,
      ended_at INTEGER,
      status INTEGER,
      code TEXT,
      outcomes TEXT
    ) STRICT`,
  );
  sql.exec("CREATE INDEX IF NOT EXISTS audit_trail_target ON audit_trail (target, id) WHERE target IS NOT NULL");
}

/** Returns its number. */
export function insertAudit(sql: SqlStorage, { at, actor, operation, target, why, requestId }: AuditEntry): number {
  return sql
    .exec<{ id: number }>(
      `INSERT INTO audit_trail (at, actor_user, actor_client, operation, target, why, request_id)
       VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      at,
      actor.user,
      actor.client ?? null,
      operation,
      target ?? null,
      why,
      requestId,
    )
    .one().id;
}

/** A record is completed once; what it says then stays. */
export function completeAudit(sql: SqlStorage, id: number, { at, status, code, outcomes }: AuditOutcome): void {
  sql.exec(
    "UPDATE audit_trail SET ended_at = ?, status = ?, code = ?, outcomes = ? WHERE id = ? AND ended_at IS NULL",
    at,
    status,
    code ?? null,
    JSON.stringify(outcomes),
    id,
  );
}

/** The newest first. */
export function readAudits(sql: SqlStorage, { before, limit, target }: AuditQuery): readonly AuditRecord[] {
  const from = before ?? Number.MAX_SAFE_INTEGER;
  const rows =
    target === undefined
      ? sql.exec<Row>("SELECT * FROM audit_trail WHERE id < ? ORDER BY id DESC LIMIT ?", from, limit)
      : sql.exec<Row>(
          "SELECT * FROM audit_trail WHERE target = ? AND id < ? ORDER BY id DESC LIMIT ?",
          target,
          from,
          limit,
        );
  return rows.toArray().map(fromRow);
}

const fromRow = (row: Row): AuditRecord => ({
  id: row.id,
  at: row.at,
  actor: { user: row.actor_user, client: row.actor_client ?? undefined },
  operation: row.operation,
  target: row.target ?? undefined,
  why: row.why,
  requestId: row.request_id,
  outcome:
    row.ended_at === null
      ? undefined
      : {
          at: row.ended_at,
          status: row.status ?? 0,
          code: row.code ?? undefined,
          outcomes: JSON.parse(row.outcomes ?? "{}") as Record<string, number>,
        },
});
