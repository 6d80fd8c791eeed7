/** Where a user's pool lives. */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { toBase64Url } from "../shared/base64url.ts";
import type { OperatorRecords } from "./operator-records.ts";
import type { Pool } from "./pool.ts";
import type { RestoreEpochKeeper } from "./restore-epoch-keeper.ts";

const DOMAIN = "mls-key-directory/user/";

export type PoolPlacement = {
  readonly POOL: DurableObjectNamespace<Pool>;
  /** "eu" or "fedramp": the pool's storage never leaves it. Changing it later makes every existing pool unreachable. */
  readonly POOL_JURISDICTION?: string;
  /** A region such as "weur"; used only for the first request that ever reaches the pool. */
  readonly POOL_LOCATION_HINT?: string;
};

/**
 * The name of a user's object: base64url(SHA-256("mls-key-directory/user/" ‖ user)).
 * A hash, because the platform logs object ids outside of a jurisdiction.
 */
export function poolName(user: string): string {
  return toBase64Url(sha256(utf8ToBytes(DOMAIN + user)));
}

/** A stub of the user's pool, a new one for each call: a stub that has failed once stays broken. */
export function poolFor(env: PoolPlacement, user: string): DurableObjectStub<Pool> {
  const namespace = namespaceOf(env);
  return env.POOL_LOCATION_HINT
    ? namespace.getByName(poolName(user), { locationHint: env.POOL_LOCATION_HINT as DurableObjectLocationHint })
    : namespace.getByName(poolName(user));
}

export type KeeperPlacement = { readonly RESTORE_EPOCH_KEEPER: DurableObjectNamespace<RestoreEpochKeeper> };

/** A stub of the one object that keeps the restore epoch. */
export const keeperOf = (env: KeeperPlacement): DurableObjectStub<RestoreEpochKeeper> =>
  env.RESTORE_EPOCH_KEEPER.getByName("restore-epoch");

export type RecordsPlacement = { readonly OPERATOR_RECORDS: DurableObjectNamespace<OperatorRecords> };

/** A stub of the one object that keeps what operators did. */
export const recordsOf = (env: RecordsPlacement): DurableObjectStub<OperatorRecords> =>
  env.OPERATOR_RECORDS.getByName("operator-records");

/** The id of a user's object, in hex as the platform lists it. Nobody can tell the user from it without this account. */
export const poolIdOf = (env: PoolPlacement, user: string): string =>
  namespaceOf(env).idFromName(poolName(user)).toString();

/** A stub of the pool with this object id, in hex as the platform lists it; undefined if no pool can have that id. */
export function poolById(env: PoolPlacement, id: string): DurableObjectStub<Pool> | undefined {
  const namespace = namespaceOf(env);
  try {
    return namespace.get(namespace.idFromString(id));
  } catch {
    return undefined;
  }
}

const namespaceOf = (env: PoolPlacement): DurableObjectNamespace<Pool> =>
  env.POOL_JURISDICTION ? env.POOL.jurisdiction(env.POOL_JURISDICTION as DurableObjectJurisdiction) : env.POOL;
