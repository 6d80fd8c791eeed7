/**
 * The bodies of the HTTP API, as the schemas that the service validates with have them. Types only: nothing of the
 * service is in the code that an application loads.
 */
import type * as z from "zod/mini";
import type { bulkClaimAnswer, claimAnswer, claimRequest, clientClaim } from "../http/resources/claims/schemas.ts";
import type { clientAnswer, registerRequest, revokeAnswer } from "../http/resources/clients/schemas.ts";
import type { publishAnswer, publishResult, removeAnswer } from "../http/resources/key-packages/schemas.ts";
import type { policyAnswer, problemDocument } from "../http/resources/service/schemas.ts";
import type { inventoryAnswer, journalAnswer, reconcileAnswer } from "../http/resources/stock/schemas.ts";
import type { clientListAnswer, offer } from "../http/resources/users/schemas.ts";

export type Policy = z.infer<typeof policyAnswer>;
export type Client = z.infer<typeof clientAnswer>;
export type RegisterRequest = z.infer<typeof registerRequest>;
export type RevokedClient = z.infer<typeof revokeAnswer>;
export type Inventory = z.infer<typeof inventoryAnswer>["inventory"];
export type SuiteInventory = Inventory[number];
export type PublishAnswer = z.infer<typeof publishAnswer>;
export type PublishResult = z.infer<typeof publishResult>;
export type RemoveAnswer = z.infer<typeof removeAnswer>;
export type Journal = z.infer<typeof journalAnswer>;
export type ClientList = z.infer<typeof clientListAnswer>;
export type Offer = z.infer<typeof offer>;
export type ClaimCriteria = Omit<z.infer<typeof claimRequest>, "format">;
export type ClaimAnswer = z.infer<typeof claimAnswer>;
export type BulkClaimAnswer = z.infer<typeof bulkClaimAnswer>;
export type ClientClaim = z.infer<typeof clientClaim>;
export type Problem = z.infer<typeof problemDocument>;

/** What a reconcile found, after any pruning. */
export type Comparison = z.infer<typeof reconcileAnswer>;
/** A package whose private keys are here and that the directory would not hand out, and why. */
export type MissingPackage = Comparison["missing_at_server"][number];
