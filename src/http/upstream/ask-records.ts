/** The object that keeps what operators did, as the Worker calls it: bounded in time, and its failure is a refusal. */
import { OPERATOR_RECORDS_TIMEOUT_MS, UNAVAILABLE_RETRY_AFTER_SECONDS } from "../../config/limits.ts";
import type {
  Activity,
  ActivitySpan,
  AuditEntry,
  AuditOutcome,
  AuditQuery,
  AuditRecord,
  BlockedCaller,
  IssuerKeyMark,
  StandingOrders,
} from "../../contract/record-messages.ts";
import type { Series, SeriesCounts, SeriesSpan } from "../../contract/series-messages.ts";
import { type RecordsPlacement, recordsOf } from "../../pool/address.ts";
import { log } from "../../shared/log.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";

/** The methods of the object as they are over RPC: plain values. */
type RemoteRecords = {
  readonly begin: (entry: AuditEntry) => Promise<number>;
  readonly complete: (id: number, outcome: AuditOutcome) => Promise<void>;
  readonly trail: (query: AuditQuery) => Promise<readonly AuditRecord[]>;
  readonly block: (caller: BlockedCaller) => Promise<boolean>;
  readonly unblock: (pool: string) => Promise<boolean>;
  readonly markIssuerKeys: (mark: IssuerKeyMark) => Promise<void>;
  readonly addActivity: (batch: Activity, counts: SeriesCounts, now: number) => Promise<void>;
  readonly activity: (
    span: ActivitySpan,
    now: number,
  ) => Promise<{ readonly since: number; readonly activity: Activity }>;
  readonly series: (span: SeriesSpan, now: number) => Promise<Series>;
  readonly orders: () => Promise<StandingOrders>;
};

/** What the object answered, or `operator_records_unavailable`. A write that was too late may still take effect. */
export async function askRecords<T>(
  env: RecordsPlacement,
  ask: (records: RemoteRecords) => Promise<T>,
): Promise<Result<T>> {
  try {
    const late = () => new Error("no answer in time");
    // A stub for each call: one that has failed once stays broken.
    const asked = Promise.resolve().then(() => ask(recordsOf(env) as unknown as RemoteRecords));
    return ok(await withTimeout(OPERATOR_RECORDS_TIMEOUT_MS, asked, late));
  } catch (error) {
    log.warn("operator_records_failed", { reason: String(error) });
    const detail = `expected an answer of the object that keeps operators' records within ${OPERATOR_RECORDS_TIMEOUT_MS} ms, got none`;
    return refuse("operator_records_unavailable", detail, { retryAfterSeconds: UNAVAILABLE_RETRY_AFTER_SECONDS });
  }
}
