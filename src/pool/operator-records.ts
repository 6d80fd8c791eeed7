/**
 * What operators did, and whom they blocked, in one object for the whole directory: D1 may be lost or set back, and is
 * written by pools. It has no method that takes a record of the trail away, so no route can.
 */
import { DurableObject } from "cloudflare:workers";
import { JWKS_STALE_MS, MAX_BLOCKED_CALLERS } from "../config/limits.ts";
import {
  ACTIVITY_LISTS,
  type Activity,
  type ActivitySpan,
  type AuditEntry,
  type AuditOutcome,
  type AuditQuery,
  type AuditRecord,
  type BlockedCaller,
  type IssuerKeyMark,
  type StandingOrders,
} from "../contract/record-messages.ts";
import type { Series, SeriesCounts, SeriesSpan } from "../contract/series-messages.ts";
import { addActivity, makeActivity, readActivity } from "./tables/operator-records/activity-table.ts";
import { completeAudit, insertAudit, makeAuditTrail, readAudits } from "./tables/operator-records/audit-table.ts";
import {
  countOtherBlocks,
  deleteBlock,
  deleteEndedBlocks,
  makeBlockedCallers,
  readBlocks,
  writeBlock,
} from "./tables/operator-records/blocked-callers-table.ts";
import {
  deleteIssuerKeyMarks,
  makeIssuerKeyMarks,
  readIssuerKeyMarks,
  writeIssuerKeyMark,
} from "./tables/operator-records/issuer-key-marks-table.ts";
import { addToSeries, makeSeries, readSeries } from "./tables/operator-records/series-table.ts";

export class OperatorRecords extends DurableObject<object> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    ctx.storage.transactionSync(() => {
      makeAuditTrail(this.#sql);
      makeBlockedCallers(this.#sql);
      makeIssuerKeyMarks(this.#sql);
      makeActivity(this.#sql);
      makeSeries(this.#sql);
    });
  }

  /** Writes down what an operator is about to do, and returns the record's number. */
  begin(entry: AuditEntry): number {
    return insertAudit(this.#sql, entry);
  }

  /** Writes down what came of it. */
  complete(id: number, outcome: AuditOutcome): void {
    completeAudit(this.#sql, id, outcome);
  }

  /** Records, the newest first. */
  trail(query: AuditQuery): readonly AuditRecord[] {
    return readAudits(this.#sql, query);
  }

  /** Blocks a user, or blocks it until another time; false if too many are blocked. */
  block(caller: BlockedCaller): boolean {
    return this.ctx.storage.transactionSync(() => {
      deleteEndedBlocks(this.#sql, caller.since);
      if (countOtherBlocks(this.#sql, caller.pool) >= MAX_BLOCKED_CALLERS) return false;
      writeBlock(this.#sql, caller);
      return true;
    });
  }

  /** Whether the user was blocked. */
  unblock(pool: string): boolean {
    return deleteBlock(this.#sql, pool);
  }

  /** Has every isolate fetch an issuer's keys that has older ones. */
  markIssuerKeys(mark: IssuerKeyMark): void {
    this.ctx.storage.transactionSync(() => {
      // Keys that are older than that serve nowhere, marked or not.
      deleteIssuerKeyMarks(this.#sql, mark.sinceMs - JWKS_STALE_MS);
      writeIssuerKeyMark(this.#sql, mark);
    });
  }

  /** Adds what an isolate has counted until `now` (unix seconds). */
  addActivity(batch: Activity, counts: SeriesCounts, now: number): void {
    this.ctx.storage.transactionSync(() => {
      if (ACTIVITY_LISTS.some((list) => batch[list].total > 0)) addActivity(this.#sql, batch, now);
      addToSeries(this.#sql, counts, now);
    });
  }

  /** Adds what is no request's: how late the directory heard of a change at `now` (unix seconds). */
  addToSeries(counts: SeriesCounts, now: number): void {
    this.ctx.storage.transactionSync(() => addToSeries(this.#sql, counts, now));
  }

  activity(span: ActivitySpan, now: number) {
    return readActivity(this.#sql, span, now);
  }

  series(span: SeriesSpan, now: number): Series {
    return readSeries(this.#sql, span, now);
  }

  orders(): StandingOrders {
    return { blocked: readBlocks(this.#sql), keyMarks: readIssuerKeyMarks(this.#sql) };
  }
}
