import { type ClaimedPackage, type ClientClaim, packagesOf } from "../../../contract/claim-messages.ts";
import { encodeMlsMessage } from "../../../mls/key-package/mls-message.ts";
import { toBase64Url } from "../../../shared/base64url.ts";
import type { ReceiptsByRef } from "../../receipts/receipts.ts";
import type { ClaimRequest, ClientClaimBody } from "./claim-schemas.ts";

type PackageFormat = NonNullable<ClaimRequest["format"]>;

/** What one client gave, as the wire shows it, with the receipts that there are: of a bundle a list, even where only one is wanted. */
export function clientClaimBody(
  claim: ClientClaim,
  { format, bundle }: ClaimRequest = {},
  receipts?: ReceiptsByRef,
): ClientClaimBody {
  if (claim.status === "rate_limited") {
    return { client: claim.client, status: claim.status, retry_after_seconds: claim.retryAfterSeconds };
  }
  const packages = packagesOf(claim).map((one) => packageBody(one, format, receipts));
  return {
    client: claim.client,
    status: claim.status,
    ...(bundle && packages.length > 0 ? { packages } : packages[0]),
  };
}

function packageBody(
  { keyPackage, keyPackageRef, ciphersuite, notAfter }: ClaimedPackage,
  format: PackageFormat = "key_package",
  receipts?: ReceiptsByRef,
) {
  const ref = toBase64Url(keyPackageRef);
  const receipt = receipts?.get(ref);
  return {
    key_package: toBase64Url(format === "mls_message" ? encodeMlsMessage(keyPackage) : keyPackage),
    key_package_ref: ref,
    ciphersuite,
    not_after: notAfter,
    ...(receipt === undefined ? {} : { receipt }),
  };
}
