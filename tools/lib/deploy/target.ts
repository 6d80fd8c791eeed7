/** What is deployed where: the part of wrangler.toml that belongs to an environment, and the settings given beside it. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "smol-toml";
import { SETTING_NAMES } from "../../../src/config/settings.ts";
import { CONSOLE_SETTINGS } from "../pages/console-sign-in.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

const OTHER_SETTINGS = [
  "AUTH_ISSUER",
  "AUTH_AUDIENCE",
  "AUTH_JWKS_URL",
  "AUTH_JWKS",
  "AUTH_CLIENT_CLAIM",
  "AUTH_ALGORITHMS",
  "AUTH_DEFAULT_SCOPES",
  "AUTH_ISSUERS",
  "AUTH_SCOPE_CLAIMS",
  "AUTH_TOKEN_TYP",
  "AUTH_USER_CLAIM",
  "CIPHERSUITE_PROFILE",
  "CIPHERSUITES",
  "CLAIM_CAPABILITIES",
  "CORS_ORIGINS",
  "CREDENTIAL_IDENTITY",
  "CRYPTO_PROVIDER",
  "DIRECTORY_BINDINGS",
  "DIRECTORY_FORMER_BINDINGS",
  "EVENTS_EXPIRING_SECONDS",
  "EVENTS_WEBHOOK_URL",
  "POOL_JURISDICTION",
  "POOL_LOCATION_HINT",
  "RECEIPT_ISSUER",
  "RECEIPTS",
  "UNLISTED_GREASE",
  "ACTIVITY_COUNTS",
  "WELCOME_ROUTES",
  "X509_IDENTITY",
  "X509_INTERMEDIATES",
  "X509_TRUST_ANCHORS",
] as const;

/** Every setting that is no secret. */
export const DEPLOYED_SETTINGS: readonly string[] = [...SETTING_NAMES, ...OTHER_SETTINGS];

/** What `wrangler secret put` sets there, and the environment of a self-hosted directory. */
export const SECRET_SETTINGS: readonly string[] = ["EVENTS_WEBHOOK_SECRETS", "RECEIPT_KEYS"];

const KNOWN: ReadonlySet<string> = new Set([...DEPLOYED_SETTINGS, ...CONSOLE_SETTINGS]);

const isOfPages = (name: string): boolean => (CONSOLE_SETTINGS as readonly string[]).includes(name);

export type Target = {
  /** Undefined for the top of wrangler.toml, which the Deploy button uses. */
  readonly environment: string | undefined;
  readonly worker: string;
  /** D1 databases: the binding and the name under which the account knows it. */
  readonly databases: readonly { readonly binding: string; readonly name: string }[];
  /** Settings beside those of wrangler.toml, which they override. */
  readonly settings: Readonly<Record<string, string>>;
  /** Settings that the pages are built with. The Worker has no use for them. */
  readonly pages: Readonly<Record<string, string>>;
};

type Section = {
  readonly name: string;
  readonly d1_databases: readonly { readonly binding: string; readonly database_name: string }[];
};
type Config = Section & { readonly env: Readonly<Record<string, Section>> };

/** Throws with the environments that there are, or with the setting that is not known. */
export function readTarget(
  environment: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Target {
  const config = parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8")) as unknown as Config;
  const section = environment === undefined ? config : config.env[environment];
  if (!section) {
    throw new Error(`--env must be one of ${Object.keys(config.env).join(", ")}, not ${environment}`);
  }
  const file = `deploy.${environment ?? "default"}.env`;
  const fromEnvironment = Object.entries(variables).filter(([name, value]) => KNOWN.has(name) && value);
  const given = Object.entries({
    ...(existsSync(join(ROOT, file)) ? readSettingsFile(file, readFileSync(join(ROOT, file), "utf8")) : {}),
    ...(Object.fromEntries(fromEnvironment) as Record<string, string>),
  });
  return {
    environment,
    worker: section.name,
    databases: section.d1_databases.map(({ binding, database_name }) => ({ binding, name: database_name })),
    settings: Object.fromEntries(given.filter(([name]) => !isOfPages(name))),
    pages: Object.fromEntries(given.filter(([name]) => isOfPages(name))),
  };
}

/** Lines NAME=value; an empty line and one that begins with # say nothing. A name that no setting has is refused. */
export function readSettingsFile(file: string, text: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (name === undefined || value === undefined) throw new Error(`${file}, line ${index + 1}: expected NAME=value`);
    if (!KNOWN.has(name))
      throw new Error(`${file}, line ${index + 1}: ${name} is not a setting (README.md lists them)`);
    settings[name] = value;
  }
  return settings;
}
