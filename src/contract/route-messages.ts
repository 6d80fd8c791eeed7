/** Whose packages references name. */
import type { PoolCall } from "./pool-call.ts";

export type LocateCall = PoolCall & { readonly refs: readonly Uint8Array[] };

/** Whose package a reference names. `notAfter` in unix seconds. */
export type LocatedPackage = { readonly ref: Uint8Array; readonly client: string; readonly notAfter: number };

export type LocateAnswer =
  | { readonly outcome: "located"; readonly packages: readonly LocatedPackage[] }
  | { readonly outcome: "unknown_user" };
