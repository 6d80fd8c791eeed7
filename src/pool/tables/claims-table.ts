/**
 * Claims, one record each: what a publisher reads as its journal, and for as long as it can be repeated the answer itself
 * with the bytes that were handed out. The record holds its own copy: neither a replaced last resort nor a revoked client
 * changes an answer that was once sent.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { MAX_JOURNAL_SCAN_ROWS } from "../../config/limits.ts";
import type { ClaimedPackage, ClaimStatus, ClientClaim } from "../../contract/claim-messages.ts";
import type { JournalEntry } from "../../contract/journal-messages.ts";
import type { Claimer } from "../../contract/pool-call.ts";
import { equalBytes } from "../../shared/bytes.ts";

export type Answered = { readonly status: ClaimStatus; readonly clients: readonly ClientClaim[] };

/** What a claim may be repeated with: `id` names the claimer's idempotency key. */
export type Replay = { readonly id: Uint8Array; readonly bodyHash: Uint8Array };

/** Why a client gave nothing, if its owner is to be told. */
export type Missed = { readonly client: string; readonly reason: NonNullable<JournalEntry["reason"]> };

export type NewClaim = {
  readonly at: number;
  readonly claimer: Claimer;
  readonly answer: Answered;
  readonly missed: readonly Missed[];
  /** Undefined if the answer is not to be repeated: nothing was given, or it was claimed without a key. */
  readonly replay:
    | {
        readonly of: Replay;
        readonly expiresAt: number;
        /** Whether a record under the same key has expired: only its journal entry is still wanted. */
        readonly replacesExpired: boolean;
      }
    | undefined;
};

type StoredPackage = {
  readonly bytes: number;
  readonly ref: string;
  readonly ciphersuite: number;
  readonly notAfter: number;
  /** Records of earlier versions lack it. */
  readonly registeredAt?: number | undefined;
};

/**
 * A client's part of the answer. The bytes of the packages are in a blob: the first of each client, one after the other,
 * and then the others of bundles, which code that knows no bundles does not look for.
 */
type StoredPart = {
  readonly client: string;
  readonly status: ClientClaim["status"];
  readonly retryAfterSeconds?: number;
  readonly package?: StoredPackage;
  readonly others?: readonly StoredPackage[];
  /** Set where the journal shows a claim that found nothing. */
  readonly missed?: Missed["reason"];
};

type StoredAnswer = { readonly status: ClaimStatus; readonly clients: readonly StoredPart[] };

/** The same from the parts of a call; the key is known by 16 bytes of a digest. */
export function replayOf(
  claimer: Claimer,
  { key, bodyHash }: { readonly key: string; readonly bodyHash: Uint8Array },
): Replay {
  // By its secret and not by its name: another holder of the name must not get what an earlier one was given.
  const holder = "capability" in claimer ? ["", claimer.secretHash.toHex()] : [claimer.user, claimer.client];
  return { id: sha256(utf8ToBytes(JSON.stringify([...holder, key]))).slice(0, 16), bodyHash };
}

/**
 * The earlier answer; `mismatch` if the key was used for another request, `expired` if its answer can no longer be
 * repeated, undefined if the key is new. Writes nothing.
 */
export function findReplay(
  sql: SqlStorage,
  replay: Replay,
  now: number,
): (Answered & { readonly at: number; readonly claimId: number }) | "mismatch" | "expired" | undefined {
  const row = sql
    .exec<ReplayRow>(
      "SELECT claim_id, at, body_hash, answer, packages, expires_at FROM claims WHERE idempotency = ?",
      replay.id,
    )
    .toArray()[0];
  if (!row) return undefined;
  if (row.expires_at <= now) return "expired";
  if (!equalBytes(new Uint8Array(row.body_hash), replay.bodyHash)) return "mismatch";
  const answered = decode(JSON.parse(row.answer) as StoredAnswer, new Uint8Array(row.packages));
  return { ...answered, at: row.at, claimId: row.claim_id };
}

type ReplayRow = {
  claim_id: number;
  at: number;
  body_hash: ArrayBuffer;
  answer: string;
  packages: ArrayBuffer;
  expires_at: number;
};

/**
 * Writes a claim down and returns its number. That is the time in milliseconds, or one more than the last: it never goes back, even when
 * every earlier record has been forgotten, so that a reader's cursor stays good.
 */
export function recordClaim(sql: SqlStorage, claim: NewClaim, nowMs: number): number {
  const idempotency = claim.replay?.of.id;
  if (idempotency && claim.replay?.replacesExpired) endReplay(sql, "idempotency = ?", idempotency);
  const { stored, packages } = encode(claim);
  const written = sql.exec<{ claim_id: number }>(
    `INSERT INTO claims (claim_id, at, claimer_user, claimer_client, answer, idempotency, body_hash, expires_at, packages)
     VALUES (MAX(?1, (SELECT COALESCE(MAX(claim_id), 0) + 1 FROM claims)), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
     RETURNING claim_id`,
    nowMs,
    claim.at,
    ...storedClaimer(claim.claimer),
    JSON.stringify(stored),
    idempotency ?? null,
    claim.replay?.of.bodyHash ?? null,
    claim.replay?.expiresAt ?? null,
    claim.replay ? packages : null,
  );
  return written.one().claim_id;
}

