/**
 * The packages that this client has made, as they are stored. Under each reference there are up to four values: what was
 * made and its private keys, which never change, its state, and when a Welcome used it. So that whoever deletes a package
 * does not meet whoever writes its state: a state alone is nothing.
 */
import { fromBase64Url, toBase64Url } from "../base64url.ts";
import { asDirectoryError } from "../directory-error.ts";
import type { Storage } from "../storage/storage.ts";

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
type Change = ReadonlyMap<string, string | undefined>;

export class HeldPackages {
  readonly #storage: Storage;
  readonly #prefix: string;

  constructor(storage: Storage, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  /** All of them, oldest first. Private keys stay where they are. */
  async list(): Promise<readonly HeldPackage[]> {
    const [packages, states, uses] = await Promise.all([
      this.#list("package"),
      this.#list("state"),
      this.#list("used"),
    ]);
    const held = [...packages].map(([ref, text]): HeldPackage => {
      const made = JSON.parse(text) as StoredPackage;
      const state = states.get(ref);
      const { state: value, since } = state ? (JSON.parse(state) as StateValue) : NEVER_SENT;
      return { ref, ...made, state: value, since: since ?? made.madeAt, used: uses.has(ref) };
    });
    return held.sort((a, b) => a.madeAt - b.madeAt);
  }

  /** The private keys of a package, if they are stored. */
  async privateKeys(ref: string): Promise<Uint8Array | undefined> {
    const text = await reading(() => this.#storage.get(this.#key("secret", ref)));
    return text === undefined ? undefined : fromBase64Url(text);
  }

  /** A package by its reference, as it was made. */
  async keyPackage(ref: string): Promise<(StoredPackage & { readonly bytes: Uint8Array }) | undefined> {
    const text = await reading(() => this.#storage.get(this.#key("package", ref)));
    if (text === undefined) return undefined;
    const made = JSON.parse(text) as StoredPackage;
    const bytes = fromBase64Url(made.keyPackage);
    return bytes && { ...made, bytes };
  }

  /** Stores packages together with their private keys. */
  add(packages: readonly NewPackage[]): Promise<void> {
    const changes = new Map<string, string | undefined>();
    for (const { ref, keyPackage, privateKeys, ...rest } of packages) {
      const made: StoredPackage = { ...rest, keyPackage: toBase64Url(keyPackage) };
      changes.set(this.#key("secret", ref), toBase64Url(privateKeys));
      changes.set(this.#key("package", ref), JSON.stringify(made));
    }
    return this.#write(changes);
  }

  /** Moves packages to other states and deletes others, in one step. */
  settle(states: ReadonlyMap<string, HeldState>, deleted: readonly string[], now: number): Promise<void> {
    const changes = new Map<string, string | undefined>();
    for (const [ref, state] of states) {
      const value: StateValue = { state, since: now };
      changes.set(this.#key("state", ref), JSON.stringify(value));
    }
    for (const ref of deleted) {
      for (const kind of KINDS) changes.set(this.#key(kind, ref), undefined);
    }
    return changes.size === 0 ? Promise.resolve() : this.#write(changes);
  }

  /** A Welcome has used this one. */
  markUsed(ref: string, now: number): Promise<void> {
    return this.#write(new Map([[this.#key("used", ref), String(now)]]));
  }

  #key(kind: (typeof KINDS)[number], ref: string): string {
    return `${this.#prefix}${kind}/${ref}`;
  }

  async #list(kind: (typeof KINDS)[number]): Promise<Map<string, string>> {
    const prefix = this.#key(kind, "");
    const found = await reading(() => this.#storage.list(prefix));
    return new Map([...found].map(([key, value]) => [key.slice(prefix.length), value]));
  }

  async #write(changes: Change): Promise<void> {
    try {
      await this.#storage.write(changes);
    } catch (cause) {
      throw asDirectoryError(cause, "storage_failed", "a write was not stored");
    }
  }
}

const KINDS = ["secret", "package", "state", "used"] as const;
const NEVER_SENT = { state: "made", since: undefined } as const;

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw asDirectoryError(cause, "storage_failed", "storage could not be read");
  }
}
