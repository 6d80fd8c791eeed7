/**
 * The environment of the Worker, parsed once. Everything that a deployment may choose is in one frozen value, and one
 * that cannot be read closes the whole service: half a configuration is worse than none.
 */
import { CIPHERSUITES, type Ciphersuite, isCiphersuite } from "../mls/ciphersuite.ts";
import { ok, type Result } from "../shared/ok-or-error.ts";
import { type IssuerSettings, readIssuers, textOf } from "./auth-settings.ts";
import { readCorsOrigins } from "./cors-origins.ts";
import { type DirectoryBindings, readDirectoryBindings } from "./directory-bindings.ts";
import { type EventSettings, readEventSettings } from "./event-settings.ts";
import { readSettings, SettingError, type Settings, type Variables } from "./settings.ts";

export type CryptoProviderName = "noble" | "webcrypto";

export type Deployment = {
  readonly settings: Settings;
  /** Accepted ciphersuites, the preferred one first. */
  readonly ciphersuites: readonly Ciphersuite[];
  /** The template that a BasicCredential's identity must match; `*` for any. */
  readonly credentialIdentity: string;
  /** Who checks signatures: pure JavaScript or the platform. The verdicts are the same. */
  readonly cryptoProvider: CryptoProviderName;
  /** Origins whose pages may call; none by default. */
  readonly corsOrigins: readonly string[];
  /** The databases of the directory. */
  readonly directory: DirectoryBindings;
  /** Where events about low stock go; undefined for nowhere. */
  readonly events: EventSettings | undefined;
  /** Whose tokens are accepted, or the setting that is missing: without one, every route that needs a token is closed. */
  readonly issuers: Result<readonly IssuerSettings[], string>;
};

/** Parses the whole environment. Throws SettingError for the first setting that cannot be read. */
export function readDeployment(env: Variables): Deployment {
  return Object.freeze({
    settings: readSettings(env),
    ciphersuites: readCiphersuites(textOf(env, "CIPHERSUITES")),
    credentialIdentity: textOf(env, "CREDENTIAL_IDENTITY") ?? "{user}",
    cryptoProvider: readCryptoProvider(textOf(env, "CRYPTO_PROVIDER")),
    corsOrigins: readCorsOrigins(env),
    directory: readDirectoryBindings(env),
    events: readEventSettings(env),
    issuers: readIssuers(env),
  });
}

const deployments = new WeakMap<object, Result<Deployment, SettingError>>();

/**
 * The deployment of an environment, parsed at the first look and remembered with it: an isolate has one environment.
 * Throws the same SettingError each time.
 */
export function deploymentOf(env: object): Deployment {
  const known = deployments.get(env) ?? tryToRead(env as Variables);
  deployments.set(env, known);
  if (!known.ok) throw known.error;
  return known.value;
}

function tryToRead(env: Variables): Result<Deployment, SettingError> {
  try {
    return ok(readDeployment(env));
  } catch (error) {
    if (error instanceof SettingError) return { ok: false, error };
    throw error;
  }
}

function readCiphersuites(text: string | undefined): readonly Ciphersuite[] {
  if (text === undefined) return CIPHERSUITES;
  const suites = text.split(",").map((number) => Number(number.trim()));
  if (!suites.every(isCiphersuite) || new Set(suites).size !== suites.length) {
    throw new SettingError("CIPHERSUITES", "must be a list of different suites of RFC 9420, such as 1,2,3");
  }
  return suites;
}

function readCryptoProvider(text: string | undefined): CryptoProviderName {
  if (text === undefined) return "noble";
  if (text === "noble" || text === "webcrypto") return text;
  throw new SettingError("CRYPTO_PROVIDER", "must be noble or webcrypto");
}
