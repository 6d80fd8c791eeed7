/**
 * Writing to the directory. Each row is the snapshot of a pool at some version: an older snapshot never overwrites a newer
 * one, and the same snapshot twice changes nothing, so a pool may repeat a write whose answer was lost.
 */
import type { CapabilityLists } from "../contract/capabilities.ts";

/** What other clients may learn of a client without taking a package. */
export type Offer = {
  readonly ciphersuite: number;
  readonly available: number;
  readonly lastResort: boolean;
  /** Unix seconds of the package that expires first; null with nothing in stock. */
  readonly nextExpiry: number | null;
  readonly needsUpload: boolean;
  /** The different sets of capabilities among the packages in stock. */
  readonly capabilities: readonly CapabilityLists[];
};

export type ClientSnapshot = {
  readonly client: string;
  readonly registeredAt: number;
  readonly revoked: boolean;
  /** Signature schemes (TLS numbers) and public keys in base64url. */
  readonly signatureKeys: readonly { readonly scheme: number; readonly publicKey: string }[];
  readonly offers: readonly Offer[];
};

type Stock = Omit<Offer, "capabilities">;

/** A client that has never uploaded has a row too, of no ciphersuite: an operator looks for those first. */
const NOTHING_YET: Stock = { ciphersuite: 0, available: 0, lastResort: false, nextExpiry: null, needsUpload: true };

function stockOf(snapshot: ClientSnapshot): readonly Stock[] {
  return snapshot.revoked || snapshot.offers.length > 0 ? snapshot.offers : [NOTHING_YET];
}

/** The statements that bring the snapshots into the directory, to be sent as one batch, which is one transaction. */
export function projectionStatements(
  db: D1Database,
  user: string,
  version: number,
  updatedAt: number,
  snapshots: readonly ClientSnapshot[],
): D1PreparedStatement[] {
  const rows = JSON.stringify(
    snapshots.map((snapshot) => ({
      client: snapshot.client,
      registered_at: snapshot.registeredAt,
      revoked: snapshot.revoked ? 1 : 0,
      signature_keys: snapshot.signatureKeys,
      offers: snapshot.offers,
    })),
  );
  const clients = JSON.stringify(snapshots.map((snapshot) => snapshot.client));
  const stock = JSON.stringify(
    snapshots.flatMap((snapshot) =>
      stockOf(snapshot).map((offer) => ({
        client: snapshot.client,
        ciphersuite: offer.ciphersuite,
        available: offer.available,
        last_resort: offer.lastResort ? 1 : 0,
        next_expiry: offer.nextExpiry,
        needs_upload: offer.needsUpload ? 1 : 0,
      })),
    ),
  );
  return [
    db
      .prepare(
        `INSERT INTO users (user, version, updated_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (user) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at
           WHERE excluded.version > users.version`,
      )
      .bind(user, version, updatedAt),
    db
      .prepare(
        `INSERT INTO clients (user, client, version, updated_at, registered_at, revoked, signature_keys, offers)
         SELECT ?1, value ->> 'client', ?2, ?3, value ->> 'registered_at', value ->> 'revoked',
                value -> 'signature_keys', value -> 'offers'
         FROM json_each(?4) WHERE true
         ON CONFLICT (user, client) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at,
           registered_at = excluded.registered_at, revoked = excluded.revoked,
           signature_keys = excluded.signature_keys, offers = excluded.offers
           WHERE excluded.version > clients.version`,
      )
      .bind(user, version, updatedAt, rows),
    // Stock follows its client: only where the client's row has just become, or already was, this version.
    db
      .prepare(
        `DELETE FROM stock WHERE user = ?1 AND client IN (SELECT value FROM json_each(?3))
           AND EXISTS (SELECT 1 FROM clients AS c WHERE c.user = stock.user AND c.client = stock.client AND c.version = ?2)`,
      )
      .bind(user, version, clients),
    db
      .prepare(
        `INSERT INTO stock (user, client, ciphersuite, available, last_resort, next_expiry, needs_upload)
         SELECT c.user, c.client, value ->> 'ciphersuite', value ->> 'available', value ->> 'last_resort',
                value ->> 'next_expiry', value ->> 'needs_upload'
         FROM json_each(?3) JOIN clients AS c ON c.user = ?1 AND c.client = value ->> 'client' AND c.version = ?2`,
      )
      .bind(user, version, stock),
  ];
}
