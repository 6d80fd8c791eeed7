/**
 * Whether a claimed package may be used. The directory is not trusted: what it hands out is checked here, by the device
 * that adds the other one to a group.
 */
import {
  BasicCredential,
  type Credential,
  type CryptoProvider,
  type KeyPackage,
  type KeyPackageProblem,
  type Result,
  type SuiteProfile,
  validateKeyPackages,
} from "../../mls/index.ts";
import type { BulkClaimAnswer, ClientClaim } from "../api-types.ts";
import { utf8 } from "../digest.ts";
import { factsOf } from "../package-facts.ts";
import { fromBase64Url, toBase64Url } from "../portable-base64url.ts";

/** Who a package says that it belongs to. */
export type ClaimedIdentity = {
  readonly user: string;
  readonly client: string;
  readonly credential: Credential;
  /** The identity of a basic credential, in UTF-8; undefined for another type. */
  readonly identity: Uint8Array | undefined;
  readonly signatureKey: Uint8Array;
  readonly ciphersuite: number;
};

/** What the application knows of others. */
export type Expectations = {
  /** Whether this is the one that the application means. Without it a basic credential must be the user's name. */
  readonly identity?: (claimed: ClaimedIdentity) => boolean | Promise<boolean>;
  /** The signature key that the client is known by, from an earlier meeting or a safety number; undefined if none. */
  readonly signatureKey?: (claimed: ClaimedIdentity) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
};

export type RejectionReason =
  | "malformed"
  | "unsupported_ciphersuite"
  | "not_requested"
  | "invalid"
  | "expired"
  | "not_yet_valid"
  | "reference_mismatch"
  | "identity_mismatch"
  | "signature_key_mismatch";

/** A package that must not be used. */
export type RejectedPackage = {
  readonly client: string;
  readonly reason: RejectionReason;
  readonly detail: string;
};

/** A package that passed every check. */
export type ClaimedPackage = {
  readonly client: string;
  /** The bare KeyPackage. */
  readonly keyPackage: Uint8Array;
  /** The same in an MLSMessage. */
  readonly mlsMessage: Uint8Array;
  /** Its KeyPackageRef in base64url. */
  readonly ref: string;
  readonly ciphersuite: number;
  /** Others may get the same package: its owner replaces it after its first use. */
  readonly lastResort: boolean;
  /** Unix seconds. */
  readonly notAfter: number;
  readonly signatureKey: Uint8Array;
  /** What the directory signed of it, not verified; undefined where none came. */
  readonly receipt: string | undefined;
  /** Whether `Expectations.signatureKey` knew the key; false is a first meeting. */
  readonly keyWasKnown: boolean;
};

export type VerifyContext = {
  readonly crypto: CryptoProvider;
  readonly expectations: Expectations;
  /** Unix seconds. */
  readonly now: number;
  /** What the claim asked for; undefined if it left that to the directory. */
  readonly ciphersuites: readonly number[] | undefined;
  /** What the numbers of suites mean. */
  readonly profile: SuiteProfile;
};

/** A client that gave nothing, and why. */
export type ClientWithout = {
  readonly client: string;
  readonly status: Exclude<ClientClaim["status"], "claimed" | "last_resort">;
  readonly retryAfterSeconds: number | undefined;
};

/** What the directory answered of a user. */
export type ClaimedAnswer = Omit<BulkClaimAnswer["users"][number], "clients"> & {
  readonly clients: readonly ClientClaim[];
  /** Whether it is the answer of an earlier try under the same key. */
  readonly replayed: boolean;
};

export type Claimed = {
  readonly user: string;
  readonly status: BulkClaimAnswer["users"][number]["status"];
  /** Verified. One for each client that gave a good one. */
  readonly packages: readonly ClaimedPackage[];
  /** What was handed out and must not be used. */
  readonly rejected: readonly RejectedPackage[];
  readonly without: readonly ClientWithout[];
  /** The answer of an earlier try under the same key. */
  readonly replayed: boolean;
};

