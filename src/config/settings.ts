/**
 * What a deployment may change, read from the environment of the Worker. Names are those of wrangler.toml [vars].
 * An unreadable number is a fault of the deployment and named as such; it never falls back in silence.
 */
import * as limits from "./limits.ts";

/** A setting that cannot be read: its name and what is wrong with it. */
export class SettingError extends Error {
  readonly setting: string;
  constructor(setting: string, fault: string) {
    super(`setting ${setting} ${fault}`);
    this.name = "SettingError";
    this.setting = setting;
  }
}

export type StockSettings = {
  readonly targetPackages: number;
  readonly capPackages: number;
  readonly lowWatermarkPackages: number;
};

/** A budget that is `undefined` is switched off. What each one bounds is said in limits.ts, beside its default. */
export type BudgetSettings = {
  readonly pair: { readonly burst: number; readonly perHour: number } | undefined;
  readonly targetPerHour: number | undefined;
  readonly missesPerHour: number | undefined;
  readonly refusalsPerMinute: number | undefined;
  readonly uploadsPerDay: number | undefined;
  readonly userUploadsPerDay: number | undefined;
  readonly registrationsPerHour: number | undefined;
  readonly unknownUsersPerHour: number | undefined;
};

export type RetentionSettings = { readonly replaySeconds: number; readonly journalSeconds: number };

export type Settings = {
  readonly maxKeyPackagesPerRequest: number;
  readonly maxKeyPackageBytes: number;
  readonly maxBodyBytes: number;
  readonly maxTotalLifetimeSeconds: number | undefined;
  readonly uploadClockSkewSeconds: number;
  readonly uploadBackdatingSeconds: number;
  /** The least that the restore epoch can be, in unix seconds; 0 for none. */
  readonly restoreEpoch: number;
  readonly minRemainingLifetimeSeconds: number;
  readonly stock: StockSettings;
  readonly budgets: BudgetSettings;
  readonly retention: RetentionSettings;
};

/** Every setting of this file by its name in the environment. */
export const SETTING_NAMES = [
  "MAX_KEY_PACKAGES_PER_REQUEST",
  "MAX_KEY_PACKAGE_BYTES",
  "MAX_BODY_BYTES",
  "MAX_TOTAL_LIFETIME_SECONDS",
  "UPLOAD_CLOCK_SKEW_SECONDS",
  "UPLOAD_BACKDATING_SECONDS",
  "RESTORE_EPOCH",
  "MIN_REMAINING_LIFETIME_SECONDS",
  "STOCK_TARGET",
  "STOCK_CAP",
  "STOCK_LOW_WATERMARK",
  "PAIR_BUDGET_BURST",
  "PAIR_BUDGET_PER_HOUR",
  "TARGET_BUDGET_PER_HOUR",
  "MISS_BUDGET_PER_HOUR",
  "REFUSAL_BUDGET_PER_MINUTE",
  "UPLOAD_BUDGET_PER_DAY",
  "USER_UPLOAD_BUDGET_PER_DAY",
  "REGISTRATION_BUDGET_PER_HOUR",
  "UNKNOWN_USER_BUDGET_PER_HOUR",
  "REPLAY_RETENTION_SECONDS",
  "JOURNAL_RETENTION_SECONDS",
] as const;

type SettingName = (typeof SETTING_NAMES)[number];

/** The environment as plain strings: what `env` of a Worker holds for each of [vars]. */
export type Variables = Readonly<Record<string, unknown>>;

/**
 * Reads every number of the deployment. Throws SettingError for one that cannot be read. `ordinaryKeyPackageBytes` is what
 * an ordinary package of the largest accepted suite has: unless it is set, a request takes as many as fit into its body.
 * Who takes no requests leaves it out.
 */
