/**
 * Receipts of one directory that cannot all be true. Whoever holds two of them can show anybody that the directory has
 * given its word for both. They must have been verified; this looks at what they say.
 */
import type { ClaimBody, Receipt } from "./receipt.ts";

/**
 * - `given_twice`: two claims got the same one-time package.
 * - `kind_changed`: one claim got a package as one-time, another the same as a last resort.
 * - `package_changed`: the same reference with another client, registration, suite, signature key or expiry.
 * - `key_changed`: one registration of a client with two signature keys of one scheme, or without one that it had.
 * - `claim_reused`: one number of a claim for two claimers, times or registrations, or two packages of one client and suite.
 * - `claims_out_of_order`: a claim is later than one with a higher number.
 * - `in_stock_after_given`: a one-time package is called in stock after it was given.
 * - `given_after_revocation`, `in_stock_after_revocation`, `registered_after_revocation`: a package of a registration was
 *   given or in stock, or its keys were taken, after that registration had ended.
 * - `revoked_twice`: one registration has two ends.
 * - `registrations_overlap`: a registration was in force after the next one of the client had begun.
 */
export type ContradictionCode =
  | "given_twice"
  | "kind_changed"
  | "package_changed"
  | "key_changed"
  | "claim_reused"
  | "claims_out_of_order"
  | "in_stock_after_given"
  | "given_after_revocation"
  | "in_stock_after_revocation"
  | "registered_after_revocation"
  | "revoked_twice"
  | "registrations_overlap";

export type Contradiction = {
  readonly code: ContradictionCode;
  /** Places of the two in the list that was compared. */
  readonly between: readonly [number, number];
  readonly detail: string;
};

/**
 * Every contradiction between two receipts of the list, those of different directories apart. A receipt that is there
 * twice, as after a replay or a key rotation, contradicts nothing. The work grows with the square of the list.
 */
export function contradictions(receipts: readonly Receipt[]): readonly Contradiction[] {
  return receipts.flatMap((first, i) =>
    receipts
      .slice(i + 1)
      .flatMap((second, j) =>
        between(first, second).map(([code, detail]) => ({ code, between: [i, i + 1 + j] as const, detail })),
      ),
  );
}

type Found = readonly [code: ContradictionCode, detail: string];

/** References, clients and claims are those of one user: what two users upload is theirs to answer for. */
function between(a: Receipt, b: Receipt): readonly Found[] {
  if (a.body.iss !== b.body.iss || a.body.sub !== b.body.sub) return [];
  return [
    ...(a.kind === "claim" && b.kind === "claim" ? ofTwoClaims(a.body, b.body) : []),
    ...packageChanged(a, b),
    ...keyChanged(a, b),
    ...overlap(a, b),
    ...inStockAfterGiven(a, b),
    ...inStockAfterGiven(b, a),
    ...afterRevocation(a, b),
    ...afterRevocation(b, a),
    ...revokedTwice(a, b),
  ];
}

function ofTwoClaims(a: ClaimBody, b: ClaimBody): readonly Found[] {
  if (a.claim !== b.claim) return [...outOfOrder(a, b), ...givenTwice(a, b)];
  const reused = reusedBy(a, b);
  return [
    ...(reused === undefined ? [] : [["claim_reused", `claim ${a.claim} of ${a.sub} has two ${reused}`] as const]),
    ...givenTwice(a, b),
  ];
}

function givenTwice(a: ClaimBody, b: ClaimBody): readonly Found[] {
  if (a.key_package_ref !== b.key_package_ref) return [];
  if (a.use !== b.use) return [["kind_changed", "the package is a one-time package and a last resort"]];
  if (a.use === "last_resort" || a.claim === b.claim) return [];
  return [["given_twice", `the package was given by the claims ${a.claim} and ${b.claim}`]];
}

/** What one claim has one of only. A bundle is several packages of one client, each of another suite. */
function reusedBy(a: ClaimBody, b: ClaimBody): string | undefined {
  if (claimerOf(a) !== claimerOf(b)) return "claimers";
  if (a.iat !== b.iat) return "times";
  if (a.client !== b.client) return undefined;
  if (areTwo(a.registered_at, b.registered_at)) return "registrations of a client";
  const isSuite = a.ciphersuite === b.ciphersuite;
  return isSuite && a.key_package_ref !== b.key_package_ref ? "packages of a client and suite" : undefined;
}

/** The number of a claim never goes back. */
function outOfOrder(a: ClaimBody, b: ClaimBody): readonly Found[] {
  const [first, second] = a.claim < b.claim ? [a, b] : [b, a];
  if (!isLater(first, second)) return [];
  const detail = `claim ${first.claim} was made at ${first.iat}, and claim ${second.claim} at ${second.iat}`;
  return [["claims_out_of_order", detail]];
}

/**
 * What a reference, being a hash of the package, can have one of only; and a client and its registration, for a package is
 * uploaded to one and never taken again.
 */
const FIXED = [
  "client",
  "registered_at",
  "ciphersuite",
  "signature_scheme",
  "signature_key_sha256",
  "not_after",
] as const;

type OfPackage = Pick<ClaimBody, "client"> & Partial<Pick<ClaimBody, (typeof FIXED)[number]>>;

