/**
 * The packages that this client has made, as they are stored. Under each reference there are up to four values: what was
 * made and its private keys, which never change, its state, and when a Welcome used it. So that whoever deletes a package
 * does not meet whoever writes its state: a state alone is nothing.
 */
import { fromBase64Url, toBase64Url } from "../portable-base64url.ts";
import type { ClientStore } from "../storage/client-store.ts";

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
type Change = readonly [name: string, value: unknown];

/** A package as the maker gave it, with its private keys. */
export type OpenedPackage = Omit<NewPackage, "madeAt">;

export type HeldPackages = {
  /** All of them, oldest first. Private keys stay where they are. */
  readonly list: () => Promise<readonly HeldPackage[]>;
  /** A package by its reference; undefined unless both it and its private keys are stored. */
  readonly open: (ref: string) => Promise<OpenedPackage | undefined>;
  /** Stores packages together with their private keys. */
  readonly add: (packages: readonly NewPackage[]) => Promise<readonly HeldPackage[]>;
  /** Moves packages to other states and deletes others, in one step. */
  readonly settle: (states: ReadonlyMap<string, HeldState>, deleted: readonly string[], now: number) => Promise<void>;
  /** A Welcome has used this one. */
  readonly markUsed: (ref: string, now: number) => Promise<void>;
};

export function heldPackages(store: ClientStore): HeldPackages {
  return {
    list: async () => {
      const [packages, states, uses] = await Promise.all([
        store.list<StoredPackage>("package/"),
        store.list<StateValue>("state/"),
        store.list("used/"),
      ]);
      return Array.from(packages, ([ref, made]) => held(ref, made, states.get(ref), uses.has(ref))).sort(
        (a, b) => a.madeAt - b.madeAt,
      );
    },

    open: async (ref) => {
      const made = await store.get<StoredPackage>(`package/${ref}`);
      const keyPackage = fromBase64Url(made?.keyPackage);
      const secret = await store.get<string>(`secret/${ref}`);
      const privateKeys = fromBase64Url(secret);
      return made && keyPackage && privateKeys && { ...made, ref, keyPackage, privateKeys };
    },

    add: async (packages) => {
      const changes: Change[] = [];
      const added = packages.map(({ ref, privateKeys, ...rest }) => {
        const made: StoredPackage = { ...rest, keyPackage: toBase64Url(rest.keyPackage) };
        changes.push([`secret/${ref}`, toBase64Url(privateKeys)], [`package/${ref}`, made]);
        return held(ref, made);
      });
      await store.write(changes);
      return added;
    },

    settle: async (states, deleted, now) => {
      const changes: Change[] = [
        ...Array.from(states, ([ref, state]): Change => [`state/${ref}`, { state, since: now }]),
        ...deleted.flatMap((ref) => KINDS.map((kind): Change => [`${kind}/${ref}`, undefined])),
      ];
      if (changes.length > 0) await store.write(changes);
    },

    markUsed: (ref, now) => store.write([[`used/${ref}`, now]]),
  };
}

/** A package without a state was never sent, as far as is known. */
const held = (ref: string, made: StoredPackage, state?: StateValue, used = false): HeldPackage => ({
  ref,
  state: "made",
  since: made.madeAt,
  used,
  ...made,
  ...state,
});

export const refsOf = (packages: readonly HeldPackage[]): readonly string[] => packages.map(({ ref }) => ref);

const KINDS = ["secret", "package", "state", "used"] as const;
