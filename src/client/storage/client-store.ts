/** What one client keeps: its part of the storage, values as JSON. Every failure of the storage is a `storage_failed`. */
import { orFail } from "../directory-error.ts";
import type { Storage } from "./storage.ts";

export type ClientStore = {
  readonly get: <T>(name: string) => Promise<T | undefined>;
  /** The values whose names begin so, by the rest of their names. */
  readonly list: <T>(begin: string) => Promise<ReadonlyMap<string, T>>;
  /** All of it or nothing. Undefined deletes. */
  readonly write: (changes: readonly (readonly [name: string, value: unknown])[]) => Promise<void>;
};

/** `prefix` is what the keys of all that the client stores begin with; names are without it. */
export function clientStore(storage: Storage, prefix: string): ClientStore {
  const reading = <T>(work: () => Promise<T>) => orFail("storage_failed", "storage could not be read", work);
  return {
    get: (name) =>
      reading(async () => {
        const text = await storage.get(prefix + name);
        return text === undefined ? undefined : JSON.parse(text);
      }),
    list: (begin) =>
      reading(async () => {
        const found = await storage.list(prefix + begin);
        return new Map(Array.from(found, ([key, text]) => [key.slice((prefix + begin).length), JSON.parse(text)]));
      }),
    write: (changes) =>
      orFail("storage_failed", "a write was not stored", () =>
        storage.write(new Map(changes.map(([name, value]) => [prefix + name, JSON.stringify(value)]))),
      ),
  };
}
