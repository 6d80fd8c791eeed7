/**
 * The environment of the Worker, parsed once. Everything that a deployment may choose is in one frozen value, and one
 * that cannot be read closes the whole service: half a configuration is worse than none.
 */
import { type CiphersuiteInfo, isMlDsa } from "../mls/ciphersuite.ts";
import { readProfile } from "../mls/profile-table.ts";
import { RFC_9420, type SuiteProfile, suiteOf } from "../mls/suite-profile.ts";
import { ok, type Result } from "../shared/ok-or-error.ts";
import { countsActivity } from "./activity-setting.ts";
import { choiceOf, type IssuerSettings, readIssuers, textOf } from "./auth-settings.ts";
import { readCorsOrigins } from "./cors-origins.ts";
import { type DirectoryBindings, readDirectoryBindings } from "./directory-bindings.ts";
import { type EventSettings, readEventSettings } from "./event-settings.ts";
import { ORDINARY_KEY_PACKAGE_REST_BYTES } from "./limits.ts";
import type { ReceiptSettings } from "./receipt-settings.ts";
import { readSettings, SettingError, type Settings, type Variables } from "./settings.ts";
import { X509_SETTINGS, type X509Settings } from "./x509-settings.ts";

export type CryptoProviderName = "noble" | "webcrypto";

export type Deployment = {
  readonly settings: Settings;
  /** What the numbers of ciphersuites mean here. */
  readonly profile: SuiteProfile;
  /** Accepted ciphersuites, the preferred one first. */
  readonly ciphersuites: readonly CiphersuiteInfo[];
  /** Those of the profile that are not accepted because this build of the Worker cannot check them. */
  readonly ciphersuitesLeftOut: readonly CiphersuiteInfo[];
  /** The template that a BasicCredential's identity must match; `*` for any. */
  readonly credentialIdentity: string;
  /** Whether a KeyPackage may have GREASE among its extensions that its capabilities do not list. */
  readonly toleratesUnlistedGrease: boolean;
  /** Whether it is counted for operators who claims, is claimed from and is refused, and how much of that there is. */
  readonly countsActivity: boolean;
  /** Whether claims may ask for routes of what they are given, which are then kept until the packages end. */
  readonly keepsRoutes: boolean;
  /** Which X.509 credentials are accepted; undefined for none. */
  readonly x509: X509Settings | undefined;
  /** Who checks signatures: pure JavaScript or the platform. The verdicts are the same. */
  readonly cryptoProvider: CryptoProviderName;
  /** Origins whose pages may call; none by default. */
  readonly corsOrigins: readonly string[];
  /** The databases of the directory. */
  readonly directory: DirectoryBindings;
  /** Where events about low stock go; undefined for nowhere. */
  readonly events: EventSettings | undefined;
  /** Whether owners may let others claim without a token. */
  readonly takesClaimCapabilities: boolean;
  /** How receipts are signed; undefined where none are. */
  readonly receipts: ReceiptSettings | undefined;
  /** Whose tokens are accepted, or the setting that is missing: without one, every route that needs a token is closed. */
  readonly issuers: Result<readonly IssuerSettings[], string>;
};

/** What a build of the Worker has beside what every one has: code that most deployments do not need. */
export type Build = {
  /** ML-DSA signatures, which some post-quantum suites have. */
  readonly mlDsa: boolean;
  /** Reads which X.509 credentials are accepted; undefined in a build that accepts none. */
  readonly x509: ((env: Variables) => X509Settings | undefined) | undefined;
  /** Claims with capabilities in place of tokens. */
  readonly claimCapabilities: boolean;
  /** Reads how receipts are signed; undefined in a build that signs none. */
  readonly receipts: ((env: Variables) => ReceiptSettings | undefined) | undefined;
};

/** That of src/worker.ts. */
export const PLAIN_BUILD: Build = { mlDsa: false, x509: undefined, claimCapabilities: false, receipts: undefined };

