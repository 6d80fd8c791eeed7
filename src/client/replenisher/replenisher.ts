/**
 * Keeps a client's stock full. Each step can be the last one before a crash: private keys are stored before their package
 * is sent, what was sent without an answer is found again by comparing with the directory, and nothing is deleted that a
 * Welcome may still need.
 */
import type { CallOptions } from "../claims/claims.ts";
import type { KeyPackageDirectory } from "../key-package-directory.ts";
import { toBase64Url } from "../portable-base64url.ts";
import { deleteKeys } from "./expiry.ts";
import { type HeldPackage, type HeldPackages, heldPackages, type OpenedPackage } from "./held-packages.ts";
import type { Maker } from "./maker.ts";
import { endRegistration } from "./own-registration.ts";
import { DEFAULT_STOCK, mayDeleteAt, type StockSettings } from "./plan.ts";
import { type RunReport, run } from "./replenish-run.ts";
import type { ReplenisherEvent } from "./replenisher-event.ts";
import type { Device } from "./run-context.ts";

export type ReplenisherOptions = Partial<StockSettings> & {
  readonly directory: KeyPackageDirectory;
  readonly maker: Maker;
  /** How many packages are made between two breaths of the platform. */
  readonly sliceSize?: number;
  /**
   * Whether this installation may end the registration of another one under the same client, whose keys are lost: true
   * after a reinstall. Two devices that are set up as one client by mistake would end each other's.
   */
  readonly takeOver?: boolean;
  readonly onEvent?: (event: ReplenisherEvent) => void;
};

/** A package that a Welcome is addressed to, with its private keys as the maker gave them. */
export type WelcomedPackage = OpenedPackage;

export type WelcomeOutcome<T> =
  | {
      readonly found: true;
      readonly ref: string;
      readonly joined: T;
      readonly lastResort: boolean;
      /** Whether the private keys are deleted now: a one-time package has no other use. */
      readonly deleted: boolean;
      /** Unix seconds: when the next run may delete them. */
      readonly mayDeleteAt: number;
    }
  /** The Welcome is for another device, or its keys are gone. */
  | { readonly found: false };

/** When the private keys of a package may be deleted. */
export type Retention = Pick<HeldPackage, "ref" | "ciphersuite" | "lastResort" | "state" | "used"> & {
  readonly mayDeleteAt: number;
};

const SLICE_SIZE = 5;

/** The name under which the runs of a client take turns. */
const LOCK = "replenish";

export class Replenisher {
  readonly directory: KeyPackageDirectory;
  readonly maker: Maker;
  readonly held: HeldPackages;
  readonly settings: StockSettings;
  readonly #device: Device;
  readonly #options: { readonly sliceSize: number; readonly takeOver: boolean };

  constructor({
    directory,
    maker,
    sliceSize = SLICE_SIZE,
    takeOver = false,
    onEvent = () => {},
    ...stock
  }: ReplenisherOptions) {
    this.directory = directory;
    this.maker = maker;
    this.held = heldPackages(directory.store);
    this.settings = { ...DEFAULT_STOCK, ...stock };
    this.#device = { directory, maker, held: this.held, settings: this.settings, tell: onEvent };
    this.#options = { sliceSize, takeOver };
  }

  /**
   * One run: registers, compares, and fills up what is low. Call it at the start of the app, when the network is back,
   * after a Welcome, and some times a day. Throws a DirectoryError when it could not end; the next run goes on.
   */
  replenish({ signal }: CallOptions = {}): Promise<RunReport> {
    return this.directory.inTurn(LOCK, signal, () => run({ ...this.#device, ...this.#options, signal }));
  }

  /**
   * Finds the package that a Welcome is addressed to, by the references in it (`welcomeRefs`), and lets the
   * application join with its private keys. When `join` has resolved, with the group stored, the private keys of a
   * one-time package are deleted; a last resort is replaced by the next run.
   */
  async onWelcome<T>(
    refs: readonly (Uint8Array | string)[],
    join: (welcomed: WelcomedPackage) => Promise<T>,
  ): Promise<WelcomeOutcome<T>> {
    for (const one of refs) {
      const ref = typeof one === "string" ? one : toBase64Url(one);
      const opened = await this.held.open(ref);
      if (!opened) continue;
      const joined = await join(opened);
      const { lastResort, notAfter } = opened;
      const now = this.directory.now();
      if (lastResort) await this.held.markUsed(ref, now);
      else await deleteKeys(this.#device, [ref], "used");
      const at = lastResort ? notAfter + this.settings.welcomeGraceSeconds : now;
      return { found: true, ref, joined, lastResort, deleted: !lastResort, mayDeleteAt: at };
    }
    return { found: false };
  }

  /** Every package whose private keys are stored, and when they may be deleted; a run deletes them then. */
  async retention(): Promise<readonly Retention[]> {
    return (await this.held.list()).map((held) => {
      const { ref, ciphersuite, lastResort, state, used } = held;
      return { ref, ciphersuite, lastResort, state, used, mayDeleteAt: mayDeleteAt(held, this.settings) };
    });
  }

  /** Ends the registration. Private keys stay until no Welcome can be expected; the next run registers anew. */
  revoke({ signal }: CallOptions = {}): Promise<void> {
    return this.directory.inTurn(LOCK, signal, () => endRegistration(this.#device, signal));
  }
}
