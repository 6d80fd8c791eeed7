/** Budgets of what publishers do, from the settings of the deployment. Pure. */
import type { BudgetSettings } from "../../config/settings.ts";
import { burstThen, withinWindow } from "../../shared/leaky-bucket.ts";
import { type Bucket, REFUSALS, UPLOADS } from "../tables/budgets-table.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
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

/** Of a user: registrations that change something. */
export function registrationBudget({ registrationsPerHour }: BudgetSettings): Bucket | undefined {
  return registrationsPerHour
    ? { name: "registrations", rate: withinWindow(registrationsPerHour, HOUR_MS) }
    : undefined;
}
