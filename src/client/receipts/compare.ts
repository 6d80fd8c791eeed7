/**
 * Receipts of one directory that cannot all be true. Whoever holds two of them can show anybody that the directory has
 * given its word for both. They must have been verified; this looks at what they say.
 */
import type { ClaimBody, Receipt } from "./receipt.ts";

/**
 * - `given_twice`: two claims got the same one-time package.
 * - `kind_changed`: one claim got a package as one-time, another the same as a last resort.
 * - `package_changed`: the same reference with another client, suite, signature key or expiry.
 * - `key_changed`: one registration of a client with two signature keys of one scheme.
 * - `claim_reused`: one number of a claim for two claimers.
 * - `in_stock_after_given`: a one-time package is called in stock after it was given.
 * - `given_after_revocation`: a package of a registration was given after that registration had ended.
 */
export type ContradictionCode =
  | "given_twice"
  | "kind_changed"
  | "package_changed"
  | "key_changed"
  | "claim_reused"
  | "in_stock_after_given"
  | "given_after_revocation";

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

function between(a: Receipt, b: Receipt): readonly Found[] {
  if (a.body.iss !== b.body.iss) return [];
  const keys = keyChanged(a, b);
  if (a.kind === "claim" && b.kind === "claim") return [...ofTwoClaims(a.body, b.body), ...keys];
  const claim = a.kind === "claim" ? a.body : b.kind === "claim" ? b.body : undefined;
  const other = a.kind === "claim" ? b : a;
  return claim === undefined ? keys : [...keys, ...afterwards(claim, other)];
}

function ofTwoClaims(a: ClaimBody, b: ClaimBody): readonly Found[] {
  // References are unique for one user: what two users upload is theirs to answer for.
  if (a.sub !== b.sub) return [];
  const isSameClaim = a.claim === b.claim;
  const found: Found[] = [];
  if (isSameClaim && claimerOf(a) !== claimerOf(b)) {
    found.push(["claim_reused", `claim ${a.claim} of ${a.sub} was made by two claimers`]);
  }
  if (a.key_package_ref !== b.key_package_ref) return found;
  const changed = FIXED.find((name) => a[name] !== b[name]);
  if (changed !== undefined) {
    found.push(["package_changed", `${changed} of the package is ${a[changed]} and ${b[changed]}`]);
  }
  if (a.use !== b.use) found.push(["kind_changed", "the package is a one-time package and a last resort"]);
  else if (a.use === "one_time" && !isSameClaim) {
    found.push(["given_twice", `the package was given by the claims ${a.claim} and ${b.claim}`]);
  }
  return found;
}

/** What a reference, being a hash of the package, can have one of only; and a client, for it is uploaded to one. */
const FIXED = ["client", "ciphersuite", "signature_scheme", "signature_key_sha256", "not_after"] as const;

const claimerOf = ({ aud, claimer_client, capability_sha256 }: ClaimBody): string =>
  JSON.stringify([aud, claimer_client, capability_sha256]);

/** Of a registration: a scheme that has a key keeps it until the registration ends. */
function keyChanged(a: Receipt, b: Receipt): readonly Found[] {
  if (!isSameRegistration(a, b)) return [];
  const [of, and] = [keysOf(a), keysOf(b)];
  const scheme = Object.keys(of).find((name) => Object.hasOwn(and, name) && of[name] !== and[name]);
  return scheme === undefined ? [] : [["key_changed", `the ${scheme} key of one registration is two keys`]];
}

function keysOf(receipt: Receipt): Readonly<Record<string, string>> {
  if (receipt.kind === "registration") return receipt.body.signature_keys_sha256;
  if (receipt.kind !== "claim") return {};
  return { [receipt.body.signature_scheme]: receipt.body.signature_key_sha256 };
}

/** Whether both are about one registration of one client: no two registrations of a client have the same time. */
function isSameRegistration({ body: a }: Receipt, { body: b }: Receipt): boolean {
  const isSame = a.sub === b.sub && a.client === b.client && a.registered_at === b.registered_at;
  return isSame && a.registered_at !== undefined;
}

/** What came before what is said only where the times are further apart than the clocks of two machines may be. */
function afterwards(claim: ClaimBody, other: Receipt): readonly Found[] {
  if (claim.sub !== other.body.sub) return [];
  if (other.kind === "publication") {
    const isNamed = other.body.key_package_refs.includes(claim.key_package_ref);
    if (!isNamed || claim.use !== "one_time" || other.body.iat <= claim.iat + TOLERATED_CLOCK_SECONDS) return [];
    return [["in_stock_after_given", `the package was given at ${claim.iat} and in stock at ${other.body.iat}`]];
  }
  if (other.kind !== "revocation" || !isSameRegistration({ kind: "claim", body: claim }, other)) return [];
  if (claim.iat <= other.body.iat + TOLERATED_CLOCK_SECONDS) return [];
  return [["given_after_revocation", `the client ended at ${other.body.iat}, and gave a package at ${claim.iat}`]];
}

const TOLERATED_CLOCK_SECONDS = 300;
