/** What this deployment accepts and promises, in the form that anyone may read. */
import type { Deployment } from "../../../config/deployment.ts";
import * as limits from "../../../config/limits.ts";
import { algorithmNames } from "../../../mls/profile-table.ts";
import type { Policy, ReceiptKeySet } from "./service-schemas.ts";

/** RFC 9420 §17.5. */
const BASIC_CREDENTIAL = 1;
const X509_CREDENTIAL = 2;

export function describePolicy(deployment: Deployment): Policy {
  const { settings, profile, ciphersuites, ciphersuitesLeftOut, credentialIdentity, x509, receipts } = deployment;
  const { pair, ...budgets } = settings.budgets;
  return {
    protocol_versions: ["mls10"],
    ciphersuite_profile: profile.name,
    ciphersuites: ciphersuites.map(({ ciphersuite }) => ciphersuite),
    ciphersuite_algorithms: ciphersuites.map((suite) => ({
      ciphersuite: suite.ciphersuite,
      name: suite.name,
      ...algorithmNames(suite),
    })),
    ciphersuites_left_out: ciphersuitesLeftOut.map(({ ciphersuite, name }) => ({
      ciphersuite,
      name,
      reason: "ML-DSA signatures are not in this build of the service",
    })),
    credential_types: x509 ? [BASIC_CREDENTIAL, X509_CREDENTIAL] : [BASIC_CREDENTIAL],
    credential_identity: credentialIdentity,
    ...(x509 ? { x509_identity: x509.identity } : {}),
    ...(receipts ? { receipts: { issuer: receipts.issuer, given: receipts.always ? "always" : "on_request" } } : {}),
    ...(deployment.takesClaimCapabilities ? { claim_capabilities: true } : {}),
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
      pair: pair ? { burst: pair.burst, per_hour: pair.perHour } : null,
      target_per_hour: budgets.targetPerHour ?? null,
      misses_per_hour: budgets.missesPerHour ?? null,
      unknown_users_per_hour: budgets.unknownUsersPerHour ?? null,
      refusals_per_minute: budgets.refusalsPerMinute ?? null,
      uploads_per_day: budgets.uploadsPerDay ?? null,
      user_uploads_per_day: budgets.userUploadsPerDay ?? null,
      registrations_per_hour: budgets.registrationsPerHour ?? null,
    },
    retention: {
      replay_seconds: settings.retention.replaySeconds,
      journal_seconds: settings.retention.journalSeconds,
    },
  };
}

/** The public halves of all keys of the deployment. RFC 7517 §5, RFC 8037. */
export const receiptKeys = ({ receipts }: Deployment): ReceiptKeySet => ({
  keys: (receipts?.keys ?? []).map(({ kid, x }) => ({ kty: "OKP", crv: "Ed25519", kid, x, alg: "EdDSA", use: "sig" })),
});
