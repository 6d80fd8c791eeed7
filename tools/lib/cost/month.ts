/** A month of so many devices with stated habits, from what one operation uses. Pure. */
import { type Bill, monthlyBill, sum, times, type Usage } from "./usage.ts";

/** What a directory's devices do in a month of thirty days. These are assumptions: a deployment puts its own here. */
export const HABITS = {
  devicesPerUser: 2,
  /** Of all devices: they were stocked once and do nothing. */
  idleShare: 0.3,
  /** Uploads of 100 packages for each active device. */
  uploads: 1,
  /** Times that an active device looks at its inventory: once a day. */
  inventories: 30,
  /** Claims on each active user; each takes a package of each of its devices, so 40 are left of an upload for waste. */
  claims: 60,
  /** Of the claims: those that come with a key, those that come in a bulk claim of ten users, and those that are repeated. */
  keyedShare: 0.9,
  bulkShare: 0.5,
  replayShare: 0.02,
  /**
   * Requests that an isolate answers in a minute in which it answers any: one per second. How many isolates serve is the
   * platform's business, and each location has its own, so this is the weakest of these assumptions.
   */
  requestsPerIsolateMinute: 60,
  /** How much busier the busiest hour is than the mean. */
  peakFactor: 3,
};

export type Habits = Readonly<typeof HABITS>;

const MONTH_SECONDS = 30 * 24 * 3_600;
export const BULK_USERS = 10;

/** What one of each uses, over its whole life: what is cleaned up later included. */
export type UsageOfOne = {
  readonly publish: Usage;
  readonly cleanup: Usage;
  /** Of a user of two devices. */
  readonly claimWithKey: Usage;
  readonly claimWithoutKey: Usage;
  /** Of ten users of two devices each. */
  readonly bulkClaim: Usage;
  readonly replay: Usage;
  readonly inventory: Usage;
  /** What telling the directory adds when a device runs low: once for each upload. */
  readonly crossing: Usage;
  /** What an isolate tells the object that keeps operators' records, and asks of it, in a minute in which it serves. */
  readonly isolateMinute: Usage;
  /** A device's stock, and its row in the directory, for a month. */
  readonly storedDevice: Usage;
};

/** How often each thing happens in a month, over all devices. */
export type Counts = {
  readonly uploads: number;
  /** Packages claimed from a user, alone or among others. */
  readonly claims: number;
  readonly singleClaims: number;
  readonly bulkClaims: number;
  readonly replays: number;
  readonly inventories: number;
  /** For an upload, for a device that runs low, and for the end of a batch: one each. */
  readonly directoryWrites: number;
  /** To the Worker. */
  readonly requests: number;
  readonly isolateMinutes: number;
};

export function countsOf(devices: number, habits: Habits = HABITS): Counts {
  const active = devices * (1 - habits.idleShare);
  const uploads = active * habits.uploads;
  const claims = (active / habits.devicesPerUser) * habits.claims;
  const singleClaims = claims * (1 - habits.bulkShare);
  const bulkClaims = (claims * habits.bulkShare) / BULK_USERS;
  const replays = claims * habits.replayShare;
  const inventories = active * habits.inventories;
  const requests = uploads + singleClaims + bulkClaims + replays + inventories;
  return {
    uploads,
    claims,
    singleClaims,
    bulkClaims,
    replays,
    inventories,
    directoryWrites: 3 * uploads,
    requests,
    isolateMinutes: requests / habits.requestsPerIsolateMinute,
  };
}

/** In the busiest hour. */
export const peakPerSecond = (countOfMonth: number, habits: Habits = HABITS): number =>
  (countOfMonth * habits.peakFactor) / MONTH_SECONDS;

export type Month = { readonly devices: number; readonly counts: Counts; readonly usage: Usage; readonly bill: Bill };

export function monthOf(devices: number, one: UsageOfOne, habits: Habits = HABITS): Month {
  const counts = countsOf(devices, habits);
  const { uploads, singleClaims, bulkClaims, replays, inventories, isolateMinutes } = counts;
  const usage = sum(
    times(one.publish, uploads),
    times(one.cleanup, uploads),
    times(one.crossing, uploads),
    times(one.claimWithKey, singleClaims * habits.keyedShare),
    times(one.claimWithoutKey, singleClaims * (1 - habits.keyedShare)),
    times(one.bulkClaim, bulkClaims),
    times(one.replay, replays),
    times(one.inventory, inventories),
    times(one.isolateMinute, isolateMinutes),
    times(one.storedDevice, devices),
  );
  return { devices, counts, usage, bill: monthlyBill(usage) };
}
