/** A client is registered with the public keys of its signature key pairs, and a proof that it holds each. */
import { registrationProofInput } from "../../admission/registration-proof.ts";
import { type SignatureKeyPair, signatureSchemeName } from "../../mls/index.ts";
import { unixSeconds } from "../../shared/time.ts";
import { UsageError } from "../command.ts";
import { CLIENT } from "./answers.ts";
import type { Identity } from "./connection.ts";
import { type DirectoryClient, pathOf } from "./directory-client.ts";

export async function registerClient(directory: DirectoryClient, who: Identity, signers: readonly SignatureKeyPair[]) {
  const { audience } = directory;
  if (audience === undefined) {
    throw new UsageError("the token must be a JWT with an audience: a registration names the directory by it");
  }
  const body = await registrationRequest({ ...who, audience, signedAt: unixSeconds(Date.now()) }, signers);
  return directory.call("PUT", pathOf("users", who.user, "clients", who.client), CLIENT, { body });
}

type Registering = Identity & { readonly audience: string; readonly signedAt: number };

/** From the pairs, not from public keys alone: a client registers only keys that it can sign with. */
async function registrationRequest(registering: Registering, signers: readonly SignatureKeyPair[]) {
  const proven = await Promise.all(
    signers.map(async (signer) => {
      const scheme = signer.signatureScheme;
      const publicKey = signer.publicKey().asSlice();
      const proof = await signer.sign(registrationProofInput({ ...registering, scheme, publicKey }));
      return { name: signatureSchemeName(scheme), publicKey: base64url(publicKey), proof: base64url(proof) };
    }),
  );
  return {
    signature_keys: Object.fromEntries(proven.map(({ name, publicKey }) => [name, publicKey])),
    signed_at: registering.signedAt,
    proofs: Object.fromEntries(proven.map(({ name, proof }) => [name, proof])),
  };
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
