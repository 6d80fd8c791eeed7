import type { ClientClaim } from "../../../contract/pool-messages.ts";
import { encodeMlsMessage } from "../../../mls/key-package/mls-message.ts";
import { toBase64Url } from "../../../shared/base64url.ts";
import type { ClaimRequest, ClientClaimBody } from "./schemas.ts";

type PackageFormat = NonNullable<ClaimRequest["format"]>;

/** What one client gave, as the wire shows it, with its receipt if there is one. */
export function clientClaimBody(
  claim: ClientClaim,
  format: PackageFormat = "key_package",
  receipts?: ReadonlyMap<string, string>,
): ClientClaimBody {
  if (claim.status === "rate_limited") {
    return { client: claim.client, status: claim.status, retry_after_seconds: claim.retryAfterSeconds };
  }
  if (!("package" in claim)) return { client: claim.client, status: claim.status };
  const { keyPackage } = claim.package;
  const receipt = receipts?.get(claim.client);
  return {
    client: claim.client,
    status: claim.status,
    key_package: toBase64Url(format === "mls_message" ? encodeMlsMessage(keyPackage) : keyPackage),
    key_package_ref: toBase64Url(claim.package.keyPackageRef),
    ciphersuite: claim.package.ciphersuite,
    not_after: claim.package.notAfter,
    ...(receipt === undefined ? {} : { receipt }),
  };
}