function packageChanged(a: Receipt, b: Receipt): readonly Found[] {
  const [refs, others] = [refsOf(a), new Set(refsOf(b))];
  if (!refs.some((ref) => others.has(ref))) return [];
  const [one, other] = [ofPackage(a), ofPackage(b)];
  const changed = FIXED.find((name) => areTwo(one[name], other[name]));
  if (changed === undefined) return [];
  return [["package_changed", `${changed} of the package is ${one[changed]} and ${other[changed]}`]];
}

function refsOf({ kind, body }: Receipt): readonly string[] {
  if (kind === "claim") return [body.key_package_ref];
  return kind === "publication" ? body.key_package_refs : [];
}

/** What a receipt says of each package that it names. */
function ofPackage({ kind, body }: Receipt): OfPackage {
  return kind === "claim" ? body : { client: body.client, registered_at: body.registered_at };
}

const claimerOf = ({ aud, claimer_client, capability_sha256 }: ClaimBody): string =>
  JSON.stringify([aud, claimer_client, capability_sha256]);

/** Of a registration: a scheme that has a key keeps it until the registration ends. */
function keyChanged(a: Receipt, b: Receipt): readonly Found[] {
  if (!isSameRegistration(a, b)) return [];
  const [of, and] = [keysOf(a), keysOf(b)];
  const scheme = Object.keys(of).find((name) => Object.hasOwn(and, name) && of[name] !== and[name]);
  if (scheme !== undefined) return [["key_changed", `the ${scheme} key of one registration is two keys`]];
  const lost = lostKey(a, b) ?? lostKey(b, a);
  return lost === undefined ? [] : [["key_changed", `the registration had an ${lost} key, and has none later`]];
}

/** A registration's receipt names all keys that it has by then. Keys are added, and none is taken away. */
function lostKey(earlier: Receipt, later: Receipt): string | undefined {
  if (later.kind !== "registration" || !isLater(later.body, earlier.body)) return undefined;
  return Object.keys(keysOf(earlier)).find((name) => !Object.hasOwn(later.body.signature_keys_sha256, name));
}

function keysOf(receipt: Receipt): Readonly<Record<string, string>> {
  if (receipt.kind === "registration") return receipt.body.signature_keys_sha256;
  if (receipt.kind !== "claim") return {};
  return { [receipt.body.signature_scheme]: receipt.body.signature_key_sha256 };
}

/** Whether both are about one registration of one client: no two registrations of a client have the same time. */
const isSameRegistration = ({ body: a }: Receipt, { body: b }: Receipt): boolean =>
  a.client === b.client && a.registered_at !== undefined && a.registered_at === b.registered_at;

/** A client has one registration at a time: the next begins when the one before has ended. */
function overlap({ body: a }: Receipt, { body: b }: Receipt): readonly Found[] {
  const [old, next] = (a.registered_at ?? 0) < (b.registered_at ?? 0) ? [a, b] : [b, a];
  if (a.client !== b.client || !areTwo(old.registered_at, next.registered_at)) return [];
  if (!isLater(old, { iat: next.registered_at ?? 0 })) return [];
  const detail = `the registration of ${old.registered_at} was in force at ${old.iat}, and the next had begun at ${next.registered_at}`;
  return [["registrations_overlap", detail]];
}

function inStockAfterGiven(claim: Receipt, stock: Receipt): readonly Found[] {
  if (claim.kind !== "claim" || claim.body.use !== "one_time" || stock.kind !== "publication") return [];
  const isNamed = stock.body.key_package_refs.includes(claim.body.key_package_ref);
  if (!isNamed || !isLater(stock.body, claim.body)) return [];
  return [["in_stock_after_given", `the package was given at ${claim.body.iat} and in stock at ${stock.body.iat}`]];
}

const AFTER_REVOCATION = {
  claim: ["given_after_revocation", "gave a package"],
  publication: ["in_stock_after_revocation", "had packages in stock"],
  registration: ["registered_after_revocation", "was registered"],
} as const;

function afterRevocation(ended: Receipt, other: Receipt): readonly Found[] {
  if (ended.kind !== "revocation" || other.kind === "revocation" || !isSameRegistration(ended, other)) return [];
  if (!isLater(other.body, ended.body)) return [];
  const [code, what] = AFTER_REVOCATION[other.kind];
  return [[code, `the registration ended at ${ended.body.iat}, and the client ${what} under it at ${other.body.iat}`]];
}

/** A client that is revoked once more is said to have ended when it did, with nothing left to purge. */
function revokedTwice(a: Receipt, b: Receipt): readonly Found[] {
  if (a.kind !== "revocation" || b.kind !== "revocation" || !isSameRegistration(a, b)) return [];
  const [one, other] = [a.body, b.body];
  if (one.iat !== other.iat) return [["revoked_twice", `the registration ended at ${one.iat} and at ${other.iat}`]];
  if (one.purged === other.purged || one.purged === 0 || other.purged === 0) return [];
  return [["revoked_twice", `the end purged ${one.purged} packages and ${other.purged}`]];
}

/** Receipts without a member, such as those of records of an earlier version, say nothing about it. */
const areTwo = (a: unknown, b: unknown): boolean => a !== undefined && b !== undefined && a !== b;

type At = Pick<ClaimBody, "iat">;

/** What came before what is said only where the times are further apart than the clocks of two machines may be. */
const isLater = (a: At, b: At): boolean => a.iat > b.iat + TOLERATED_CLOCK_SECONDS;

const TOLERATED_CLOCK_SECONDS = 300;
