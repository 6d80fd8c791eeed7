import type { ClientClaim } from "../../../contract/pool-messages.ts";
import { toBase64Url } from "../../../shared/base64url.ts";
import type { ClientClaimBody } from "./schemas.ts";

/** What one client gave, as the wire shows it. */
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
