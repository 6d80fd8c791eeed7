/**
 * Whether a claimed package may be used. The directory is not trusted: what it hands out is checked here, by the device
 * that adds the other one to a group.
 */
import {
  BasicCredential,
  type Credential,
  type CryptoProvider,
  KeyPackageIn,
  ProtocolVersion,
  type SuiteProfile,
} from "../mls/index.ts";
import type { ClientClaim } from "./api-types.ts";
import { fromBase64Url, toBase64Url } from "./portable-base64url.ts";

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

export type Verdict =
  | { readonly ok: true; readonly value: ClaimedPackage }
  | { readonly ok: false; readonly error: RejectedPackage };

/** Checks form, suite, signatures, lifetime, reference, signature key and identity, in this order. */
export async function verifyClaimed(context: VerifyContext, user: string, claim: ClientClaim): Promise<Verdict> {
  const { client } = claim;
  const reject = (reason: RejectionReason, detail: string): Verdict => ({
    ok: false,
    error: { client, reason, detail },
  });
  const bytes = claim.key_package === undefined ? undefined : fromBase64Url(claim.key_package);
  if (!bytes) return reject("malformed", "expected a KeyPackage in base64url");
  const decoded = KeyPackageIn.fromBytes(bytes, context.profile);
  if (!decoded.ok) {
    const known = decoded.error.code !== "UnknownCiphersuite";
    return reject(known ? "malformed" : "unsupported_ciphersuite", decoded.error.message);
  }
  const { ciphersuite } = decoded.value.unverified();
  if (context.ciphersuites !== undefined && !context.ciphersuites.includes(ciphersuite)) {
    return reject("not_requested", `expected a ciphersuite of ${context.ciphersuites.join()}, got ${ciphersuite}`);
  }
  if (!context.crypto.supports(decoded.value.suite())) {
    return reject("unsupported_ciphersuite", `ciphersuite ${ciphersuite} is not supported by the crypto provider`);
  }
  const valid = await decoded.value.validate(context.crypto, ProtocolVersion.Mls10, { now: context.now });
  if (!valid.ok) {
    const { error } = valid;
    if (error.code !== "LifetimeError") return reject("invalid", `${error.code}: ${error.message}`);
    return reject(error.lifetime.code === "Expired" ? "expired" : "not_yet_valid", error.message);
  }
  const keyPackage = valid.value;
  const bare = keyPackage.tlsSerialize();
  const ref = toBase64Url((await keyPackage.hashRef(context.crypto)).asSlice());
  if (claim.key_package_ref !== undefined && claim.key_package_ref !== ref) {
    return reject("reference_mismatch", `expected ${ref}, got ${claim.key_package_ref}`);
  }
  const credential = keyPackage.leafNode().credential();
  const signatureKey = keyPackage.leafNode().signatureKey().asSlice();
  const claimed = {
    user,
    client,
    credential,
    identity: BasicCredential.fromCredential(credential)?.identity(),
    signatureKey,
    ciphersuite,
  };
  const { identity: isExpected = isNamedAsTheUser, signatureKey: knownKey } = context.expectations;
  const known = await knownKey?.(claimed);
  if (known !== undefined && !sameBytes(known, signatureKey)) {
    return reject("signature_key_mismatch", "its signature key is not the one that the client is known by");
  }
  if (!(await isExpected(claimed))) return reject("identity_mismatch", "its credential is not the one expected");
  return {
    ok: true,
    value: {
      client,
      keyPackage: bare,
      mlsMessage: keyPackage.toMlsMessage(),
      ref,
      ciphersuite,
      lastResort: keyPackage.lastResort(),
      notAfter: Number(keyPackage.lifeTime().notAfter),
      signatureKey,
      receipt: claim.receipt,
      keyWasKnown: known !== undefined,
    },
  };
}

const isNamedAsTheUser = ({ identity, user }: ClaimedIdentity): boolean =>
  identity !== undefined && sameBytes(identity, new TextEncoder().encode(user));

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
