/**
 * What the pool remembers of every package that it ever took, until that package could no longer be used: references,
 * init keys and encryption keys are unique for the user, over all clients, live and gone (RFC 9420 §10, §16.8). One row
 * for each upload. A claim writes nothing here: a package that is known, not live and not marked as removed was claimed.
 *
 * Layout of an entry: 16 bytes each of the reference, of SHA-256 of the init key and of SHA-256 of the encryption key;
 * f64 not_after in unix seconds; u8 1 if the package was removed (deleted, replaced, revoked or voided), else 0.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { AdmittedKeyPackage } from "../../contract/admitted-key-package.ts";

const FINGERPRINT_BYTES = 16;
const TIME_AT = 3 * FINGERPRINT_BYTES;
const REMOVED_AT = TIME_AT + 8;
const ENTRY_BYTES = REMOVED_AT + 1;

/** One character for each byte, so that fingerprints are cut out of a row as substrings. */
const latin1 = new TextDecoder("latin1");
const refText = (bytes: Uint8Array): string => latin1.decode(bytes.subarray(0, FINGERPRINT_BYTES));

/** A package's three fingerprints, as they are stored and as they are compared. */
export type Fingerprints = {
  readonly bytes: Uint8Array;
  readonly ref: string;
  readonly initKey: string;
  readonly encryptionKey: string;
};

export function fingerprintsOf({ ref, initKey, encryptionKey }: AdmittedKeyPackage): Fingerprints {
  const bytes = new Uint8Array(TIME_AT);
  for (const [place, hash] of [ref, sha256(initKey), sha256(encryptionKey)].entries()) {
    bytes.set(hash.subarray(0, FINGERPRINT_BYTES), place * FINGERPRINT_BYTES);
  }
  const characters = latin1.decode(bytes);
  const at = (place: number) => characters.slice(place * FINGERPRINT_BYTES, (place + 1) * FINGERPRINT_BYTES);
  return { bytes, ref: at(0), initKey: at(1), encryptionKey: at(2) };
}

/** What is known of a reference. */
export type KnownRef = { readonly clientId: number; readonly notAfter: number; readonly removed: boolean };

export type Known = {
  readonly refs: ReadonlyMap<string, KnownRef>;
  /** Fingerprints of init keys and encryption keys alike: a key serves one purpose in one package. */
  readonly keys: ReadonlySet<string>;
};

type Row = { batch_id: number; client_id: number; entries: ArrayBuffer };

/** Which of these fingerprints the pool knows already, from any client of the user. Reads every upload of the user. */
export function knownAmong(sql: SqlStorage, asked: readonly Fingerprints[]): Known {
  const askedRefs = new Set(asked.map(({ ref }) => ref));
  const askedKeys = new Set(asked.flatMap(({ initKey, encryptionKey }) => [initKey, encryptionKey]));
  const refs = new Map<string, KnownRef>();
  const keys = new Set<string>();
  if (asked.length === 0) return { refs, keys };
  for (const row of sql.exec<Row>("SELECT batch_id, client_id, entries FROM fingerprints")) {
    const characters = latin1.decode(row.entries);
    const view = new DataView(row.entries);
    for (let at = 0; at < characters.length; at += ENTRY_BYTES) {
      const ref = characters.slice(at, at + FINGERPRINT_BYTES);
      if (askedRefs.has(ref)) refs.set(ref, knownRef(row.client_id, view, at));
      for (const place of [1, 2]) {
        const start = at + place * FINGERPRINT_BYTES;
        const key = characters.slice(start, start + FINGERPRINT_BYTES);
        if (askedKeys.has(key)) keys.add(key);
      }
    }
  }
  return { refs, keys };
}

/** What is known of these references, in their order. Reads every upload of the user. */
export function knownRefs(sql: SqlStorage, asked: readonly Uint8Array[]): readonly (KnownRef | undefined)[] {
  const texts = asked.map(refText);
  const wanted = new Set(texts);
  const found = new Map<string, KnownRef>();
  if (asked.length === 0) return [];
  for (const row of sql.exec<Row>("SELECT batch_id, client_id, entries FROM fingerprints")) {
    const characters = latin1.decode(row.entries);
    for (let at = 0; at < characters.length; at += ENTRY_BYTES) {
      const ref = characters.slice(at, at + FINGERPRINT_BYTES);
      if (wanted.has(ref)) found.set(ref, knownRef(row.client_id, new DataView(row.entries), at));
    }
  }
  return texts.map((text) => found.get(text));
}

function knownRef(clientId: number, view: DataView, at: number): KnownRef {
  return {
    clientId,
    notAfter: view.getFloat64(at + TIME_AT),
    removed: view.getUint8(at + REMOVED_AT) === 1,
  };
}

export type Remembered = {
  readonly fingerprints: Fingerprints;
  readonly notAfter: number;
  /** Taken and replaced in the same upload. */
  readonly removed: boolean;
};

/** Remembers the packages of one upload. */
export function remember(sql: SqlStorage, clientId: number, packages: readonly Remembered[]): void {
  if (packages.length === 0) return;
  const bytes = new Uint8Array(packages.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { fingerprints, notAfter, removed }] of packages.entries()) {
    const at = index * ENTRY_BYTES;
    bytes.set(fingerprints.bytes, at);
    view.setFloat64(at + TIME_AT, notAfter);
    view.setUint8(at + REMOVED_AT, removed ? 1 : 0);
  }
  const endsAt = Math.max(...packages.map(({ notAfter }) => notAfter));
  sql.exec("INSERT INTO fingerprints (client_id, ends_at, entries) VALUES (?, ?, ?)", clientId, endsAt, bytes);
}

/** Notes that packages of a client were removed, not claimed. Writes a row for each upload that they came with. */
export function markRemoved(sql: SqlStorage, clientId: number, refs: readonly Uint8Array[]): void {
  if (refs.length === 0) return;
  const removed = new Set(refs.map(refText));
  const rows = sql
    .exec<Row>("SELECT batch_id, client_id, entries FROM fingerprints WHERE client_id = ?", clientId)
    .toArray();
  for (const row of rows) {
    const characters = latin1.decode(row.entries);
    const bytes = new Uint8Array(row.entries);
    let changed = false;
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      if (!removed.has(characters.slice(at, at + FINGERPRINT_BYTES))) continue;
      bytes[at + REMOVED_AT] = 1;
      changed = true;
    }
    if (changed) sql.exec("UPDATE fingerprints SET entries = ? WHERE batch_id = ?", bytes, row.batch_id);
  }
}

/** Forgets uploads of which the last package ended by `before`; returns how many, at most `limit`. */
export function forgetEnded(sql: SqlStorage, before: number, limit: number): number {
  return sql
    .exec(
      `DELETE FROM fingerprints WHERE batch_id IN
         (SELECT batch_id FROM fingerprints WHERE ends_at <= ? LIMIT ?) RETURNING batch_id`,
      before,
      limit,
    )
    .toArray().length;
}

/** When the first upload ends of those that end later than `after`, in unix seconds. */
export function nextEnd(sql: SqlStorage, after = -1): number | undefined {
  const row = sql.exec<{ next: number | null }>(
    "SELECT MIN(ends_at) AS next FROM fingerprints WHERE ends_at > ?",
    after,
  );
  return row.one().next ?? undefined;
}

/** Whether anything of the client is still remembered. */
export function remembersClient(sql: SqlStorage, clientId: number): boolean {
  return sql.exec("SELECT 1 FROM fingerprints WHERE client_id = ? LIMIT 1", clientId).toArray().length > 0;
}
