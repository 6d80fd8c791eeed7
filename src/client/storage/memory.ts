import type { Storage } from "./storage.ts";

/** For tests, and for claimers that have nothing to lose: it forgets everything when the process ends. */
export function memoryStorage(): Storage {
  const values = new Map<string, string>();
  return {
    get: async (key) => values.get(key),
    list: async (prefix) => new Map([...values].filter(([key]) => key.startsWith(prefix))),
    write: async (changes) => {
      for (const [key, value] of changes) {
        if (value === undefined) values.delete(key);
        else values.set(key, value);
      }
    },
  };
}
