/** A client's registration: its call to the pool, and what it answers. */
import type { PoolCall, SignatureScheme, TokenPredatesRevocation } from "./pool-call.ts";

export type SignatureKey = { readonly scheme: SignatureScheme; readonly publicKey: Uint8Array };

export type RegisterCall = PoolCall & {
  readonly client: string;
  readonly signatureKeys: readonly SignatureKey[];
};

export type Registration = {
  readonly client: string;
  readonly registeredAt: number;
  readonly signatureKeys: readonly SignatureKey[];
};

export type RegisterAnswer =
  | { readonly outcome: "created" | "unchanged" | "extended"; readonly registration: Registration; readonly at: number }
  | { readonly outcome: "signature_key_conflict"; readonly scheme: SignatureScheme }
  | { readonly outcome: "registrations_exhausted"; readonly retryAfterSeconds: number }
  /** Another registered client of the user has the key. */
  | { readonly outcome: "signature_key_in_use"; readonly scheme: SignatureScheme }
  | { readonly outcome: "too_many_clients" }
  | TokenPredatesRevocation;
