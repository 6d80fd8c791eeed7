/**
 * Where a client keeps what must survive a crash: packages with their private keys, and calls that are under way. Text by
 * key, so that any store can carry it: a table, a key store of the system, a folder.
 *
 * Values hold private keys: protect them as such. A rejection means that nothing is known to be stored, and nothing is
 * uploaded that was to be stored with it.
 */
export type Storage = {
  readonly get: (key: string) => Promise<string | undefined>;
  /** Everything whose key begins so. */
  readonly list: (prefix: string) => Promise<ReadonlyMap<string, string>>;
  /** All of it or nothing; durable when it resolves. Undefined deletes. */
  readonly write: (changes: ReadonlyMap<string, string | undefined>) => Promise<void>;
};
