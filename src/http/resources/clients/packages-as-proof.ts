/**
 * KeyPackages as proof that a client holds the signature keys that it registers, for MLS implementations that sign nothing
 * but what MLS has. A package is signed by the key and names in its credential for whom it was made; so it proves as much
 * as a signature over the registration where that name is one of user and client.
 */
import { admit } from "../../../admission/admit.ts";
import { REGISTRATION_PACKAGE_AGE_SECONDS } from "../../../config/limits.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { admissionContext, type PublishDeps } from "../key-packages/publish-batch.ts";
import type { NamedKey } from "./registered-keys.ts";

/**
 * Refuses as `possession_unproven` the first package that is not valid, not of this user and client, or not made just
 * now. One that others have seen proves the same for a while, to a caller with a token of that very
 * client, as a proof does that is sent again.
 */
export async function checkPackages(
  deps: Pick<PublishDeps, "deployment" | "crypto" | "x509" | "now">,
  { user, client, keys }: { readonly user: string; readonly client: string; readonly keys: readonly NamedKey[] },
): Promise<Result<void>> {
  const { credentialIdentity, x509 } = deps.deployment;
  if (!namesBoth(credentialIdentity)) {
    const detail = `expected signed_at and proofs, since identities here (${credentialIdentity}) do not name user and client, got packages alone`;
    return refuse("possession_unproven", detail);
  }
  const packages = keys.map(({ keyPackage }) => keyPackage ?? new Uint8Array());
  // A certificate that names less than both proves nothing here.
  const certificates = x509?.name && namesBoth(x509.name.template) ? deps.x509 : undefined;
  const context = admissionContext({ ...deps, x509: certificates }, { user, client }, keys);
  const verdicts = await admit(packages, context);
  for (const [index, verdict] of verdicts.entries()) {
    const pointer = keys[index]?.pointer;
    if (!verdict.ok) return refuse("possession_unproven", `${pointer}: ${verdict.code}: ${verdict.detail}`);
    const age = context.now - verdict.keyPackage.notBefore;
    if (age <= REGISTRATION_PACKAGE_AGE_SECONDS) continue;
    const detail = `${pointer}: expected a not_before at most ${REGISTRATION_PACKAGE_AGE_SECONDS} seconds ago, got ${age}`;
    return refuse("possession_unproven", detail);
  }
  return ok(undefined);
}

const namesBoth = (template: string): boolean => template.includes("{user}") && template.includes("{client}");
