/**
 * The D1 databases of the directory, and which of them holds a user.
 *
 * The database of a user follows from a hash, so no table says where somebody is, and every database gets the same
 * share. After the number of databases was changed, a user is in its former database until its pool has written it to
 * the new one (docs/decisions/0010-directory-shards.md).
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { readDirectoryBindings } from "../config/directory-bindings.ts";
import { SettingError } from "../config/settings.ts";

const DOMAIN = "mls-key-directory/directory/";

/** One database, under the name of its binding. */
export type Shard = { readonly name: string; readonly db: D1Database };

export type Directory = {
  /** In the order of the setting. */
  readonly shards: readonly Shard[];
  /** Those that may still hold users from before the number was changed; none of `shards` is among them. */
  readonly abandoned: readonly Shard[];
  /** Where a user is written and looked for. */
  readonly homeOf: (user: string) => Shard;
  /** Where a user was before the number was changed; undefined if that is its home, or if nothing was changed. */
  readonly formerHomeOf: (user: string) => Shard | undefined;
};

/** The place of a user among `count` databases: the first six bytes of SHA-256(domain ‖ user), modulo `count`. */
export function shardIndex(user: string, count: number): number {
  const hash = sha256(utf8ToBytes(DOMAIN + user));
  let number = 0;
  for (const byte of hash.subarray(0, 6)) number = number * 256 + byte;
  return number % count;
}

const directories = new WeakMap<object, Directory>();

/** The directory of an environment. Throws SettingError for a list that cannot be read and for a binding that is missing. */
export function directoryOf(env: object): Directory {
  const known = directories.get(env) ?? openDirectory(env as Readonly<Record<string, unknown>>);
  directories.set(env, known);
  return known;
}

function openDirectory(env: Readonly<Record<string, unknown>>): Directory {
  const { current, former } = readDirectoryBindings(env);
  const open = (setting: string) => (name: string) => {
    const db = env[name];
    if (typeof db !== "object" || db === null) throw new SettingError(setting, `names ${name}, which is not bound`);
    return { name, db: db as D1Database };
  };
  const shards = current.map(open("DIRECTORY_BINDINGS"));
  const before = former.map(open("DIRECTORY_FORMER_BINDINGS"));
  const homeAmong = (all: readonly Shard[], user: string): Shard => all[shardIndex(user, all.length)] as Shard;
  return {
    shards,
    abandoned: before.filter(({ name }) => !current.includes(name)),
    homeOf: (user) => homeAmong(shards, user),
    formerHomeOf: (user) => {
      if (before.length === 0) return undefined;
      const shard = homeAmong(before, user);
      return shard.name === homeAmong(shards, user).name ? undefined : shard;
    },
  };
}

/** Every database that may hold a row. */
export const allShards = ({ shards, abandoned }: Directory): readonly Shard[] => [...shards, ...abandoned];
