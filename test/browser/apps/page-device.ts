/** A device whose stock is in the IndexedDB of its page, and whose steps the test may watch, hold up, or end. */
import {
  indexedDbStorage,
  KeyPackageDirectory,
  libraryMaker,
  Replenisher,
  type Scope,
  type Storage,
  selfCheck,
} from "../../../src/client/index.ts";
import { BasicCredential, nobleCrypto, SignatureKeyPair, SignatureScheme } from "../../../src/mls/index.ts";

/** Of the test: a page gets its tokens from its own backend. */
declare function tokenFor(user: string, scope: Scope): Promise<string>;
/** Of the test: called after each step that changes something. It may never resolve. */
declare function atStep(step: string): Promise<void>;

/** The part of IndexedDB that tells how durable a transaction is. */
declare const IDBDatabase: {
  readonly prototype: { transaction(...args: unknown[]): { readonly mode: string; readonly durability: string } };
};

/** As numbers, since they pass between page and test. */
type Keys = { readonly privateKey: readonly number[]; readonly publicKey: readonly number[] };

export type Device = {
  readonly url: string;
  readonly user: string;
  readonly keys: Keys;
  readonly offsetMs?: number;
  /** Whether `atStep` hears of each step. */
  readonly watched?: boolean;
};

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const done = await work();
  await atStep(name);
  return done;
}

const watching = (storage: Storage): Storage => ({
  ...storage,
  write: (changes) => step("write", () => storage.write(changes)),
});

async function begin({ url, user, keys, offsetMs = 0, watched = false }: Device) {
  /** Packages that the directory says it already had, or had given away. */
  let repeated = 0;
  const database = await indexedDbStorage({ name: user });
  const directory = new KeyPackageDirectory({
    url,
    audience: "mls-key-directory",
    user,
    client: "phone",
    token: ({ scope }) => tokenFor(user, scope),
    storage: watched ? watching(database) : database,
    platform: {
      now: () => Date.now() + offsetMs,
      fetch: async (address, init) => {
        const send = () => fetch(address, init);
        const response = await (watched && init.method !== "GET" ? step(`${init.method}`, send) : send());
        if (init.method === "POST" && address.endsWith("/key-packages")) {
          const { results = [] } = (await response.clone().json()) as { results?: { code: string }[] };
          repeated += results.filter(({ code }) => code !== "stored").length;
        }
        return response;
      },
    },
  });
  const signer = SignatureKeyPair.fromRaw(nobleCrypto, SignatureScheme.ed25519, {
    privateKey: Uint8Array.from(keys.privateKey),
    publicKey: Uint8Array.from(keys.publicKey),
  });
  const credential = new BasicCredential(user).toCredential();
  const maker = libraryMaker({ credential, signers: [signer], ciphersuites: [1] });
  const replenisher = new Replenisher({ directory, maker, sliceSize: 2 });
  return { directory, database, replenisher, repeated: () => repeated };
}

export const app = {
  /** One run: what it did, or the code that it ended with. */
  replenish: async (device: Device) => {
    const { replenisher, repeated, database } = await begin(device);
    try {
      const { made, uploaded, pruned } = await replenisher.replenish();
      return { made, uploaded, pruned, repeated: repeated() };
    } catch (error) {
      return { code: (error as { code?: string }).code ?? String(error) };
    } finally {
      database.close();
    }
  },

  /** What others get of this client, and whether its private keys are here. */
  check: async (device: Device) => {
    const { replenisher, database } = await begin(device);
    const { suites, problems } = await selfCheck(replenisher);
    database.close();
    return { good: suites.map(({ good, lastResort }) => [good, lastResort]), problems };
  },

  /** Opens what a Welcome with this reference is addressed to. */
  open: async (device: Device, ref: string) => {
    const { replenisher, database } = await begin(device);
    const { found } = await replenisher.onWelcome([ref], async () => true);
    database.close();
    return found;
  },

  /** Whether the browser promises to keep the data. */
  isPersisted: async (name: string) => {
    const { persisted, close } = await indexedDbStorage({ name });
    close();
    return persisted;
  },

  /** Writes values, an empty text deletes: the durabilities that were asked for, or the code that it ended with. */
  write: async (name: string, values: Readonly<Record<string, string>>) => {
    const durabilities: string[] = [];
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (...args) {
      const begun = transaction.apply(this, args);
      if (begun.mode === "readwrite") durabilities.push(begun.durability);
      return begun;
    };
    const storage = await indexedDbStorage({ name });
    try {
      await storage.write(new Map(Object.entries(values).map(([key, value]) => [key, value || undefined])));
      return { durabilities };
    } catch (error) {
      return { code: (error as { code?: string }).code ?? String(error) };
    } finally {
      IDBDatabase.prototype.transaction = transaction;
      storage.close();
    }
  },

  /** Writes a value of this many characters, and a small one with it. */
  writeLarge: (name: string, length: number) => app.write(name, { large: "x".repeat(length), small: "with it" }),

  /** Everything whose key begins so. */
  read: async (name: string, prefix: string) => {
    const storage = await indexedDbStorage({ name });
    const found = Object.fromEntries(await storage.list(prefix));
    storage.close();
    return found;
  },
};

Object.assign(globalThis, { app });
