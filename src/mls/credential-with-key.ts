import type { Credential } from "./credential.ts";
import type { SignaturePublicKey } from "./signature-public-key.ts";

/** A credential and the key that it speaks for. */
export type CredentialWithKey = { readonly credential: Credential; readonly signatureKey: SignaturePublicKey };
