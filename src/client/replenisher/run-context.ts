/** What the steps of a run share. */
import type { Policy } from "../api-types.ts";
import type { KeyPackageDirectory } from "../key-package-directory.ts";
import type { RegistrationKey } from "../registration-body.ts";
import type { HeldPackages } from "./held-packages.ts";
import type { Maker } from "./maker.ts";
import type { StockSettings } from "./plan.ts";
import type { ReplenisherEvent } from "./replenisher-event.ts";

/** What a run has done so far, in packages. */
export type Counts = { made: number; uploaded: number; refused: number; pruned: number; deleted: number };

export type Device = {
  readonly directory: KeyPackageDirectory;
  readonly maker: Maker;
  readonly held: HeldPackages;
  readonly settings: StockSettings;
  readonly tell: (event: ReplenisherEvent) => void;
};

export type RunContext = Device & {
  readonly sliceSize: number;
  readonly takeOver: boolean;
  readonly signal: AbortSignal | undefined;
  readonly policy: Policy;
  /** The maker's. */
  readonly keys: readonly RegistrationKey[];
  readonly counts: Counts;
};
