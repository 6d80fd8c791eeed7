/** What the HTTP face counts. The columns are in shared/data-points.ts. */
import { type ClientClaim, packagesOf } from "../../contract/claim-messages.ts";
import type { SuiteInventory } from "../../contract/inventory-messages.ts";
import { writePoint } from "../../shared/data-points.ts";
import type { FailureKind } from "../auth/authentication-failure.ts";

type Dataset = AnalyticsEngineDataset | undefined;

export function countClaims(dataset: Dataset, clients: readonly ClientClaim[], replayed: boolean): void {
  for (const claim of clients) {
    if (claim.status === "excluded") continue;
    writePoint(dataset, "claim", {
      source: claim.status === "claimed" ? "one_time" : claim.status === "last_resort" ? "last_resort" : "none",
      status: claim.status,
      ciphersuite: packagesOf(claim)
        .map(({ ciphersuite }) => ciphersuite)
        .join("+"),
      count: 1,
      replayed: replayed ? 1 : 0,
    });
  }
}

export function countUploads(dataset: Dataset, codes: Readonly<Record<string, number>>): void {
  for (const [code, count] of Object.entries(codes)) writePoint(dataset, "upload", { code, count });
}

export function countAuthenticationFailure(dataset: Dataset, kind: FailureKind): void {
  writePoint(dataset, "authentication", { kind, count: 1 });
}

export function gaugeStock(dataset: Dataset, suites: readonly SuiteInventory[]): void {
  for (const suite of suites) {
    writePoint(dataset, "stock", {
      ciphersuite: String(suite.ciphersuite),
      available: suite.available,
      last_resort: suite.lastResort ? 1 : 0,
      next_expiry: suite.nextExpiry ?? 0,
    });
  }
}
