/**
 * The environment of the Worker, parsed once. Everything that a deployment may choose is in one frozen value, and one
 * that cannot be read closes the whole service: half a configuration is worse than none.
 */
import { CIPHERSUITES, type Ciphersuite, isCiphersuite } from "../mls/ciphersuite.ts";
import { ok, type Result } from "../shared/ok-or-error.ts";
import { readCorsOrigins } from "./cors-origins.ts";
import { type DirectoryBindings, readDirectoryBindings } from "./directory-bindings.ts";
import { readSettings, SettingError, type Settings, type Variables } from "./settings.ts";

/** Whose tokens are accepted, and where its keys come from. */
export type IssuerSettings = {
  readonly issuer: string;
  readonly audience: string;
  /** The claim of a token that names the client. */
  readonly clientClaim: string;
  readonly keys:
    | { readonly from: "url"; readonly url: URL }
    | { readonly from: "setting"; readonly jwks: { readonly keys: readonly object[] } };
};

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
  /** The issuer, or the name of the setting that is missing: without one, every route that needs a token is closed. */
  readonly issuer: Result<IssuerSettings, string>;
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
    issuer: readIssuer(env),
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

/** An empty text counts as not set: wrangler.toml has no other way to take a variable back. */
function textOf(env: Variables, name: string): string | undefined {
  const value = env[name];
  if (value === undefined || value === "") return undefined;
  if (typeof value !== "string") throw new SettingError(name, "must be a text");
  return value;
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

function readIssuer(env: Variables): Result<IssuerSettings, string> {
  const url = textOf(env, "AUTH_JWKS_URL");
  const jwks = textOf(env, "AUTH_JWKS");
  if (url !== undefined && jwks !== undefined) {
    throw new SettingError("AUTH_JWKS_URL", "and AUTH_JWKS are both set; set one");
  }
  const keys = url === undefined ? jwks && readKeys(jwks) : readAddress(url);
  const issuer = textOf(env, "AUTH_ISSUER");
  const audience = textOf(env, "AUTH_AUDIENCE");
  if (issuer === undefined) return { ok: false, error: "AUTH_ISSUER is not set" };
  if (audience === undefined) return { ok: false, error: "AUTH_AUDIENCE is not set" };
  if (!keys) return { ok: false, error: "neither AUTH_JWKS_URL nor AUTH_JWKS is set" };
  return ok({ issuer, audience, keys, clientClaim: textOf(env, "AUTH_CLIENT_CLAIM") ?? "device_id" });
}

/** Plain HTTP is for an issuer on the same machine only. */
function readAddress(text: string): IssuerSettings["keys"] {
  const url = URL.parse(text);
  const isLoopback = url?.hostname === "127.0.0.1" || url?.hostname === "localhost";
  if (!url || !(url.protocol === "https:" || (url.protocol === "http:" && isLoopback))) {
    throw new SettingError("AUTH_JWKS_URL", "is not an https address");
  }
  return { from: "url", url };
}

function readKeys(text: string): IssuerSettings["keys"] {
  const jwks = parse(text) as { readonly keys?: unknown } | null | undefined;
  if (!Array.isArray(jwks?.keys) || !jwks.keys.every((key) => typeof key === "object" && key !== null)) {
    throw new SettingError("AUTH_JWKS", "is not a JWKS");
  }
  return { from: "setting", jwks: { keys: jwks.keys } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