/** No identifier of a user is empty: without one it is the name of a capability, and with neither it was erased. */
const storedClaimer = (claimer: Claimer): readonly [user: string, client: string] =>
  "capability" in claimer ? ["", claimer.capability] : [claimer.user, claimer.client];

/** How far a pool has dropped the bytes of answers that can no longer be repeated. */
export type EndedReplays = {
  /** Number of the last record that was looked at. */
  readonly after: number;
  /** When there may be more to do, in unix seconds. */
  readonly nextAt: number;
};

/** Nothing ends at the time 0, which stands for a look that is not confirmed (looks.ts): then nothing is read. */
export const NO_REPLAYS_ENDED: EndedReplays = { after: -1, nextAt: 1 };

/**
 * Drops the bytes of answers that can no longer be repeated, looking at `limit` records at the most, oldest first. A
 * record that is written later ends `replaySeconds` after `now` at the earliest.
 */
export function endReplays(
  sql: SqlStorage,
  ended: EndedReplays,
  { now, replaySeconds, limit }: { readonly now: number; readonly replaySeconds: number; readonly limit: number },
): EndedReplays {
  if (now < ended.nextAt) return ended;
  const rows = sql
    .exec<{ claim_id: number; expires_at: number | null }>(
      "SELECT claim_id, expires_at FROM claims WHERE claim_id > ? ORDER BY claim_id LIMIT ?",
      ended.after,
      limit,
    )
    .toArray();
  let { after } = ended;
  for (const { claim_id: claimId, expires_at: expiresAt } of rows) {
    if (expiresAt !== null && expiresAt > now) return { after, nextAt: expiresAt };
    if (expiresAt !== null) endReplay(sql, "claim_id = ?", claimId);
    after = claimId;
  }
  return { after, nextAt: rows.length < limit ? now + Math.max(1, replaySeconds) : now };
}

function endReplay(sql: SqlStorage, which: string, binding: SqlStorageValue | Uint8Array): void {
  sql.exec(
    `UPDATE claims SET idempotency = NULL, body_hash = NULL, expires_at = NULL, packages = NULL WHERE ${which}`,
    binding,
  );
}

/** Forgets at most `limit` claims that are older than `before`; returns how many. Records are in the order of time. */
export function forgetClaims(sql: SqlStorage, before: number, limit: number): number {
  return sql
    .exec(
      `DELETE FROM claims WHERE at < ?1 AND claim_id IN (SELECT claim_id FROM claims ORDER BY claim_id LIMIT ?2)
       RETURNING claim_id`,
      before,
      limit,
    )
    .toArray().length;
}

/** When the oldest claim was made that is still written down, in unix seconds. */
export function oldestClaimAt(sql: SqlStorage): number | undefined {
  return sql.exec<{ at: number }>("SELECT at FROM claims ORDER BY claim_id LIMIT 1").toArray()[0]?.at;
}

type JournalRow = { claim_id: number; at: number; claimer_user: string; claimer_client: string; answer: string };

/**
 * Claims on a client, or on every client of the user, after `after`, oldest first, and where the next page begins if
 * there is one. One call looks at a bounded number of records, so a page may hold fewer entries than `limit` and still
 * have a next one. The entries of one record stay together, so a page over all clients may hold a few more.
 */
export function readJournal(
  sql: SqlStorage,
  client: string | undefined,
  page: { readonly after: number; readonly limit: number; readonly oldestAt: number },
): { readonly entries: readonly JournalEntry[]; readonly nextAfter: number | undefined } {
  const rows = sql
    .exec<JournalRow>(
      `SELECT claim_id, at, claimer_user, claimer_client, answer FROM claims
       WHERE claim_id > ? AND at >= ? ORDER BY claim_id LIMIT ?`,
      page.after,
      page.oldestAt,
      MAX_JOURNAL_SCAN_ROWS,
    )
    .toArray();
  const entries: JournalEntry[] = [];
  for (const row of rows) {
    const found = entriesOf(row, client);
    if (found.length === 0) continue;
    if (entries.length >= page.limit) return { entries, nextAfter: entries.at(-1)?.sequence };
    entries.push(...found);
  }
  return { entries, nextAfter: rows.length === MAX_JOURNAL_SCAN_ROWS ? rows.at(-1)?.claim_id : undefined };
}

/**
 * Entries of all clients, the newest first, of at most `limit` records from `oldestAt` (unix seconds) on; and the time of
 * the oldest record that was looked at, if there are older ones.
 */
