/** Budgets of what publishers do, from the settings of the deployment. Pure. */
import type { BudgetSettings } from "../../../config/settings.ts";
import type { PublishCode } from "../../../contract/publish-messages.ts";
import { burstThen, withinWindow } from "../../../shared/leaky-bucket.ts";
import { HOUR_MS } from "../../../shared/time.ts";
import { type Bucket, REFUSALS, UPLOADS } from "../../tables/budgets-table.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;

/** Of a client: its refused packages and its stored ones; and what all clients of the user store together. */
export type UploadBudgets = {
  readonly refusals: Bucket | undefined;
  readonly uploads: Bucket | undefined;
  readonly userUploads: Bucket | undefined;
};

export function uploadBudgets(settings: BudgetSettings): UploadBudgets {
  const { refusalsPerMinute, uploadsPerDay, userUploadsPerDay } = settings;
  return {
    // All of a minute at once: two full batches of a client that has made a mistake are told what it was.
    refusals: refusalsPerMinute
      ? { name: REFUSALS, rate: burstThen(refusalsPerMinute, refusalsPerMinute, MINUTE_MS) }
      : undefined,
    uploads: uploadsPerDay ? { name: UPLOADS, rate: withinWindow(uploadsPerDay, DAY_MS) } : undefined,
    userUploads: userUploadsPerDay ? { name: UPLOADS, rate: withinWindow(userUploadsPerDay, DAY_MS) } : undefined,
  };
}

/** What the packages of an upload count as, by the pool's codes for them. */
export type UploadCounts = {
  /** Against the budgets of uploads: what is remembered, a last resort too that a later one of the upload has replaced. */
  readonly stored: number;
  /** Against the budget of refusals: what was checked for nothing. A duplicate is a repetition, and free. */
  readonly checkedInVain: number;
};

/** Nothing of a replacement that was not applied is stored, so all of it was checked in vain. */
export function countCodes(codes: readonly PublishCode[], applied: boolean): UploadCounts {
  if (!applied) return { stored: 0, checkedInVain: codes.length };
  const stored = codes.filter((code) => code === "stored" || code === "last_resort_superseded").length;
  const duplicates = codes.filter((code) => code === "duplicate").length;
  return { stored, checkedInVain: codes.length - stored - duplicates };
}

/** Of a user: registrations that change something. */
export function registrationBudget({ registrationsPerHour }: BudgetSettings): Bucket | undefined {
  return registrationsPerHour
    ? { name: "registrations", rate: withinWindow(registrationsPerHour, HOUR_MS) }
    : undefined;
}
