/**
 * Answers kept so that a claim whose reply was lost can be repeated. Each record holds its own copy of the packages:
 * neither a replaced last resort nor a revoked client changes an answer that was once sent.
 */
import { concatBytes } from "@noble/hashes/utils.js";
import type { Claimer, ClaimStatus, ClientClaim } from "../../contract/pool-messages.ts";
import { equalBytes } from "../../shared/bytes.ts";

export type Answered = { readonly status: ClaimStatus; readonly clients: readonly ClientClaim[] };

export type Replay = {
  readonly claimer: Claimer;
  readonly key: string;
  readonly bodyHash: Uint8Array;
};

/** A client's part of the answer with the packages' bytes left out: they follow each other in a blob. */
type StoredClaim = {
  readonly client: string;
  readonly status: ClientClaim["status"];
  readonly retryAfterSeconds?: number;
  readonly package?: {
    readonly bytes: number;
    readonly ref: string;
    readonly ciphersuite: number;
    readonly notAfter: number;
  };
};

export const claimerKey = (claimer: Claimer): string => JSON.stringify([claimer.user, claimer.client]);

/** The earlier answer, `mismatch` if the key was used for another request, undefined if the key is new. */
export function findReplay(sql: SqlStorage, replay: Replay, now: number): Answered | "mismatch" | undefined {
  const row = sql
    .exec<{ body_hash: ArrayBuffer; answer: string; key_packages: ArrayBuffer }>(
      `SELECT body_hash, answer, key_packages FROM claims
       WHERE claimer = ? AND idempotency_key = ? AND expires_at > ?`,
      claimerKey(replay.claimer),
      replay.key,
      now,
    )
    .toArray()[0];
  if (!row) return undefined;
  if (!equalBytes(new Uint8Array(row.body_hash), replay.bodyHash)) return "mismatch";
  return decode(row.answer, new Uint8Array(row.key_packages));
}

/** Keeps an answer until `expiresAt`, in place of one that has expired. */
export function keepReplay(sql: SqlStorage, replay: Replay, answer: Answered, expiresAt: number): void {
  const { text, packages } = encode(answer);
  sql.exec(
    `INSERT OR REPLACE INTO claims (claimer, idempotency_key, body_hash, answer, key_packages, expires_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
    claimerKey(replay.claimer),
    replay.key,
    replay.bodyHash,
    text,
    packages,
    expiresAt,
  );
}

/** Removes at most `chunk` records that have expired; returns how many. */
export function sweepReplays(sql: SqlStorage, now: number, chunk: number): number {
  return sql
    .exec(
      `DELETE FROM claims WHERE claim_id IN
         (SELECT claim_id FROM claims WHERE expires_at <= ? ORDER BY expires_at LIMIT ?) RETURNING claim_id`,
      now,
      chunk,
    )
    .toArray().length;
}

/** When the first record expires, in unix seconds; undefined without records. */
export function firstReplayExpiry(sql: SqlStorage): number | undefined {
  const { expiry } = sql.exec<{ expiry: number | null }>("SELECT MIN(expires_at) AS expiry FROM claims").one();
  return expiry ?? undefined;
}

function encode(answer: Answered): { text: string; packages: Uint8Array } {
  const parts: Uint8Array[] = [];
  const clients = answer.clients.map((claim): StoredClaim => {
    if (!("package" in claim)) return claim;
    parts.push(claim.package.keyPackage);
    return {
      client: claim.client,
      status: claim.status,
      package: {
        bytes: claim.package.keyPackage.length,
        ref: claim.package.keyPackageRef.toHex(),
        ciphersuite: claim.package.ciphersuite,
        notAfter: claim.package.notAfter,
      },
    };
  });
  return { text: JSON.stringify({ status: answer.status, clients }), packages: concatBytes(...parts) };
}

function decode(text: string, packages: Uint8Array): Answered {
  const stored = JSON.parse(text) as { status: ClaimStatus; clients: readonly StoredClaim[] };
  let offset = 0;
  const clients = stored.clients.map(({ package: given, ...claim }) => {
    if (!given) return claim as ClientClaim;
    const keyPackage = packages.slice(offset, offset + given.bytes);
    offset += given.bytes;
    return {
      ...claim,
      package: {
        keyPackage,
        keyPackageRef: Uint8Array.fromHex(given.ref),
        ciphersuite: given.ciphersuite,
        notAfter: given.notAfter,
      },
    } as ClientClaim;
  });
  return { status: stored.status, clients };
}
