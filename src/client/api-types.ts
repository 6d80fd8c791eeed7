/** The bodies of the HTTP API by the names that the SDK gives them. */
import type { ClaimRequest, ReconcileAnswer } from "./wire-types.ts";

export type {
  BulkClaimAnswer,
  ClaimAnswer,
  Client,
  ClientClaim,
  ClientList,
  Inventory,
  InventoryAnswer,
  Journal,
  MissingPackage,
  Policy,
  Problem,
  PublishAnswer,
  PublishResult,
  RegisterRequest,
  RemoveAnswer,
  RevokedClient,
} from "./wire-types.ts";

/** What claimed packages must fit. */
export type ClaimCriteria = Omit<ClaimRequest, "format">;

/** What a reconcile found, after any pruning. */
export type Comparison = ReconcileAnswer;
