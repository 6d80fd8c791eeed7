/** A client is registered with the public keys of its signature key pairs. */
import { type SignatureKeyPair, signatureSchemeName } from "../mls/index.ts";
import { CLIENT } from "./answers.ts";
import type { Identity } from "./connection.ts";
import { type DirectoryClient, pathOf } from "./directory-client.ts";

export async function registerClient(
  directory: DirectoryClient,
  { user, client }: Identity,
  signers: readonly SignatureKeyPair[],
) {
  const body = registrationRequest(signers);
  return directory.call("PUT", pathOf("users", user, "clients", client), CLIENT, { body });
}

/** From the pairs, not from public keys alone: a client registers only keys that it can sign with. */
function registrationRequest(signers: readonly SignatureKeyPair[]) {
  return {
    signature_keys: Object.fromEntries(
      signers.map((signer) => [
        signatureSchemeName(signer.signatureScheme),
        Buffer.from(signer.publicKey().asSlice()).toString("base64url"),
      ]),
    ),
  };
}
