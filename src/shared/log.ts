/**
 * The lines that an operator reads, each one JSON object with a stable `event`. Never an identifier of a user, a client
 * or a package, never a token, never key material.
 */

/** Faults that were handled: a failed call that was answered with a problem, a write that waits for the alarm. */
export type WarningEvent =
  | "pool_call_failed"
  | "directory_read_failed"
  | "directory_not_ready"
  | "directory_write_failed"
  | "restore_epoch_unreadable"
  | "issuer_keys_not_fetched"
  | "operator_records_failed"
  | "audit_not_completed"
  | "event_not_delivered";

/** Unexpected faults. */
export type ErrorEvent = "fault" | "alarm_not_set" | "pool_schema_newer";

export const log = {
  info: (event: "request", members: Readonly<Record<string, unknown>>): void =>
    console.log(JSON.stringify({ event, ...members })),
  warn: (event: WarningEvent, members: Readonly<Record<string, unknown>>): void =>
    console.warn(JSON.stringify({ event, ...members })),
  error: (event: ErrorEvent, members: Readonly<Record<string, unknown>>): void =>
    console.error(JSON.stringify({ event, ...members })),
};
