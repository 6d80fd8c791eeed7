/** Pools of their own for each test, and packages that no crypto was spent on: the pool trusts its Worker. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { vi } from "vitest";
import { CLOCK_CONFIRMATION_SECONDS } from "../../../src/config/limits.ts";
import type { AdmittedKeyPackage } from "../../../src/contract/admitted-key-package.ts";
import type { ClaimAnswer, ClaimCriteria, ClientClaim } from "../../../src/contract/claim-messages.ts";
import type { PublishAnswer } from "../../../src/contract/publish-messages.ts";
import { poolFor } from "../../../src/pool/address.ts";
import type { Pool } from "../../../src/pool/pool.ts";
import { equalBytes } from "../../../src/shared/bytes.ts";
import { ED25519, syntheticKeyPackage } from "../../../tools/lib/synthetic-package.ts";

export { ED25519 };
export const NO_EPOCH = 0;

let serial = 0;

/** Bytes that no other call returns. */
export function freshBytes(length: number): Uint8Array {
  serial += 1;
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, serial);
  return bytes;
}

export const freshUser = (): string => `user-${++serial}-${crypto.randomUUID()}`;

/** The key of the first client of a pool; a package that names no other is taken to be signed by whoever publishes it. */
export const signatureKey = new Uint8Array(32).fill(7);

/** A key belongs to one client of a user, so each has its own: the phone the one above, the others one by their name. */
export function signatureKeyOf(client: string): Uint8Array {
  return client === "phone" ? signatureKey : sha256(utf8ToBytes(client));
}

/** The package as this client would publish it. */
export const signedBy = (client: string, one: AdmittedKeyPackage): AdmittedKeyPackage =>
  equalBytes(one.signatureKey, signatureKey) ? { ...one, signatureKey: signatureKeyOf(client) } : one;

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

export function keyPackage(change: Partial<AdmittedKeyPackage> = {}): AdmittedKeyPackage {
  return { ...syntheticKeyPackage(signatureKey), ...change };
}

export const keyPackages = (count: number, change: Partial<AdmittedKeyPackage> = {}): AdmittedKeyPackage[] =>
  Array.from({ length: count }, () => keyPackage(change));

export const anything: ClaimCriteria = {
  ciphersuites: [1],
  requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
  excludeClients: [],
  minRemainingLifetimeSeconds: 3600,
  allowLastResort: true,
};

/** Whether the pool has news that the directory should have by now. */
const isDue = (pool: DurableObjectStub<Pool>): Promise<boolean> =>
  runInDurableObject(pool, (_, state) => {
    const [row] = state.storage.sql.exec<{ due: number | null }>("SELECT outbox_due_ms AS due FROM pool").toArray();
    return typeof row?.due === "number" && row.due <= Date.now();
  });

/** Waits until the pool has told the directory what it tells at once, or has failed to. */
export async function settled(pool: DurableObjectStub<Pool>): Promise<void> {
  while (await isDue(pool)) await scheduler.wait(1);
}

/** A user with one registered client, and calls with the arguments that tests do not care about filled in. */
export async function poolOf(user = freshUser(), client = "phone") {
  const pool = () => poolFor(env, user);
  const base = { user, restoreEpoch: NO_EPOCH };
  const register = (name: string) =>
    pool().register({
      ...base,
      client: name,
      signatureKeys: [{ scheme: ED25519, publicKey: signatureKeyOf(name) }],
    });
  await register(client);
  return {
    user,
    client,
    stub: pool,
    base,
    register,
    publish: async (packages: readonly AdmittedKeyPackage[], to = client, mode: "add" | "replace" = "add") => {
      // What was due before waits for an alarm, and none rings by itself.
      const waitsForAlarm = await isDue(pool());
      const keyPackages = packages.map((one) => signedBy(to, one));
      const answer = await pool().publish({ ...base, client: to, mode, keyPackages, refused: 0 });
      if (!waitsForAlarm) await settled(pool());
      return publish(answer);
    },
    claim: async (
      change: Partial<ClaimCriteria> = {},
      options: { claimer?: string; device?: number; key?: string; body?: number; restoreEpoch?: number } = {},
    ): Promise<ClaimAnswer> =>
      pool().claim({
        user,
        restoreEpoch: options.restoreEpoch ?? NO_EPOCH,
        claimer: { user: options.claimer ?? `claimer-${++serial}`, client: `laptop${options.device ?? ""}` },
        criteria: { ...anything, ...change },
        idempotency: options.key
          ? { key: options.key, bodyHash: new Uint8Array(32).fill(options.body ?? 1) }
          : undefined,
      }),
    /** Runs the alarm's handler now, due or not. */
    ring: () => runInDurableObject(pool(), (instance) => instance.alarm()),
    /** Runs it now and an hour later, as what has ended is deleted at the second look. The clock goes on by that hour. */
    ringTwice: async () => {
      await runInDurableObject(pool(), (instance) => instance.alarm());
      vi.setSystemTime(Date.now() + CLOCK_CONFIRMATION_SECONDS * 1000);
      await runInDurableObject(pool(), (instance) => instance.alarm());
    },
    inventory: async (of = client) => {
      const answer = await pool().getClient({ ...base, client: of });
      if (answer.outcome !== "found") throw new Error(answer.outcome);
      return answer.view.inventory;
    },
  };
}

function publish(answer: PublishAnswer): Extract<PublishAnswer, { outcome: "published" }> {
  if (answer.outcome !== "published") throw new Error(answer.outcome);
  return answer;
}

/** The only client's part of an answer. */
export function only(answer: ClaimAnswer): ClientClaim {
  if (answer.outcome !== "answered" || answer.clients.length !== 1 || !answer.clients[0]) {
    throw new Error(`expected one client in ${JSON.stringify(answer)}`);
  }
  return answer.clients[0];
}

/** The reference that an answer gave, in hex; undefined if it gave none. */
export function refOf(answer: ClaimAnswer): string | undefined {
  const claim = only(answer);
  return "package" in claim ? claim.package.keyPackageRef.toHex() : undefined;
}

export const hexRefs = (packages: readonly AdmittedKeyPackage[]): string[] => packages.map(({ ref }) => ref.toHex());