/** Parses the whole environment. Throws SettingError for the first setting that cannot be read. */
export function readDeployment(env: Variables, build: Build = PLAIN_BUILD): Deployment {
  const profile = readCiphersuiteProfile(textOf(env, "CIPHERSUITE_PROFILE"));
  const ciphersuites = readCiphersuites(textOf(env, "CIPHERSUITES"), profile, build);
  const isOutOfReach = (suite: CiphersuiteInfo) => !isCheckable(suite, build);
  return Object.freeze({
    settings: readSettings(env, Math.max(...ciphersuites.map(ordinaryKeyPackageBytes))),
    profile,
    ciphersuites,
    ciphersuitesLeftOut: profile.suites.filter(isOutOfReach),
    credentialIdentity: textOf(env, "CREDENTIAL_IDENTITY") ?? "{user}",
    toleratesUnlistedGrease: choiceOf(env, "UNLISTED_GREASE", ["refuse", "accept"], "refuse") === "accept",
    countsActivity: countsActivity(env),
    keepsRoutes: choiceOf(env, "WELCOME_ROUTES", ["off", "on-request"], "off") === "on-request",
    x509: readX509(env, build),
    cryptoProvider: choiceOf(env, "CRYPTO_PROVIDER", ["noble", "webcrypto"], "noble"),
    corsOrigins: readCorsOrigins(env),
    directory: readDirectoryBindings(env),
    events: readEventSettings(env),
    takesClaimCapabilities: readClaimCapabilities(env, build),
    receipts: readReceipts(env, build),
    issuers: readIssuers(env),
  });
}

const deployments = new WeakMap<object, Result<Deployment, SettingError>>();

/**
 * The deployment of an environment, parsed at the first look and remembered with it: an isolate has one environment and
 * one build.
 * Throws the same SettingError each time.
 */
export function deploymentOf(env: object, build: Build = PLAIN_BUILD): Deployment {
  const known = deployments.get(env) ?? tryToRead(env as Variables, build);
  deployments.set(env, known);
  if (!known.ok) throw known.error;
  return known.value;
}

function tryToRead(env: Variables, build: Build): Result<Deployment, SettingError> {
  try {
    return ok(readDeployment(env, build));
  } catch (error) {
    if (error instanceof SettingError) return { ok: false, error };
    throw error;
  }
}

function readX509(env: Variables, build: Build): X509Settings | undefined {
  if (build.x509) return build.x509(env);
  const setting = X509_SETTINGS.find((name) => textOf(env, name));
  if (setting === undefined) return undefined;
  throw new SettingError(setting, "is set, and this build has no X.509: set main to src/worker-full.ts");
}

function readReceipts(env: Variables, build: Build): ReceiptSettings | undefined {
  if (build.receipts) return build.receipts(env);
  if (textOf(env, "RECEIPT_KEYS") === undefined) return undefined;
  throw new SettingError("RECEIPT_KEYS", "is set, and this build signs no receipts: set main to src/worker-full.ts");
}

/** A package of the suite with a basic credential and a client's usual capabilities. */
const ordinaryKeyPackageBytes = (suite: CiphersuiteInfo): number =>
  2 * suite.kemPublicKeyBytes +
  suite.signaturePublicKeyBytes +
  2 * suite.signatureMaxBytes +
  ORDINARY_KEY_PACKAGE_REST_BYTES;

function readCiphersuiteProfile(text: string | undefined): SuiteProfile {
  const profile = text === undefined ? ok(RFC_9420) : readProfile(text);
  if (!profile.ok) throw new SettingError("CIPHERSUITE_PROFILE", profile.error);
  return profile.value;
}

const isCheckable = ({ signatureScheme }: CiphersuiteInfo, build: Build): boolean =>
  build.mlDsa || !isMlDsa(signatureScheme);

/** All that can be checked, unless the deployment chooses among the numbers of its profile. */
function readCiphersuites(text: string | undefined, profile: SuiteProfile, build: Build): readonly CiphersuiteInfo[] {
  if (text === undefined) return profile.suites.filter((suite) => isCheckable(suite, build));
  const numbers = text.split(",").map((number) => Number(number.trim()));
  const suites = numbers.map((number) => suiteOf(profile, number)).filter((suite) => suite !== undefined);
  if (suites.length !== numbers.length || new Set(numbers).size !== numbers.length) {
    const fault = `must be a list of different suites of the profile ${profile.name}, such as 1,2,3`;
    throw new SettingError("CIPHERSUITES", fault);
  }
  const outOfReach = suites.find((suite) => !isCheckable(suite, build));
  if (outOfReach !== undefined) {
    const fault = `has ${outOfReach.ciphersuite}, whose signatures (ML-DSA) this build of the Worker cannot check: set main to src/worker-full.ts`;
    throw new SettingError("CIPHERSUITES", fault);
  }
  return suites;
}

function readClaimCapabilities(env: Variables, build: Build): boolean {
  if (choiceOf(env, "CLAIM_CAPABILITIES", ["on", "off"], "off") === "off") return false;
  if (build.claimCapabilities) return true;
  throw new SettingError("CLAIM_CAPABILITIES", "is on, and this build takes none: set main to src/worker-full.ts");
}
