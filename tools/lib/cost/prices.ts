/**
 * Public prices of Cloudflare's Workers Paid plan in USD, and limits that its documentation states. Read on 2026-11-25
 * from the pages named here; whoever runs `npm run cost` for a decision reads them again first.
 */

export const PRICES_READ_ON = "2026-11-25";

/** What is billed: its price for `per` units, and how many units the plan includes each month. */
export type Price = { readonly usd: number; readonly per: number; readonly included: number; readonly source: string };

const WORKERS = "developers.cloudflare.com/workers/platform/pricing";
const OBJECTS = "developers.cloudflare.com/durable-objects/platform/pricing";
const D1 = "developers.cloudflare.com/d1/platform/pricing";

const MILLION = 1_000_000;
const BILLION = 1_000_000_000;

export const PRICES = {
  workerRequests: { usd: 0.3, per: MILLION, included: 10 * MILLION, source: WORKERS },
  workerCpuMs: { usd: 0.02, per: MILLION, included: 30 * MILLION, source: WORKERS },
  logLines: { usd: 0.6, per: MILLION, included: 20 * MILLION, source: WORKERS },
  objectRequests: { usd: 0.15, per: MILLION, included: MILLION, source: OBJECTS },
  objectGbSeconds: { usd: 12.5, per: MILLION, included: 400_000, source: OBJECTS },
  objectRowsWritten: { usd: 1, per: MILLION, included: 50 * MILLION, source: OBJECTS },
  objectRowsRead: { usd: 0.001, per: MILLION, included: 25 * BILLION, source: OBJECTS },
  objectGbMonths: { usd: 0.2, per: 1, included: 5, source: OBJECTS },
  directoryRowsWritten: { usd: 1, per: MILLION, included: 50 * MILLION, source: D1 },
  directoryRowsRead: { usd: 0.001, per: MILLION, included: 25 * BILLION, source: D1 },
  directoryGbMonths: { usd: 0.75, per: 1, included: 5, source: D1 },
} as const satisfies Readonly<Record<string, Price>>;

export const PLAN_USD_PER_MONTH = 5;

/** A Durable Object is billed as if it held 128 MB while it runs. */
export const OBJECT_GB = 0.128;

export const GB = BILLION;

export const LIMITS = {
  /** One database (D1, limits). */
  directoryBytes: 10 * GB,
  /** All databases of an account (D1, limits). It can be raised on request. */
  directoryAccountBytes: 1_000 * GB,
  /** One write to D1: its documentation says several milliseconds, one at a time. An assumption, not a measurement. */
  directoryWriteMs: 4,
  /** A single server that is busier than this has a queue that every burst makes long. */
  directoryUtilisation: 0.6,
  /** One object (Durable Objects, limits). */
  poolBytes: 10 * GB,
  /** One object, a pool or the one with operators' records, in requests a second: the soft limit, and what it takes when each writes (Rules of Durable Objects). */
  poolRequestsPerSecond: 1_000,
  poolWritesPerSecond: [200, 500],
} as const;
