/** The verifier of certificates that a deployment's settings give. Only a build with X.509 imports it. */
import { SettingError } from "../config/settings.ts";
import { ANCHORS, INTERMEDIATES, type X509Settings } from "../config/x509-settings.ts";
import { OwnCertificateError, type X509Verifier, x509Verifier } from "../mls/x509/index.ts";

/**
 * Rejects with SettingError for a certificate that cannot be read: to know that takes the library, which is not loaded
 * with the settings.
 */
export async function configuredX509Verifier({ anchors, intermediates }: X509Settings): Promise<X509Verifier> {
  try {
    return await x509Verifier(anchors, { intermediates });
  } catch (error) {
    if (!(error instanceof OwnCertificateError)) throw error;
    throw new SettingError(error.of === "anchors" ? ANCHORS : INTERMEDIATES, `cannot be read: ${error.message}`);
  }
}
