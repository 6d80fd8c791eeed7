import type { Deployment } from "../../config/deployment.ts";
import type { X509Settings } from "../../config/x509-settings.ts";
import type { X509Verifier } from "../../mls/x509/x509-verifier.ts";
import type { Extras } from "../extras.ts";

/** Verifiers, not promises of one: in workerd a request must not wait for what another has begun. */
const verifiers = new WeakMap<X509Settings, X509Verifier>();

/** The verifier of the deployment, made when it is first asked for; undefined where X.509 is off. */
export async function x509VerifierOf(
  { x509 }: Deployment,
  { x509Verifier }: Pick<Extras, "x509Verifier">,
): Promise<X509Verifier | undefined> {
  if (x509 === undefined || x509Verifier === undefined) return undefined;
  const known = verifiers.get(x509);
  if (known !== undefined) return known;
  const made = await x509Verifier(x509);
  verifiers.set(x509, made);
  return made;
}
