/** The bodies of the HTTP API by the names that the SDK gives them. */
import type { ClaimRequest, ReconcileDifference } from "./wire-types.ts";

export type {
  BulkClaimAnswer,
  ClaimAnswer,
  Client,
  ClientClaim,
  ClientList,
  Inventory,
  Journal,
  Offer,
  Policy,
  Problem,
  PublishAnswer,
  PublishResult,
  RegisterRequest,
  RemoveAnswer,
  RevokedClient,
  SuiteInventory,
} from "./wire-types.ts";

/** What claimed packages must fit. */
export type ClaimCriteria = Omit<ClaimRequest, "format">;

/** What a reconcile found: `same`, or what differs after any pruning. */
export type Comparison = ReconcileDifference & { readonly same: boolean };