/**
 * Checks form, signatures, lifetime, suite, reference, signature key and identity, in this order, of all that was given.
 * Signatures are verified together, which is faster.
 */
export async function verifyClaimed(
  context: VerifyContext,
  answers: readonly ClaimedAnswer[],
): Promise<readonly Claimed[]> {
  const given = answers.flatMap(({ clients }) => clients.filter(hasGiven));
  // Where the text is not base64url, no bytes are judged: they are not a KeyPackage either.
  const bytes = given.map((claim) => fromBase64Url(claim.key_package) ?? new Uint8Array());
  const results = new Map((await validateKeyPackages(bytes, context)).map((result, index) => [given[index], result]));
  const claimed: Claimed[] = [];
  // One after the other, because an application may ask a person whether a key is the right one.
  for (const { user, status, clients, replayed } of answers) {
    const packages: ClaimedPackage[] = [];
    const rejected: RejectedPackage[] = [];
    const without: ClientWithout[] = [];
    for (const claim of clients) {
      const result = results.get(claim);
      const verdict = result && (await verdictOn(context, user, claim, result));
      if (!verdict) without.push(withoutPackage(claim));
      else if ("reason" in verdict) rejected.push(verdict);
      else packages.push(verdict);
    }
    claimed.push({ user, status, packages, rejected, without, replayed });
  }
  return claimed;
}

const withoutPackage = ({ client, status, retry_after_seconds: retryAfterSeconds }: ClientClaim): ClientWithout => ({
  client,
  status: status as ClientWithout["status"],
  retryAfterSeconds,
});

const hasGiven = ({ status }: ClientClaim): boolean => status === "claimed" || status === "last_resort";

async function verdictOn(
  { crypto, expectations, ciphersuites }: VerifyContext,
  user: string,
  claim: ClientClaim,
  result: Result<KeyPackage, KeyPackageProblem>,
): Promise<ClaimedPackage | RejectedPackage> {
  const { client, key_package_ref: namedRef, receipt } = claim;
  const reject = (reason: RejectionReason, detail: string): RejectedPackage => ({ client, reason, detail });
  if (!result.ok) return reject(reasonOf(result.error), `${result.error.code}: ${result.error.message}`);
  const keyPackage = result.value;
  const facts = await factsOf(keyPackage, crypto);
  const { ref, ciphersuite, signatureKey } = facts;
  if (ciphersuites?.includes(ciphersuite) === false) {
    return reject("not_requested", `expected a ciphersuite of ${ciphersuites.join()}, got ${ciphersuite}`);
  }
  if ((namedRef ?? ref) !== ref) return reject("reference_mismatch", `expected ${ref}, got ${namedRef}`);
  const credential = keyPackage.leafNode().credential();
  const identity = BasicCredential.fromCredential(credential)?.identity();
  const claimed = { user, client, credential, identity, signatureKey, ciphersuite };
  const known = await expectations.signatureKey?.(claimed);
  if (known !== undefined && !sameBytes(known, signatureKey)) {
    return reject("signature_key_mismatch", "its signature key is not the one that the client is known by");
  }
  if (!(await (expectations.identity ?? isNamedAsTheUser)(claimed))) {
    return reject("identity_mismatch", "its credential is not the one expected");
  }
  return {
    ...facts,
    client,
    keyPackage: keyPackage.bytes,
    mlsMessage: keyPackage.toMlsMessage(),
    receipt,
    keyWasKnown: known !== undefined,
  };
}

function reasonOf(error: KeyPackageProblem): RejectionReason {
  if ("offset" in error) return "malformed";
  if ("ciphersuite" in error) return "unsupported_ciphersuite";
  if ("lifetime" in error) return error.lifetime.code === "Expired" ? "expired" : "not_yet_valid";
  return "invalid";
}

const isNamedAsTheUser = ({ identity, user }: ClaimedIdentity): boolean =>
  identity !== undefined && sameBytes(identity, utf8(user));

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => toBase64Url(a) === toBase64Url(b);
