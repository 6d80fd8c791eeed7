/** Records that look to the pool like admitted packages: it checks no signature, so none is made. */
import type { AdmittedKeyPackage } from "../../src/contract/admitted-key-package.ts";

/** What a package of suite 1 with a basic credential has. */
const PACKAGE_BYTES = 330;
const KEY_BYTES = 32;
const LIFETIME_SECONDS = 30 * 24 * 3_600;
const ED25519 = 0x0807;

export function syntheticKeyPackage(signatureKey: Uint8Array): AdmittedKeyPackage {
  const random = crypto.getRandomValues(new Uint8Array(3 * KEY_BYTES + PACKAGE_BYTES));
  return {
    ref: random.slice(0, KEY_BYTES),
    initKey: random.slice(KEY_BYTES, 2 * KEY_BYTES),
    encryptionKey: random.slice(2 * KEY_BYTES, 3 * KEY_BYTES),
    bytes: random.slice(3 * KEY_BYTES),
    ciphersuite: 1,
    signatureScheme: ED25519,
    signatureKey,
    notBefore: Math.floor(Date.now() / 1000) - 3_600,
    notAfter: Math.floor(Date.now() / 1000) + LIFETIME_SECONDS,
    lastResort: false,
    capabilities: { extensions: [], proposals: [], credentials: [1] },
  };
}