export function readSettings(env: Variables, ordinaryKeyPackageBytes = 0): Settings {
  const count = (name: SettingName, fallback: number) => readCount(env, name, fallback);
  /** What divides: none a minute would be a wait without end. */
  const rate = (name: SettingName, fallback: number) => {
    const value = count(name, fallback);
    if (value === 0) throw new SettingError(name, "must be at least 1");
    return value;
  };
  const optional = (name: SettingName, fallback: number) => (env[name] === "off" ? undefined : rate(name, fallback));
  const burst = optional("PAIR_BUDGET_BURST", limits.PAIR_BUDGET_BURST_CLAIMS);
  return {
    maxKeyPackagesPerRequest: count(
      "MAX_KEY_PACKAGES_PER_REQUEST",
      packagesThatFit(count("MAX_BODY_BYTES", limits.MAX_BODY_BYTES), ordinaryKeyPackageBytes),
    ),
    maxKeyPackageBytes: count("MAX_KEY_PACKAGE_BYTES", limits.MAX_KEY_PACKAGE_BYTES),
    maxBodyBytes: count("MAX_BODY_BYTES", limits.MAX_BODY_BYTES),
    maxTotalLifetimeSeconds: optional("MAX_TOTAL_LIFETIME_SECONDS", limits.MAX_TOTAL_LIFETIME_SECONDS),
    uploadClockSkewSeconds: count("UPLOAD_CLOCK_SKEW_SECONDS", limits.UPLOAD_CLOCK_SKEW_SECONDS),
    uploadBackdatingSeconds: count("UPLOAD_BACKDATING_SECONDS", limits.UPLOAD_BACKDATING_SECONDS),
    restoreEpoch: count("RESTORE_EPOCH", 0),
    minRemainingLifetimeSeconds: count("MIN_REMAINING_LIFETIME_SECONDS", limits.MIN_REMAINING_LIFETIME_SECONDS),
    stock: {
      targetPackages: count("STOCK_TARGET", limits.STOCK_TARGET_PACKAGES),
      capPackages: count("STOCK_CAP", limits.STOCK_CAP_PACKAGES),
      lowWatermarkPackages: count("STOCK_LOW_WATERMARK", limits.LOW_WATERMARK_PACKAGES),
    },
    budgets: {
      pair:
        burst === undefined
          ? undefined
          : { burst, perHour: rate("PAIR_BUDGET_PER_HOUR", limits.PAIR_BUDGET_CLAIMS_PER_HOUR) },
      targetPerHour: optional("TARGET_BUDGET_PER_HOUR", limits.TARGET_BUDGET_CLAIMS_PER_HOUR),
      missesPerHour: optional("MISS_BUDGET_PER_HOUR", limits.MISS_BUDGET_CLAIMS_PER_HOUR),
      uploadsPerDay: optional("UPLOAD_BUDGET_PER_DAY", limits.UPLOAD_BUDGET_PACKAGES_PER_DAY),
      userUploadsPerDay: optional("USER_UPLOAD_BUDGET_PER_DAY", limits.USER_UPLOAD_BUDGET_PACKAGES_PER_DAY),
      registrationsPerHour: optional("REGISTRATION_BUDGET_PER_HOUR", limits.REGISTRATION_BUDGET_PER_HOUR),
      unknownUsersPerHour: optional("UNKNOWN_USER_BUDGET_PER_HOUR", limits.UNKNOWN_USER_BUDGET_PER_HOUR),
      refusalsPerMinute: optional("REFUSAL_BUDGET_PER_MINUTE", limits.REFUSAL_BUDGET_PACKAGES_PER_MINUTE),
    },
    retention: {
      replaySeconds: count("REPLAY_RETENTION_SECONDS", limits.REPLAY_RETENTION_SECONDS),
      journalSeconds: count("JOURNAL_RETENTION_SECONDS", limits.JOURNAL_RETENTION_SECONDS),
    },
  };
}

/** Each is sent in base64url, in quotation marks, and after a comma. */
function packagesThatFit(bodyBytes: number, packageBytes: number): number {
  const fitting = Math.floor(bodyBytes / (Math.ceil((packageBytes * 4) / 3) + 3));
  return Math.max(1, Math.min(limits.MAX_KEY_PACKAGES_PER_REQUEST, fitting));
}

/** The whole number that is set under `name`. Throws SettingError for anything else. */
export function readCount(env: Variables, name: string, fallback: number): number {
  const value = env[name];
  if (value === undefined || value === "") return fallback;
  if (typeof value !== "string" || !/^[0-9]{1,15}$/.test(value)) throw new SettingError(name, "must be a whole number");
  return Number(value);
}
