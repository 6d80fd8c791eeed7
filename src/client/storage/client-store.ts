/** What one client keeps: its part of the storage. Every failure of the storage is a `storage_failed`. */
import { localError, orFail } from "../directory-error.ts";
import type { Storage } from "./storage.ts";

export class ClientStore {
  readonly #storage: Storage;
  readonly #prefix: string;

  /** `prefix` is what the keys of all that the client stores begin with; names here are without it. */
  constructor(storage: Storage, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  get(name: string): Promise<string | undefined> {
    return orFail("storage_failed", "storage could not be read", () => this.#storage.get(this.#prefix + name));
  }

  /** A value that was written as JSON. */
  async getJson<T>(name: string): Promise<T | undefined> {
    const text = await this.get(name);
    return text === undefined ? undefined : fromJson<T>(text);
  }

  /** The values whose names begin so, by the rest of their names. */
  list(begin: string): Promise<ReadonlyMap<string, string>> {
    const prefix = this.#prefix + begin;
    return orFail("storage_failed", "storage could not be read", async () => {
      const found = await this.#storage.list(prefix);
      return new Map([...found].map(([key, value]) => [key.slice(prefix.length), value]));
    });
  }

  /** All of it or nothing. Undefined deletes. */
  write(changes: Iterable<readonly [name: string, value: string | undefined]>): Promise<void> {
    const named = new Map([...changes].map(([name, value]) => [this.#prefix + name, value]));
    return orFail("storage_failed", "a write was not stored", () => this.#storage.write(named));
  }
}

export function fromJson<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw localError("storage_failed", "expected JSON in storage, as this library writes it", cause);
  }
}
