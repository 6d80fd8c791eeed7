import type { SignaturePublicKey } from "../keys/signature-public-key.ts";
import type { Credential } from "./credential.ts";

/** A credential and the key that it speaks for. */
export type CredentialWithKey = { readonly credential: Credential; readonly signatureKey: SignaturePublicKey };
