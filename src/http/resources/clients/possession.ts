/** Whether whoever registers signature keys holds them: checked here, in the Worker, before the pool is called. */
import { verifyRegistrationProof } from "../../../admission/registration-proof.ts";
import type { Deployment } from "../../../config/deployment.ts";
import { REGISTRATION_PROOF_WINDOW_SECONDS } from "../../../config/limits.ts";
import { type SignatureScheme, signatureSchemeName } from "../../../mls/ciphersuite.ts";
import type { CryptoVerifier } from "../../../mls/crypto/provider.ts";
import { notConfigured } from "../../auth/authentication-failure.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";

/** A signature key with the proof that came with it. */
export type ProvenKey = {
  readonly scheme: SignatureScheme;
  readonly publicKey: Uint8Array;
  readonly proof: Uint8Array;
};

export type Registering = {
  readonly user: string;
  readonly client: string;
  readonly keys: readonly ProvenKey[];
  /** When the proofs were made, by the caller's clock, in unix seconds. */
  readonly signedAt: number;
};

/** Refuses proofs that are not of `now`, in unix seconds, and then the first that does not hold. */
export async function checkPossession(
  { issuers }: Pick<Deployment, "issuers">,
  crypto: Pick<CryptoVerifier, "verify">,
  { user, client, keys, signedAt }: Registering,
  now: number,
): Promise<Result<void>> {
  if (!issuers.ok) return refuse("authentication_not_configured", notConfigured(issuers.error));
  // A proof names the directory by an audience that its tokens have; there may be several while issuers change.
  const audiences = [...new Set(issuers.value.flatMap((issuer) => issuer.audiences))];
  if (Math.abs(now - signedAt) > REGISTRATION_PROOF_WINDOW_SECONDS) {
    const detail = `expected signed_at within ${REGISTRATION_PROOF_WINDOW_SECONDS} seconds of ${now}, got ${signedAt}`;
    return refuse("proof_expired", detail, { members: { server_time: now, signed_at: signedAt } });
  }
  for (const { scheme, publicKey, proof } of keys) {
    const isProven = (audience: string) => {
      const claimed = { audience, user, client, scheme, publicKey, signedAt };
      return verifyRegistrationProof(crypto, claimed, proof);
    };
    if (await anyOf(audiences, isProven)) continue;
    const name = signatureSchemeName(scheme);
    const detail = `/proofs/${name}: expected a signature by the key over audience, user, client, key and signed_at, got one that does not verify`;
    return refuse("possession_unproven", detail);
  }
  return ok(undefined);
}

async function anyOf(values: readonly string[], holds: (value: string) => Promise<boolean>): Promise<boolean> {
  for (const value of values) if (await holds(value)) return true;
  return false;
}