export function readRecentClaims(
  sql: SqlStorage,
  { limit, oldestAt }: { readonly limit: number; readonly oldestAt: number },
): { readonly entries: readonly JournalEntry[]; readonly since: number | undefined } {
  const rows = sql
    .exec<JournalRow>(
      `SELECT claim_id, at, claimer_user, claimer_client, answer FROM claims
       WHERE at >= ? ORDER BY claim_id DESC LIMIT ?`,
      oldestAt,
      limit,
    )
    .toArray();
  return {
    entries: rows.flatMap((row) => entriesOf(row, undefined)),
    since: rows.length === limit ? rows.at(-1)?.at : undefined,
  };
}

/** How many records hold the name of one of these claimers. */
export function claimsBy(sql: SqlStorage, users: readonly string[]): number {
  return sql
    .exec<{ count: number }>(
      "SELECT COUNT(*) AS count FROM claims WHERE claimer_user IN (SELECT value FROM json_each(?))",
      JSON.stringify(users),
    )
    .one().count;
}

/**
 * Takes these claimers' names out of every record, with what only they could have had repeated. What was claimed, and
 * when, is the owner's to know and stays.
 */
export function forgetClaimersOfRecords(sql: SqlStorage, users: readonly string[]): void {
  sql.exec(
    `UPDATE claims SET claimer_user = '', claimer_client = '', idempotency = NULL, body_hash = NULL, expires_at = NULL,
       packages = NULL WHERE claimer_user IN (SELECT value FROM json_each(?))`,
    JSON.stringify(users),
  );
}

/** Whether any claim on the client is still written down. Looks at a bounded number of records, and else says yes. */
export function hasJournal(sql: SqlStorage, client: string): boolean {
  const { entries, nextAfter } = readJournal(sql, client, { after: 0, limit: 1, oldestAt: 0 });
  return entries.length > 0 || nextAfter !== undefined;
}

function entriesOf(row: JournalRow, client: string | undefined): JournalEntry[] {
  return (JSON.parse(row.answer) as StoredAnswer).clients
    .filter((part) => client === undefined || part.client === client)
    .filter((part) => part.package !== undefined || part.missed !== undefined)
    .flatMap((part) =>
      // Of a miss there is no package.
      [part.package, ...(part.others ?? [])].map((one) => ({
        sequence: row.claim_id,
        client: part.client,
        at: row.at,
        event: part.status === "claimed" || part.status === "last_resort" ? part.status : "missed",
        ciphersuite: one?.ciphersuite,
        keyPackageRef: one && Uint8Array.fromHex(one.ref),
        // No identifier is empty: the name was erased.
        claimer: row.claimer_user === "" ? undefined : { user: row.claimer_user, client: row.claimer_client },
        capability: row.claimer_user === "" && row.claimer_client !== "" ? row.claimer_client : undefined,
        reason: part.missed,
      })),
    );
}

function encode({ answer, missed }: NewClaim): { readonly stored: StoredAnswer; readonly packages: Uint8Array } {
  const reasons = new Map(missed.map(({ client, reason }) => [client, reason]));
  const firsts: Uint8Array[] = [];
  const others: Uint8Array[] = [];
  const clients = answer.clients.map((claim): StoredPart => {
    const reason = reasons.get(claim.client);
    if (!("package" in claim)) return reason === undefined ? claim : { ...claim, missed: reason };
    firsts.push(claim.package.keyPackage);
    others.push(...(claim.others ?? []).map(({ keyPackage }) => keyPackage));
    return {
      client: claim.client,
      status: claim.status,
      package: storedPackage(claim.package),
      ...(claim.others && { others: claim.others.map(storedPackage) }),
    };
  });
  return { stored: { status: answer.status, clients }, packages: concatBytes(...firsts, ...others) };
}

const storedPackage = ({ keyPackage, keyPackageRef, ...rest }: ClaimedPackage): StoredPackage => ({
  bytes: keyPackage.length,
  ref: keyPackageRef.toHex(),
  ciphersuite: rest.ciphersuite,
  notAfter: rest.notAfter,
  registeredAt: rest.registeredAt,
});

function decode(stored: StoredAnswer, packages: Uint8Array): Answered {
  let offset = 0;
  const next = ({ bytes, ref, ciphersuite, notAfter, registeredAt }: StoredPackage): ClaimedPackage => {
    const keyPackage = packages.slice(offset, offset + bytes);
    offset += bytes;
    return { keyPackage, keyPackageRef: Uint8Array.fromHex(ref), ciphersuite, notAfter, registeredAt };
  };
  const firsts = stored.clients.map((part) => part.package && next(part.package));
  const others = stored.clients.map((part) => part.others?.map(next));
  const clients = stored.clients.map(({ package: _, others: __, missed: ___, ...claim }, index) => {
    const [first, rest] = [firsts[index], others[index]];
    return { ...claim, ...(first && { package: first }), ...(rest && { others: rest }) } as ClientClaim;
  });
  return { status: stored.status, clients };
}
