/**
 * Whether this deployment can serve: its settings were read before, so what is looked at here is whether tokens can be
 * verified and whether each database answers with the tables that are needed.
 */
import type { Deployment } from "../../../config/deployment.ts";
import { READINESS_CACHE_MS, READINESS_TIMEOUT_MS } from "../../../config/limits.ts";
import { isMigrated, NEEDED_MIGRATION } from "../../../directory/needed-migration.ts";
import { allShards, type Directory, type Shard } from "../../../directory/shards.ts";
import { log } from "../../../shared/log.ts";
import { unixSeconds } from "../../../shared/time.ts";
import { withTimeout } from "../../../shared/with-timeout.ts";
import { issuersOf } from "../../auth/issuers.ts";
import type { ReadinessPart } from "./service-schemas.ts";

type Looked = { sinceMs: number; databases: readonly ReadinessPart[] | undefined };

/** What this isolate saw last. A directory belongs to one environment, so another environment is looked at afresh. */
const seen = new WeakMap<Directory, Looked>();

/** Every part of the deployment, ready or not. Never rejects, and takes at most READINESS_TIMEOUT_MS. */
export async function readiness(deployment: Deployment, directory: Directory): Promise<readonly ReadinessPart[]> {
  return [{ part: "settings", ready: true }, authentication(deployment), ...(await databases(directory))];
}

/**
 * Nothing is fetched for this: what is said is what the tokens of others have brought about in this isolate. No issuer
 * is named. One issuer that fails does not close the directory for the tokens of the others.
 */
function authentication(deployment: Deployment): ReadinessPart {
  const part = "authentication";
  if (!deployment.issuers.ok) return { part, ready: false, detail: deployment.issuers.error };
  const issuers = issuersOf(deployment);
  const states = issuers.ok ? [...issuers.value.byName.values()].map(({ keys }) => keys.state(Date.now())) : [];
  const remote = states.filter(({ from }) => from === "address");
  if (remote.length === 0) return { part, ready: true };
  const times = remote.flatMap(({ fetchedAtMs }) => fetchedAtMs ?? []);
  const fetchedAt = { keys_fetched_at: times.length === 0 ? null : unixSeconds(Math.min(...times)) };
  const isClosed = states.every(
    ({ from, failed, fetchedAtMs }) => from === "address" && failed && fetchedAtMs === undefined,
  );
  if (!isClosed) return { part, ready: true, ...fetchedAt };
  return { part, ready: false, detail: "no issuer's keys could be fetched", ...fetchedAt };
}

/**
 * Anyone may ask, so the databases are read at most once per READINESS_CACHE_MS: until then, and while a read is under
 * way, what was seen before is said again. Only requests that come before the first answer each read for themselves:
 * in workerd a request must not wait for the I/O of another.
 */
async function databases(directory: Directory): Promise<readonly ReadinessPart[]> {
  const looked = seen.get(directory) ?? { sinceMs: Number.NEGATIVE_INFINITY, databases: undefined };
  seen.set(directory, looked);
  const nowMs = Date.now();
  if (looked.databases && nowMs - looked.sinceMs < READINESS_CACHE_MS) return looked.databases;
  looked.sinceMs = nowMs;
  looked.databases = await Promise.all(allShards(directory).map(database));
  return looked.databases;
}

async function database(shard: Shard): Promise<ReadinessPart> {
  const named = { part: "database", name: shard.name } as const;
  try {
    const late = () => new Error(`no answer within ${READINESS_TIMEOUT_MS} ms`);
    if (await withTimeout(READINESS_TIMEOUT_MS, isMigrated(shard), late)) return { ...named, ready: true };
    return { ...named, ready: false, detail: `the migration ${NEEDED_MIGRATION} was not applied` };
  } catch (error) {
    log.warn("directory_not_ready", { database: shard.name, reason: String(error) });
    return { ...named, ready: false, detail: "the database did not answer" };
  }
}
