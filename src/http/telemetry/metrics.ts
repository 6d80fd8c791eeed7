/**
 * Data points for Analytics Engine, if the deployment binds it as METRICS. No identifier of a user, a client or a
 * package is ever in one. The columns stand in docs/http-api.md; changing their order breaks queries.
 */
import type { ClientClaim, SuiteInventory } from "../../contract/pool-messages.ts";
import type { FailureKind } from "../auth/authentication-failure.ts";

type Dataset = AnalyticsEngineDataset | undefined;

/** blobs: source (`one_time`, `last_resort`, `none`), status, ciphersuite; doubles: 1, whether replayed. */
export function countClaims(dataset: Dataset, clients: readonly ClientClaim[], replayed: boolean): void {
  for (const claim of clients) {
    if (claim.status === "excluded") continue;
    const source = claim.status === "claimed" ? "one_time" : claim.status === "last_resort" ? "last_resort" : "none";
    const ciphersuite = "package" in claim ? String(claim.package.ciphersuite) : "";
    dataset?.writeDataPoint({
      indexes: ["claim"],
      blobs: [source, claim.status, ciphersuite],
      doubles: [1, replayed ? 1 : 0],
    });
  }
}

/** blobs: code; doubles: how many. `already_claimed`, `already_removed` and `init_key_reused` are hits on tombstones. */
export function countUploads(dataset: Dataset, codes: Readonly<Record<string, number>>): void {
  for (const [code, count] of Object.entries(codes)) {
    dataset?.writeDataPoint({ indexes: ["upload"], blobs: [code], doubles: [count] });
  }
}

/** blobs: kind of the failure, as in the log; doubles: 1. */
export function countAuthenticationFailure(dataset: Dataset, kind: FailureKind): void {
  dataset?.writeDataPoint({ indexes: ["authentication"], blobs: [kind], doubles: [1] });
}

/** blobs: ciphersuite; doubles: available, last resort (0 or 1), next expiry in unix seconds (0 with none). */
export function gaugeStock(dataset: Dataset, suites: readonly SuiteInventory[]): void {
  for (const suite of suites) {
    dataset?.writeDataPoint({
      indexes: ["stock"],
      blobs: [String(suite.ciphersuite)],
      doubles: [suite.available, suite.lastResort ? 1 : 0, suite.nextExpiry ?? 0],
    });
  }
}
