import type { Deployment } from "../../config/deployment.ts";
import { SettingError } from "../../config/settings.ts";
import { ANCHORS, INTERMEDIATES, type X509Settings } from "../../config/x509-settings.ts";
import { OwnCertificateError } from "../../mls/x509/own-certificate-error.ts";
import type { X509Verifier } from "../../mls/x509/x509-verifier.ts";
import type { Extras } from "../extras.ts";

/** Verifiers, not promises of one: in workerd a request must not wait for what another has begun. */
const verifiers = new WeakMap<X509Settings, X509Verifier>();

/**
 * The verifier of the deployment, made when the first package is published; undefined where X.509 is off. Rejects with
 * SettingError for a certificate that cannot be read: to know that takes the library, which is not loaded with the
 * settings.
 */
export async function x509VerifierOf(
  { x509 }: Deployment,
  { x509Verifier }: Pick<Extras, "x509Verifier">,
): Promise<X509Verifier | undefined> {
  if (x509 === undefined || x509Verifier === undefined) return undefined;
  const known = verifiers.get(x509);
  if (known !== undefined) return known;
  try {
    const made = await x509Verifier(x509);
    verifiers.set(x509, made);
    return made;
  } catch (error) {
    if (!(error instanceof OwnCertificateError)) throw error;
    throw new SettingError(error.of === "anchors" ? ANCHORS : INTERMEDIATES, `cannot be read: ${error.message}`);
  }
}
