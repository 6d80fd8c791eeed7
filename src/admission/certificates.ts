import { CredentialType } from "../mls/codec/code-points.ts";
import type { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import { type AdmissionRefusal, refusalOfX509Error } from "./admission-refusal.ts";
import type { AdmissionContext } from "./policy.ts";

/** Refusals of packages whose x509 credential is not accepted, or names another identity. */
export async function verifyCertificates(
  signed: readonly KeyPackageIn[],
  context: AdmissionContext,
): Promise<Map<KeyPackageIn, AdmissionRefusal>> {
  const refusals = new Map<KeyPackageIn, AdmissionRefusal>();
  for (const received of signed) {
    const refusal = await certificateRefusal(received, context);
    if (refusal !== undefined) refusals.set(received, refusal);
  }
  return refusals;
}

const MAX_SHOWN_NAMES = 4;

async function certificateRefusal(
  received: KeyPackageIn,
  { policy, publisher, now }: AdmissionContext,
): Promise<AdmissionRefusal | undefined> {
  const { leafNode } = received.unverified();
  const credential = leafNode.credential();
  if (credential.credentialType() !== CredentialType.X509 || policy.x509 === undefined) return undefined;
  const { signatureScheme } = received.suite();
  const signatureKey = leafNode.signatureKey().asSlice();
  const verified = await policy.x509({ credential, signatureScheme, signatureKey, now });
  if (!verified.ok) return refusalOfX509Error(verified.error);
  const { identity } = publisher;
  const names = verified.value.alternativeNames.map(({ value }) => value);
  if (identity === undefined || names.includes(identity)) return undefined;
  const got = `the alternative names ${JSON.stringify(names.slice(0, MAX_SHOWN_NAMES))}`;
  return { code: "credential_identity_mismatch", expected: identity, got };
}
