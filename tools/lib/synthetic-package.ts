/**
 * Records that look to a pool like packages that its Worker has admitted: the pool checks no signature, so none is made.
 * Runs in workerd too.
 */
import type { AdmittedKeyPackage } from "../../src/contract/admitted-key-package.ts";
import { unixSeconds } from "../../src/shared/time.ts";

/** What a package of suite 1 with a basic credential has. */
const PACKAGE_BYTES = 330;
const KEY_BYTES = 32;
const BACKDATED_SECONDS = 3_600;
const LIFETIME_SECONDS = 30 * 24 * 3_600;

export const ED25519 = 0x0807;

export function syntheticKeyPackage(
  signatureKey: Uint8Array,
  { now = unixSeconds(Date.now()), lifetimeSeconds = LIFETIME_SECONDS, lastResort = false } = {},
): AdmittedKeyPackage {
  const random = crypto.getRandomValues(new Uint8Array(3 * KEY_BYTES + PACKAGE_BYTES));
  return {
    ref: random.slice(0, KEY_BYTES),
    initKey: random.slice(KEY_BYTES, 2 * KEY_BYTES),
    encryptionKey: random.slice(2 * KEY_BYTES, 3 * KEY_BYTES),
    bytes: random.slice(3 * KEY_BYTES),
    ciphersuite: 1,
    signatureScheme: ED25519,
    signatureKey,
    notBefore: now - BACKDATED_SECONDS,
    notAfter: now + lifetimeSeconds,
    lastResort,
    capabilities: { extensions: [], proposals: [], credentials: [1] },
  };
}
