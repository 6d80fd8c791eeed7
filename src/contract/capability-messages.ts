/** Claims without identity: capabilities, and claims by their secrets. */
import type { ClaimCall } from "./claim-messages.ts";

export type NewClaimCapability = {
  readonly name: string;
  /** The client that made it, and with whose registration it ends. */
  readonly client: string;
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Uint8Array;
  /** Unix seconds; undefined for never. */
  readonly expiresAt: number | undefined;
  /** Claims that give something; undefined for any number within the budgets. */
  readonly maxClaims: number | undefined;
};

export type ClaimCapability = NewClaimCapability & { readonly createdAt: number; readonly claims: number };

export type CreateCapabilityAnswer =
  | { readonly outcome: "created" | "unchanged"; readonly capability: ClaimCapability }
  /** The name has another secret or other bounds, or the secret another name. */
  | { readonly outcome: "capability_exists" }
  | { readonly outcome: "too_many_capabilities" };

export type CapabilityList = { readonly outcome: "listed"; readonly capabilities: readonly ClaimCapability[] };

export type CapabilityRevoked = { readonly outcome: "revoked"; readonly existed: boolean };

export type CapabilityClaimCall = Omit<ClaimCall, "claimer"> & { readonly secretHash: Uint8Array };

/** No such user, no such capability, and one that is over or used up, are one answer. */
export type CapabilityRefused = { readonly outcome: "capability_refused" };
