/** What the environment of `npm start` sets, and how the settings that come of it are told. */
import { type BudgetSettings, SETTING_NAMES } from "../../src/config/settings.ts";

const TEXT_SETTINGS = [
  "CREDENTIAL_IDENTITY",
  "CIPHERSUITE_PROFILE",
  "CIPHERSUITES",
  "CLAIM_CAPABILITIES",
  "CORS_ORIGINS",
  "CRYPTO_PROVIDER",
  "DIRECTORY_BINDINGS",
  "DIRECTORY_FORMER_BINDINGS",
  "EVENTS_EXPIRING_SECONDS",
  "EVENTS_WEBHOOK_SECRETS",
  "EVENTS_WEBHOOK_URL",
  "RECEIPT_ISSUER",
  "RECEIPT_KEYS",
  "RECEIPTS",
  "UNLISTED_GREASE",
  "ACTIVITY_COUNTS",
  "WELCOME_ROUTES",
  "X509_IDENTITY",
  "X509_INTERMEDIATES",
  "X509_TRUST_ANCHORS",
] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Every setting that the environment names, but those of token issuers. */
export function settingsOf(environment: Environment): Record<string, string> {
  return chosen(environment, (name) => ([...SETTING_NAMES, ...TEXT_SETTINGS] as readonly string[]).includes(name));
}

/** The settings of a token issuer of one's own (`AUTH_…`); undefined if there is none of them. */
export function issuerOf(environment: Environment): Record<string, string> | undefined {
  const settings = chosen(environment, (name) => name.startsWith("AUTH_"));
  return Object.keys(settings).length > 0 ? settings : undefined;
}

function chosen(environment: Environment, isChosen: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && isChosen(name) ? [[name, value]] : [],
    ),
  );
}

/** The budgets in force, in a line. */
export function budgetsInForce(budgets: BudgetSettings): string {
  const { pair } = budgets;
  const bounds: readonly (readonly [name: string, bound: string | undefined])[] = [
    ["claims of a user on a client", pair && `${pair.burst}, then ${pair.perHour} per hour`],
    ["claims on a client", perHour(budgets.targetPerHour)],
    ["claims in vain", perHour(budgets.missesPerHour)],
    ["claims for unknown users", perHour(budgets.unknownUsersPerHour)],
    ["refused packages", budgets.refusalsPerMinute && `${budgets.refusalsPerMinute} per minute`],
    ["uploads of a client", perDay(budgets.uploadsPerDay)],
    ["uploads of a user", perDay(budgets.userUploadsPerDay)],
    ["registrations", perHour(budgets.registrationsPerHour)],
  ].map(([name, bound]) => [String(name), bound === undefined ? undefined : String(bound)]);
  const on = bounds.flatMap(([name, bound]) => (bound === undefined ? [] : [`${name} ${bound}`]));
  const off = bounds.flatMap(([name, bound]) => (bound === undefined ? [name] : []));
  return `Budgets in force: ${on.join("; ") || "none"}.${off.length > 0 ? ` Off: ${off.join(", ")}.` : ""}`;
}

const perHour = (count: number | undefined) => (count === undefined ? undefined : `${count} per hour`);
const perDay = (count: number | undefined) => (count === undefined ? undefined : `${count} per day`);
