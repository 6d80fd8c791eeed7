/** What this deployment accepts: suites and credentials, beside the numbers of settings.ts. */
import * as limits from "../../../config/limits.ts";
import { readSettings, SettingError } from "../../../config/settings.ts";
import { CIPHERSUITES, type Ciphersuite, isCiphersuite } from "../../../mls/ciphersuite.ts";
import type { Bindings } from "../../bindings.ts";
import type { Policy } from "./schemas.ts";

/** RFC 9420 §17.5: basic is 1. */
const BASIC_CREDENTIAL = 1;

/** Accepted ciphersuites, the preferred one first. Throws SettingError for a list that cannot be read. */
export function acceptedCiphersuites(env: Pick<Bindings, "CIPHERSUITES">): readonly Ciphersuite[] {
  if (!env.CIPHERSUITES) return CIPHERSUITES;
  const suites = env.CIPHERSUITES.split(",").map((text) => Number(text.trim()));
  if (!suites.every(isCiphersuite) || new Set(suites).size !== suites.length) {
    throw new SettingError("CIPHERSUITES", "a list of different suites of RFC 9420, such as 1,2,3");
  }
  return suites;
}

/** The template that a BasicCredential's identity must match; `*` for any. */
export const credentialIdentity = (env: Pick<Bindings, "CREDENTIAL_IDENTITY">): string =>
  env.CREDENTIAL_IDENTITY || "{user}";

/** All of it in the form that everybody may read. */
export function describePolicy(env: Bindings): Policy {
  const settings = readSettings(env);
  const { pair, targetPerHour, refusalsPerMinute } = settings.budgets;
  return {
    protocol_versions: ["mls10"],
    ciphersuites: [...acceptedCiphersuites(env)],
    credential_types: [BASIC_CREDENTIAL],
    credential_identity: credentialIdentity(env),
    limits: {
      key_packages_per_request: settings.maxKeyPackagesPerRequest,
      key_package_bytes: settings.maxKeyPackageBytes,
      body_bytes: settings.maxBodyBytes,
      users_per_claim: limits.MAX_USERS_PER_CLAIM,
      refs_per_request: limits.MAX_REFS_PER_REQUEST,
      identifier_bytes: limits.MAX_IDENTIFIER_BYTES,
      clients_per_user: limits.MAX_CLIENTS_PER_USER,
    },
    lifetime: {
      max_total_seconds: settings.maxTotalLifetimeSeconds ?? null,
      upload_clock_skew_seconds: settings.uploadClockSkewSeconds,
      min_remaining_at_claim_seconds: settings.minRemainingLifetimeSeconds,
    },
    stock: {
      target: settings.stock.targetPackages,
      cap: settings.stock.capPackages,
      low_watermark: settings.stock.lowWatermarkPackages,
    },
    budgets: {
      pair: pair ? { burst: pair.burst, per_minute: pair.perMinute } : null,
      target_per_hour: targetPerHour ?? null,
      refusals_per_minute: refusalsPerMinute ?? null,
    },
    retention: {
      replay_seconds: settings.retention.replaySeconds,
      journal_seconds: settings.retention.journalSeconds,
    },
  };
}
