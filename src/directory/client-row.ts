/** A client as the directory keeps it: one short row, whatever the client supports. */
import { MAX_DIRECTORY_CAPABILITY_BYTES } from "../config/limits.ts";
import type { CapabilityLists } from "../contract/capability-lists.ts";

export type SignatureKeyText = { readonly scheme: number; readonly publicKey: string };

type Stock = {
  readonly ciphersuite: number;
  readonly available: number;
  readonly lastResort: boolean;
  /** Unix seconds of the package that expires first; null with nothing in stock. */
  readonly nextExpiry: number | null;
  readonly needsUpload: boolean;
};

/** What a client has for one ciphersuite, as its pool tells it. */
export type SnapshotOffer = Stock & {
  /** Places in the snapshot's `capabilities`. */
  readonly capabilities: readonly number[];
};

/** A client at one version of its pool. */
export type ClientSnapshot = {
  readonly client: string;
  readonly registeredAt: number;
  /** Undefined for one that is registered. */
  readonly revokedAt: number | undefined;
  /** Signature schemes (TLS numbers) and public keys in base64url. */
  readonly signatureKeys: readonly SignatureKeyText[];
  readonly offers: readonly SnapshotOffer[];
  /** The different sets of capabilities among the packages in stock, those of the newest packages first. */
  readonly capabilities: readonly CapabilityLists[];
};

/** What other clients may learn of a client without taking a package. */
export type Offer = Stock & {
  /** The different sets of capabilities among the packages in stock. */
  readonly capabilities: readonly CapabilityLists[];
  /** False if there are more sets than the directory keeps: those of the oldest packages are left out. */
  readonly capabilitiesComplete: boolean;
};

export type ClientColumns = {
  readonly signature_keys: string;
  readonly stock: string;
  readonly capabilities: string;
  readonly next_expiry: number | null;
  readonly shortage: number | null;
};

/** How badly off a client is, by the ciphersuite that is worst off: the values of the column `shortage`. */
export const SHORTAGE = { low: 1, lastResortOnly: 2, exhausted: 3 } as const;

type StoredKey = readonly [scheme: number, publicKey: string];
type StoredSet = readonly [extensions: readonly number[], proposals: readonly number[], credentials: readonly number[]];
type StoredStock = readonly [
  ciphersuite: number,
  available: number,
  lastResort: 0 | 1,
  nextExpiry: number | null,
  needsUpload: 0 | 1,
  capabilities: readonly number[],
  incomplete?: 1,
];

/** The ciphersuite of a client that has never uploaded: it has a row too, since an operator looks for those first. */
export const NO_CIPHERSUITE = 0;
const NOTHING_YET: SnapshotOffer = {
  ciphersuite: NO_CIPHERSUITE,
  available: 0,
  lastResort: false,
  nextExpiry: null,
  needsUpload: true,
  capabilities: [],
};

/** The columns of a snapshot. They are bounded, however much the packages list. */
export function columnsOf(snapshot: ClientSnapshot): ClientColumns {
  const isEmpty = snapshot.offers.length === 0 && snapshot.revokedAt === undefined;
  const offers = isEmpty ? [NOTHING_YET] : snapshot.offers;
  const { kept, sets } = boundedSets(snapshot.capabilities);
  const expiries = offers.flatMap(({ nextExpiry }) => (nextExpiry === null ? [] : [nextExpiry]));
  return {
    signature_keys: JSON.stringify(
      snapshot.signatureKeys.map(({ scheme, publicKey }): StoredKey => [scheme, publicKey]),
    ),
    stock: JSON.stringify(
      offers.map((offer): StoredStock => {
        const places = offer.capabilities.flatMap((place) => kept.get(place) ?? []);
        const stored = [
          offer.ciphersuite,
          offer.available,
          offer.lastResort ? 1 : 0,
          offer.nextExpiry,
          offer.needsUpload ? 1 : 0,
          places,
        ] as const;
        return places.length === offer.capabilities.length ? stored : [...stored, 1];
      }),
    ),
    capabilities: `[${sets.join(",")}]`,
    next_expiry: expiries.length > 0 ? Math.min(...expiries) : null,
    shortage: offers.reduce<number | null>((worst, offer) => worseOf(worst, shortageOf(offer)), null),
  };
}

/** The newest sets that fit, as JSON, and the new place of each by its old one. */
function boundedSets(all: readonly CapabilityLists[]) {
  const kept = new Map<number, number>();
  const sets: string[] = [];
  let left = MAX_DIRECTORY_CAPABILITY_BYTES;
  for (const [place, { extensions, proposals, credentials }] of all.entries()) {
    const text = JSON.stringify([extensions, proposals, credentials] satisfies StoredSet);
    if (text.length + 1 > left) continue;
    left -= text.length + 1;
    kept.set(place, sets.length);
    sets.push(text);
  }
  return { kept, sets };
}

function shortageOf({ available, lastResort, needsUpload }: Stock): number | null {
  if (available === 0) return lastResort ? SHORTAGE.lastResortOnly : SHORTAGE.exhausted;
  return needsUpload ? SHORTAGE.low : null;
}

const worseOf = (a: number | null, b: number | null): number | null => (b === null || (a ?? 0) > b ? a : b);

/** The keys and offers of a row. */
export function fromColumns(row: Pick<ClientColumns, "signature_keys" | "stock" | "capabilities">): {
  readonly signatureKeys: readonly SignatureKeyText[];
  readonly offers: readonly Offer[];
} {
  const sets = (JSON.parse(row.capabilities) as StoredSet[]).map(([extensions, proposals, credentials]) => ({
    extensions,
    proposals,
    credentials,
  }));
  const stock = (JSON.parse(row.stock) as StoredStock[]).filter(([ciphersuite]) => ciphersuite !== NO_CIPHERSUITE);
  return {
    signatureKeys: (JSON.parse(row.signature_keys) as StoredKey[]).map(([scheme, publicKey]) => ({
      scheme,
      publicKey,
    })),
    offers: stock.map(([ciphersuite, available, lastResort, nextExpiry, needsUpload, places, incomplete]) => ({
      ciphersuite,
      available,
      lastResort: lastResort === 1,
      nextExpiry,
      needsUpload: needsUpload === 1,
      capabilities: places.flatMap((place) => sets[place] ?? []),
      capabilitiesComplete: incomplete === undefined,
    })),
  };
}
