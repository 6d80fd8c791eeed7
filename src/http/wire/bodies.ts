/** From what the pool answers to what the wire shows. */
import type * as z from "zod/mini";
import { readSettings } from "../../config/settings.ts";
import type { ClientClaim, ClientView, SuiteInventory } from "../../contract/pool-messages.ts";
import type { SignatureScheme } from "../../mls/ciphersuite.ts";
import { signatureSchemeName } from "../../mls/ciphersuite.ts";
import { toBase64Url } from "../../shared/base64url.ts";
import type { Bindings } from "../bindings.ts";
import type { ClientClaimBody } from "../resources/claims/schemas.ts";
import { acceptedCiphersuites } from "../resources/service/policy.ts";
import type { inventory, signatureKeys } from "./schemas.ts";

type InventoryBody = z.infer<typeof inventory>;

/** Zeros are sent: a client that stocked nothing yet sees every suite of the policy at zero. */
export function inventoryBody(env: Bindings, suites: readonly SuiteInventory[]): InventoryBody {
  if (suites.length === 0) return acceptedCiphersuites(env).map((ciphersuite) => emptySuite(env, ciphersuite));
  return suites.map((suite) => ({
    ciphersuite: suite.ciphersuite,
    available: suite.available,
    last_resort: suite.lastResort,
    next_expiry: suite.nextExpiry ?? null,
    target: suite.target,
    low_watermark: suite.lowWatermark,
    needs_upload: suite.needsUpload,
  }));
}

function emptySuite(env: Bindings, ciphersuite: number): InventoryBody[number] {
  const { stock } = readSettings(env);
  return {
    ciphersuite,
    available: 0,
    last_resort: false,
    next_expiry: null,
    target: stock.targetPackages,
    low_watermark: stock.lowWatermarkPackages,
    needs_upload: stock.lowWatermarkPackages > 0,
  };
}

/** Keys by the name of their scheme in RFC 8446. */
export function signatureKeysBody(
  keys: readonly { readonly scheme: number; readonly publicKey: Uint8Array | string }[],
): z.infer<typeof signatureKeys> {
  return Object.fromEntries(
    keys.map(({ scheme, publicKey }) => [
      signatureSchemeName(scheme as SignatureScheme),
      typeof publicKey === "string" ? publicKey : toBase64Url(publicKey),
    ]),
  );
}

export function clientViewBody(env: Bindings, { registration, inventory }: ClientView) {
  return {
    client: registration.client,
    registered_at: registration.registeredAt,
    signature_keys: signatureKeysBody(registration.signatureKeys),
    inventory: inventoryBody(env, inventory),
  };
}

export function clientClaimBody(claim: ClientClaim): ClientClaimBody {
  if (claim.status === "rate_limited") {
    return { client: claim.client, status: claim.status, retry_after_seconds: claim.retryAfterSeconds };
  }
  if (!("package" in claim)) return { client: claim.client, status: claim.status };
  return {
    client: claim.client,
    status: claim.status,
    key_package: toBase64Url(claim.package.keyPackage),
    key_package_ref: toBase64Url(claim.package.keyPackageRef),
    ciphersuite: claim.package.ciphersuite,
    not_after: claim.package.notAfter,
  };
}
