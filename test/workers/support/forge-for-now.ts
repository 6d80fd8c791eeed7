/** Forged packages of suite 1 for a Worker that looks at its own clock. */
import { unixSeconds } from "../../../src/shared/time.ts";
import * as forger from "../../support/forge.ts";

export { toBase64Url as base64url } from "../../../src/shared/base64url.ts";
export { hpkePublicKey as publicKey, newSigner } from "../../support/forge.ts";

export type Signer = forger.ForgedSigner;

export type Forgery = Partial<forger.Forgery> & { readonly identity: string; readonly signer: Signer };

const HOUR_SECONDS = 3600;
const LIFETIME_SECONDS = 30 * 24 * HOUR_SECONDS;

/** Valid from an hour ago for thirty days, if `forgery` does not say otherwise. */
export function forge({ identity, ...change }: Forgery): Uint8Array {
  const now = unixSeconds(Date.now());
  return forger.forge({
    credential: new TextEncoder().encode(identity),
    notBefore: BigInt(now - HOUR_SECONDS),
    notAfter: BigInt(now + LIFETIME_SECONDS),
    ...change,
  });
}

export const forgeMany = (count: number, forgery: Forgery): Uint8Array[] =>
  Array.from({ length: count }, () => forge(forgery));
