/**
 * The client of the directory: calls, claims that are verified, and stock that is kept full. It needs `fetch` and
 * nothing else of a platform; storage in files, for Node, has an entry of its own.
 */
export type { ClaimCriteria, Comparison } from "./api-types.ts";
export type { CallOptions, ClaimedMany, ClaimOptions, RetryLater } from "./claims/claims.ts";
export type {
  Claimed,
  ClaimedIdentity,
  ClaimedPackage,
  ClientWithout,
  Expectations,
  RejectedPackage,
  RejectionReason,
} from "./claims/verify-claimed.ts";
export { DirectoryError, type DirectoryErrorParts, type LocalErrorCode } from "./directory-error.ts";
export { type DirectoryOptions, KeyPackageDirectory } from "./key-package-directory.ts";
export { defaultLock, type Lock, memoryLock, type WebLocks, webLock } from "./lock.ts";
export { defaultPlatform, type Platform } from "./platform.ts";
export {
  type PackagedKey,
  type PublicKey,
  type RegistrationKey,
  registrationKey,
  type SigningKey,
} from "./registration-body.ts";
export type {
  HeldPackage,
  HeldPackages,
  HeldState,
  NewPackage,
  OpenedPackage,
  StoredPackage,
} from "./replenisher/held-packages.ts";
export {
  type LibraryMakerOptions,
  libraryMaker,
  type MadePackage,
  type Maker,
  type WantedPackage,
} from "./replenisher/maker.ts";
export { DEFAULT_STOCK, type Rotation, type StockSettings } from "./replenisher/plan.ts";
export type { RunReport } from "./replenisher/replenish-run.ts";
export {
  Replenisher,
  type ReplenisherOptions,
  type Retention,
  type WelcomedPackage,
  type WelcomeOutcome,
} from "./replenisher/replenisher.ts";
export type { ReplenisherEvent } from "./replenisher/replenisher-event.ts";
export { type SelfCheck, type SelfCheckProblem, selfCheck } from "./replenisher/self-check.ts";
export type { ClientStore } from "./storage/client-store.ts";
export {
  type IdbDatabase,
  type IdbFactory,
  type IdbKeyRange,
  type IdbRequest,
  type IdbStore,
  type IdbTarget,
  type IdbTransaction,
  type IndexedDbOptions,
  indexedDbStorage,
} from "./storage/indexed-db.ts";
export { memoryStorage } from "./storage/memory.ts";
export type { Storage } from "./storage/storage.ts";
export { DEFAULT_RETRIES, type RetrySettings, type Scope, type TokenRequest, type TokenSource } from "./transport.ts";
export { welcomeRefs } from "./welcome.ts";
export type {
  Base64Url,
  Base64UrlText,
  BulkClaimAnswer,
  CapabilityLists,
  ClaimAnswer,
  Claimer,
  ClaimRequest,
  Client,
  ClientClaim,
  ClientList,
  CodePoint,
  Cursor,
  Identifier,
  Inventory,
  InventoryAnswer,
  Journal,
  LastResortView,
  MissingPackage,
  Offer,
  Policy,
  Problem,
  PublishAnswer,
  PublishResult,
  Receipt,
  ReconcileAnswer,
  RegisterRequest,
  RemoveAnswer,
  RestoreEpochSeconds,
  RevokedClient,
  SignatureKeys,
  SuiteInventory,
  UnixSeconds,
} from "./wire-types.ts";
