/** What a run has just done, for a progress bar and a log. No event holds key material. */
import type { PublishResult } from "../api-types.ts";
import type { Rotation } from "./plan.ts";

export type ReplenisherEvent =
  | { readonly kind: "registered" }
  /** Another installation of this client, whose keys are lost, was replaced. */
  | { readonly kind: "taken_over" }
  | { readonly kind: "signature_key_rotated" }
  | { readonly kind: "clock_off"; readonly seconds: number }
  | { readonly kind: "suite_not_accepted"; readonly ciphersuite: number }
  /** The directory had packages whose private keys are not here, and removed them. */
  | { readonly kind: "pruned"; readonly count: number }
  | ({ readonly kind: "last_resort_due" } & Rotation)
  | { readonly kind: "made"; readonly done: number; readonly total: number }
  | { readonly kind: "uploaded"; readonly refs: readonly string[] }
  | { readonly kind: "refused"; readonly ref: string; readonly code: PublishResult["code"]; readonly detail: string }
  /** The private keys of these are deleted. */
  | { readonly kind: "deleted"; readonly refs: readonly string[]; readonly reason: "used" | "expired" | "refused" };
