/** IndexedDB as far as the storage uses it: events that come later, transactions that are all or nothing. */
import type { IdbFactory } from "../../../../src/client/index.ts";

class Target {
  readonly #listeners = new Map<string, (() => void)[]>();
  addEventListener(type: string, listener: () => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  fire(type: string): void {
    for (const listener of this.#listeners.get(type) ?? []) listener();
  }
}

class Request<T> extends Target {
  error: unknown;
  readonly #read: () => T;
  constructor(read: () => T, event = "success") {
    super();
    this.#read = read;
    queueMicrotask(() => this.fire(event));
  }
  get result(): T {
    return this.#read();
  }
}

class Transaction extends Target {
  error: unknown;
  readonly changes = new Map<string, string | undefined>();
  readonly #values: Map<string, string>;
  constructor(values: Map<string, string>, aborts: boolean) {
    super();
    this.#values = values;
    // After every request that was made in the same turn.
    setImmediate(() => {
      if (aborts) {
        this.error = new Error("QuotaExceededError");
        return this.fire("abort");
      }
      for (const [key, value] of this.changes) {
        if (value === undefined) values.delete(key);
        else values.set(key, value);
      }
      this.fire("complete");
    });
  }
  objectStore() {
    const inRange = (range: unknown) => {
      const [lower, upper] = range as [string, string];
      return [...this.#values].filter(([key]) => key >= lower && key <= upper).sort(([a], [b]) => (a < b ? -1 : 1));
    };
    const change = (key: string, value: string | undefined) => {
      this.changes.set(key, value);
      return new Request<unknown>(() => undefined);
    };
    return {
      get: (key: string) => new Request<unknown>(() => this.#values.get(key)),
      getAll: (range: unknown) => new Request<unknown[]>(() => inRange(range).map(([, value]) => value)),
      getAllKeys: (range: unknown) => new Request<unknown[]>(() => inRange(range).map(([key]) => key)),
      put: (value: string, key: string) => change(key, value),
      delete: (key: string) => change(key, undefined),
    };
  }
  abort(): void {}
}

export const fakeKeyRange = { bound: (lower: string, upper: string): unknown => [lower, upper] };

/** A database that stays when it is opened again. */
export function fakeIndexedDb() {
  const values = new Map<string, string>();
  const durabilities: unknown[] = [];
  const state = { aborts: false, isNew: true, closed: 0 };
  const database = Object.assign(new Target(), {
    createObjectStore: () => undefined,
    transaction: (_: string, mode: string, options?: { durability?: string }) => {
      if (mode === "readwrite") durabilities.push(options?.durability);
      return new Transaction(values, mode === "readwrite" && state.aborts);
    },
    close: () => void state.closed++,
  });
  const indexedDB: IdbFactory = {
    open: () => {
      const request = new Request(() => database);
      if (state.isNew) request.fire("upgradeneeded");
      state.isNew = false;
      return request;
    },
  };
  return { indexedDB, keyRange: fakeKeyRange, durabilities, state, database };
}
