import { toHex } from "../mls/codec/byte-strings.ts";
import { CredentialType } from "../mls/codec/code-points.ts";
import type { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import type { X509Identity, X509Verifier } from "../mls/x509/x509-verifier.ts";
import { type AdmissionRefusal, refusalOfX509Error } from "./admission-refusal.ts";
import type { AdmissionContext } from "./policy.ts";

export type CertificateVerdict =
  | { readonly ok: false; readonly refusal: AdmissionRefusal }
  /** When the certificates end, in unix seconds. */
  | { readonly ok: true; readonly notAfter: number };

/** The verdict on each package with an x509 credential, where the policy takes those. Each credential is verified once. */
export async function verifyCertificates(
  signed: readonly KeyPackageIn[],
  context: AdmissionContext,
): Promise<ReadonlyMap<KeyPackageIn, CertificateVerdict>> {
  const { x509 } = context.policy;
  const verdicts = new Map<KeyPackageIn, CertificateVerdict>();
  if (x509 === undefined) return verdicts;
  const known = new Map<string, CertificateVerdict>();
  for (const received of signed) {
    const { leafNode } = received.unverified();
    if (leafNode.credential().credentialType() !== CredentialType.X509) continue;
    const { signatureScheme } = received.suite();
    // Packages of one batch have one client's chain and key, as a rule.
    const name = `${signatureScheme}:${toHex(leafNode.signatureKey().asSlice())}:${toHex(leafNode.credential().serializedContent())}`;
    const verdict = known.get(name) ?? (await certificateVerdict(received, x509, context));
    known.set(name, verdict);
    verdicts.set(received, verdict);
  }
  return verdicts;
}

async function certificateVerdict(
  received: KeyPackageIn,
  x509: X509Verifier,
  { publisher, now }: AdmissionContext,
): Promise<CertificateVerdict> {
  const { leafNode } = received.unverified();
  const { signatureScheme } = received.suite();
  const signatureKey = leafNode.signatureKey().asSlice();
  const verified = await x509({ credential: leafNode.credential(), signatureScheme, signatureKey, now });
  if (!verified.ok) return { ok: false, refusal: refusalOfX509Error(verified.error) };
  const refusal = nameRefusal(verified.value, publisher);
  return refusal === undefined ? { ok: true, notAfter: verified.value.notAfter } : { ok: false, refusal };
}

const MAX_SHOWN_NAMES = 4;

function nameRefusal(
  { alternativeNames }: X509Identity,
  { alternativeName }: AdmissionContext["publisher"],
): AdmissionRefusal | undefined {
  if (alternativeName === undefined) return undefined;
  const { type, value } = alternativeName;
  if (alternativeNames.some((name) => name.type === type && name.value === value)) return undefined;
  const shown = alternativeNames.slice(0, MAX_SHOWN_NAMES).map((name) => `${name.type}:${name.value}`);
  const got = `the alternative names ${JSON.stringify(shown)}`;
  return { code: "credential_identity_mismatch", expected: `${type}:${value}`, got };
}
