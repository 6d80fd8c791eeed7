/** Receipts as handlers ask for them. What signs is in builds of the Worker that have it (extras.ts). */
import type { Context } from "hono";
import * as z from "zod/mini";
import type { ClientClaim } from "../../contract/claim-messages.ts";
import type { CapabilityClaimer, UserClaimer } from "../../contract/pool-call.ts";
import type { Registration } from "../../contract/registration-messages.ts";
import type { AppEnv } from "../bindings.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";

/** A client of a user, and the time by the pool's clock at which something happened to it. Unix seconds. */
export type Happened = {
  readonly user: string;
  readonly client: string;
  readonly at: number;
  readonly registeredAt: number;
};

/** A claim that was answered, now or earlier. */
export type AnsweredClaim = {
  readonly user: string;
  readonly claimer: UserClaimer | Pick<CapabilityClaimer, "secretHash">;
  readonly at: number;
  readonly claimId: number | undefined;
  readonly clients: readonly ClientClaim[];
};

/** Receipts of packages that were given, by the reference in base64url: no two clients of a user give the same. */
export type ReceiptsByRef = ReadonlyMap<string, string>;

/** Each makes a JWS in the compact serialization; docs/receipts.md says what it states. */
export type Receipts = {
  /** One for each package that was given. */
  claim(claim: AnsweredClaim): Promise<ReceiptsByRef>;
  registration(user: string, registration: Registration, at: number): Promise<string>;
  /** `refs`: the packages of the upload that were in stock after it. */
  publication(
    about: Happened & { readonly mode: "add" | "replace"; readonly refs: readonly string[] },
  ): Promise<string>;
  revocation(about: Happened & { readonly purged: number }): Promise<string>;
};

/** The query of every operation whose answer may come with a receipt. */
export const receiptQuery = z.strictObject({ receipt: z.optional(z.enum(["true", "false"])) });

type ReceiptQuery = { readonly receipt?: "true" | "false" | undefined };

/**
 * What signs the answer's receipts; undefined where none are wanted. Asked before anything is taken or changed: who
 * wants a receipt from a directory that signs none gets nothing without one.
 */
export async function receiptsFor(
  c: Context<AppEnv>,
  { receipt }: ReceiptQuery,
): Promise<Result<Receipts | undefined>> {
  const { receipts: settings } = c.get("deployment");
  if (settings === undefined && receipt === "true") {
    return refuse("not_offered", "expected a directory that signs receipts, got one that is not set up to");
  }
  const isWanted = receipt === undefined ? settings?.always === true : receipt === "true";
  return ok(isWanted ? await c.get("receipts")() : undefined);
}
