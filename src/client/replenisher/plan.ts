/** What a run has to do, from what is known: a pure decision. Times are unix seconds by the directory's clock. */
import type { Inventory, Policy } from "../api-types.ts";
import type { HeldPackage, HeldState } from "./held-packages.ts";

export type StockSettings = {
  /** How many one-time packages of each suite to offer; by default what the directory's policy says. */
  readonly target: number | undefined;
  /** Below this many a suite is filled up; by default what the policy says. */
  readonly lowWatermark: number | undefined;
  /** Whether to offer a last resort of each suite. */
  readonly lastResort: boolean;
  readonly lifetimeSeconds: number;
  /** A package that expires within this time is replaced. */
  readonly renewBeforeSeconds: number;
  /** A last resort is replaced at this age, used or not. */
  readonly lastResortMaxAgeSeconds: number;
  /** How long after its expiry a Welcome to a package may still come. */
  readonly welcomeGraceSeconds: number;
  /** How long after its replacement a Welcome to a last resort may still come. */
  readonly lastResortGraceSeconds: number;
};

const DAY = 86_400;

export const DEFAULT_STOCK: StockSettings = {
  target: undefined,
  lowWatermark: undefined,
  lastResort: true,
  lifetimeSeconds: 30 * DAY,
  renewBeforeSeconds: 7 * DAY,
  lastResortMaxAgeSeconds: 14 * DAY,
  welcomeGraceSeconds: 7 * DAY,
  lastResortGraceSeconds: 14 * DAY,
};

/** A package to be made. */
export type Order = { readonly ciphersuite: number; readonly lastResort: boolean };

export type Rotation = { readonly ciphersuite: number; readonly reason: "used" | "age" | "expiry" | "missing" };

export type Plan = {
  /** Made earlier and never confirmed: sent first. */
  readonly upload: readonly HeldPackage[];
  readonly make: readonly Order[];
  readonly rotations: readonly Rotation[];
  /** Suites of the maker that the directory does not accept. */
  readonly refusedSuites: readonly number[];
};

export type PlanInput = {
  readonly now: number;
  readonly ciphersuites: readonly number[];
  readonly policy: Pick<Policy, "ciphersuites" | "stock" | "lifetime">;
  readonly inventory: Inventory;
  readonly held: readonly HeldPackage[];
  readonly settings: StockSettings;
  /** Whether an earlier run ended before it had filled up what was low. */
  readonly isUnfinished: boolean;
};

export function planRun({ now, ciphersuites, policy, inventory, held, settings, isUnfinished }: PlanInput): Plan {
  const upload: HeldPackage[] = [];
  const make: Order[] = [];
  const rotations: Rotation[] = [];
  const refusedSuites: number[] = [];
  const { cap } = policy.stock;
  const target = Math.min(settings.target ?? policy.stock.target, cap);
  const lowWatermark = Math.min(settings.lowWatermark ?? policy.stock.low_watermark, target);
  // Never more than half of a lifetime, or what is made now would be due for renewal at once.
  const { notAfter: farthest } = lifetimeFrom(now, settings, policy.lifetime);
  const renewAt = Math.min(now + settings.renewBeforeSeconds, Math.floor((now + farthest) / 2));
  for (const ciphersuite of ciphersuites) {
    if (!policy.ciphersuites.includes(ciphersuite)) {
      refusedSuites.push(ciphersuite);
      continue;
    }
    const ours = (state: HeldState, lastResort: boolean) =>
      held.filter((one) => one.ciphersuite === ciphersuite && one.state === state && one.lastResort === lastResort);
    const fresh = (state: HeldState, lastResort: boolean) =>
      ours(state, lastResort).filter(({ notAfter }) => notAfter > renewAt);
    const reason = settings.lastResort && rotationReason(ours("offered", true).at(-1), now, renewAt, settings);
    if (reason) {
      rotations.push({ ciphersuite, reason });
      const ready = fresh("made", true).find(({ used }) => !used);
      if (ready) upload.push(ready);
      else make.push({ ciphersuite, lastResort: true });
    }
    const stock = inventory.find((suite) => suite.ciphersuite === ciphersuite);
    const offered = fresh("offered", false).length;
    const room = Math.max(0, Math.min(target - offered, cap - (stock?.available ?? 0)));
    const ready = fresh("made", false).slice(0, room);
    upload.push(...ready);
    if (offered > 0 && offered >= lowWatermark && !isUnfinished) continue;
    for (let missing = room - ready.length; missing > 0; missing--) make.push({ ciphersuite, lastResort: false });
  }
  return { upload, make, rotations, refusedSuites };
}

/** Why the suite needs another last resort than the one that is offered; undefined if that one stays. */
function rotationReason(
  current: HeldPackage | undefined,
  now: number,
  renewAt: number,
  { lastResortMaxAgeSeconds }: StockSettings,
): Rotation["reason"] | undefined {
  if (!current) return "missing";
  if (current.used) return "used";
  if (current.notAfter <= renewAt) return "expiry";
  return now - current.madeAt >= lastResortMaxAgeSeconds ? "age" : undefined;
}

/** From when on no Welcome to the package can be expected, so that its private keys may be deleted. */
export function mayDeleteAt(held: HeldPackage, settings: StockSettings): number {
  const expiry = held.notAfter + settings.welcomeGraceSeconds;
  if (held.state !== "gone" || !held.lastResort) return expiry;
  return Math.min(expiry, held.since + settings.lastResortGraceSeconds);
}

/** The lifetime of a package that is made now, within what the directory accepts. */
export function lifetimeFrom(
  now: number,
  settings: StockSettings,
  { max_total_seconds }: Policy["lifetime"],
): { readonly notBefore: number; readonly notAfter: number } {
  const most = max_total_seconds ?? Number.POSITIVE_INFINITY;
  // For devices whose clocks are behind.
  const before = Math.min(3_600, Math.floor(most / 2));
  return { notBefore: now - before, notAfter: now + Math.min(settings.lifetimeSeconds, most - before) };
}
