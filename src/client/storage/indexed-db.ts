/** Storage in a browser, in a database of the page's origin. */
import { asDirectoryError, localError } from "../directory-error.ts";
import type { Storage } from "./storage.ts";

/** The part of IndexedDB that is used here: so that this file compiles where there is none. */
export type IdbFactory = { open(name: string, version: number): IdbRequest<IdbDatabase> };
export type IdbTarget = { addEventListener(type: string, listener: () => void): void };
export type IdbRequest<T> = IdbTarget & { readonly result: T; readonly error: unknown };
export type IdbDatabase = IdbTarget & {
  createObjectStore(name: string): unknown;
  transaction(store: string, mode: "readonly" | "readwrite", options?: { durability?: "strict" }): IdbTransaction;
  close(): void;
};
export type IdbTransaction = IdbTarget & {
  readonly error: unknown;
  objectStore(name: string): IdbStore;
  abort(): void;
};
export type IdbStore = {
  get(key: string): IdbRequest<unknown>;
  getAll(range: unknown): IdbRequest<unknown[]>;
  getAllKeys(range: unknown): IdbRequest<unknown[]>;
  put(value: string, key: string): IdbRequest<unknown>;
  delete(key: string): IdbRequest<unknown>;
};
export type IdbKeyRange = { bound(lower: string, upper: string): unknown };

export type IndexedDbOptions = {
  /** Name of the database. */
  readonly name?: string;
  /** By default the browser's own. */
  readonly indexedDB?: IdbFactory;
  readonly keyRange?: IdbKeyRange;
  /** Asks the browser not to evict the origin's data; by default `navigator.storage.persist()`. */
  readonly persist?: () => Promise<boolean>;
};

type Browser = {
  readonly indexedDB?: IdbFactory;
  readonly IDBKeyRange?: IdbKeyRange;
  readonly navigator?: { readonly storage?: { persist?(): Promise<boolean> } };
};

const STORE = "values";
const VERSION = 1;

/**
 * Opens the database. Writes are durable when they resolve, not only handed to the system (`durability: "strict"`).
 * `persisted` is false where the browser may evict the data when space runs out: then a reinstall is always possible.
 */
export async function indexedDbStorage(
  options: IndexedDbOptions = {},
): Promise<Storage & { readonly persisted: boolean; readonly close: () => void }> {
  const browser = globalThis as Browser;
  const factory = options.indexedDB ?? browser.indexedDB;
  const keyRange = options.keyRange ?? browser.IDBKeyRange;
  if (!factory || !keyRange) {
    throw localError("storage_failed", "expected IndexedDB, which this platform lacks");
  }
  const persist = options.persist ?? (async () => (await browser.navigator?.storage?.persist?.()) ?? false);
  const opening = factory.open(options.name ?? "mls-key-directory", VERSION);
  opening.addEventListener("upgradeneeded", () => void opening.result.createObjectStore(STORE));
  const database = await result(opening);
  // Another version of the page wants to upgrade: it must not wait for this one.
  database.addEventListener("versionchange", () => database.close());
  const read = () => database.transaction(STORE, "readonly").objectStore(STORE);
  return {
    persisted: await persist().catch(() => false),
    close: () => database.close(),
    get: async (key) => {
      const value = await result(read().get(key));
      return value === undefined ? undefined : String(value);
    },
    list: async (prefix) => {
      const store = read();
      // Every key of this library is ASCII, so that none that begins with the prefix is above this.
      const range = keyRange.bound(prefix, `${prefix}\uffff`);
      // Both are asked for in one transaction, before either is awaited: so they are of one state.
      const [keys, values] = await Promise.all([result(store.getAllKeys(range)), result(store.getAll(range))]);
      return new Map(keys.map((key, index) => [String(key), String(values[index])]));
    },
    write: async (changes) => {
      const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
      const store = transaction.objectStore(STORE);
      for (const [key, value] of changes) {
        if (value === undefined) store.delete(key);
        else store.put(value, key);
      }
      // A transaction that is not complete has stored nothing.
      await outcome(transaction, "complete", "abort");
    },
  };
}

async function result<T>(request: IdbRequest<T>): Promise<T> {
  await outcome(request, "success", "error");
  return request.result;
}

/** Resolves with the one event, rejects with the other. */
function outcome(target: IdbTarget & { readonly error: unknown }, done: string, failed: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(asDirectoryError(cause, "storage_failed", "IndexedDB"));
    target.addEventListener(done, () => resolve());
    target.addEventListener(failed, () => fail(target.error));
    // Of opening alone: an older page of the origin keeps the database.
    target.addEventListener("blocked", () => fail("another page keeps an older version open"));
  });
}
