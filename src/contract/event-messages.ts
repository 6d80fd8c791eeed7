/** What a deployment's backend is told about a client's stock. docs/events.md shows each. */

/**
 * `low`: one package fewer than the watermark is left. `exhausted`: none is. `expiring`: what does not expire soon is
 * below the watermark, or has no last resort. `last_resort.used`: it was given for the first time.
 */
export type EventType = "key_packages.low" | "key_packages.exhausted" | "key_packages.expiring" | "last_resort.used";

export type EventCause = "claim" | "expiry" | "restore";

/** An event that waits to be delivered. Times are unix seconds. */
export type StockEvent = {
  /** The same at every attempt: a receiver knows by it what it has had. */
  readonly id: string;
  /** Grows with each event of the user. */
  readonly sequence: number;
  readonly type: EventType;
  readonly cause: EventCause;
  readonly client: string;
  readonly ciphersuite: number;
  readonly at: number;
  /** Usable one-time packages when it happened. */
  readonly available: number;
  readonly lastResort: boolean;
  /** Null with nothing in stock. */
  readonly nextExpiry: number | null;
  /** Of `expiring` alone: how many one-time packages are left at `by` of those that are in stock now. */
  readonly expiring?: { readonly by: number; readonly left: number };
  /** How often it was tried in vain. */
  readonly attempts: number;
  /** How often of these its receiver said that it would not take it later either; absent for never. */
  readonly rejections?: number;
};
