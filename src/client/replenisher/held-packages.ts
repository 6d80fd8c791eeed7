/**
 * The packages that this client has made, as they are stored. Under each reference there are up to four values: what was
 * made and its private keys, which never change, its state, and when a Welcome used it. So that whoever deletes a package
 * does not meet whoever writes its state: a state alone is nothing.
 */
import { fromBase64Url, toBase64Url } from "../portable-base64url.ts";
import { type ClientStore, fromJson } from "../storage/client-store.ts";

/**
 * - `made`: stored here; whether it ever reached the directory is not known.
 * - `offered`: the directory hands it out.
 * - `gone`: the directory does not hand it out any more; a Welcome may still come.
 */
export type HeldState = "made" | "offered" | "gone";

/** What is known of a package without its private keys. */
export type HeldPackage = {
  /** KeyPackageRef in base64url. */
  readonly ref: string;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
  /** Unix seconds. */
  readonly notAfter: number;
  readonly madeAt: number;
  readonly keyPackage: string;
  readonly state: HeldState;
  /** When it came into this state. */
  readonly since: number;
  /** Whether a Welcome has used it. Only a last resort is kept after that. */
  readonly used: boolean;
};

export type NewPackage = Pick<HeldPackage, "ref" | "ciphersuite" | "lastResort" | "notAfter" | "madeAt"> & {
  readonly keyPackage: Uint8Array;
  readonly privateKeys: Uint8Array;
};

/** What is stored of a package when it is made, and never changes. */
export type StoredPackage = Pick<HeldPackage, "ciphersuite" | "lastResort" | "notAfter" | "madeAt" | "keyPackage">;
type StateValue = Pick<HeldPackage, "state" | "since">;
type Change = readonly [name: string, value: string | undefined];

/** A package as it was made, with its private keys. */
export type OpenedPackage = StoredPackage & { readonly bytes: Uint8Array; readonly privateKeys: Uint8Array };

export class HeldPackages {
  readonly #store: ClientStore;

  constructor(store: ClientStore) {
    this.#store = store;
  }

  /** All of them, oldest first. Private keys stay where they are. */
  async list(): Promise<readonly HeldPackage[]> {
    const [packages, states, uses] = await Promise.all([
      this.#store.list("package/"),
      this.#store.list("state/"),
      this.#store.list("used/"),
    ]);
    const held = [...packages].map(([ref, text]): HeldPackage => {
      const made = fromJson<StoredPackage>(text);
      const neverSent: StateValue = { state: "made", since: made.madeAt };
      const state = states.get(ref);
      return { ref, ...made, ...(state ? fromJson<StateValue>(state) : neverSent), used: uses.has(ref) };
    });
    return held.sort((a, b) => a.madeAt - b.madeAt);
  }

  /** A package by its reference; undefined unless both it and its private keys are stored. */
  async open(ref: string): Promise<OpenedPackage | undefined> {
    const made = await this.#store.getJson<StoredPackage>(`package/${ref}`);
    const secret = await this.#store.get(`secret/${ref}`);
    const bytes = made && fromBase64Url(made.keyPackage);
    const privateKeys = secret === undefined ? undefined : fromBase64Url(secret);
    return bytes && privateKeys && { ...made, bytes, privateKeys };
  }

  /** Stores packages together with their private keys. */
  add(packages: readonly NewPackage[]): Promise<void> {
    return this.#store.write(
      packages.flatMap(({ ref, keyPackage, privateKeys, ...rest }): Change[] => {
        const made: StoredPackage = { ...rest, keyPackage: toBase64Url(keyPackage) };
        return [
          [`secret/${ref}`, toBase64Url(privateKeys)],
          [`package/${ref}`, JSON.stringify(made)],
        ];
      }),
    );
  }

  /** Moves packages to other states and deletes others, in one step. */
  async settle(states: ReadonlyMap<string, HeldState>, deleted: readonly string[], now: number): Promise<void> {
    const moved = [...states].map(([ref, state]): Change => {
      const value: StateValue = { state, since: now };
      return [`state/${ref}`, JSON.stringify(value)];
    });
    const gone = deleted.flatMap((ref) => KINDS.map((kind): Change => [`${kind}/${ref}`, undefined]));
    if (moved.length + gone.length > 0) await this.#store.write([...moved, ...gone]);
  }

  /** A Welcome has used this one. */
  markUsed(ref: string, now: number): Promise<void> {
    return this.#store.write([[`used/${ref}`, String(now)]]);
  }
}

const KINDS = ["secret", "package", "state", "used"] as const;
