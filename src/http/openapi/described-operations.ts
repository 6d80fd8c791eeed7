/** The operations with what the description says of each. The Worker imports no file of this folder. */
import type { Description, Descriptions, Operation } from "../operation.ts";
import { adminDescribed } from "../resources/admin/admin-operations.ts";
import { auditTrailDescribed } from "../resources/admin/audit-trail.ts";
import { blockedCallersDescribed } from "../resources/admin/blocked-callers.ts";
import { budgetsDescribed } from "../resources/admin/budgets.ts";
import { issuerKeysDescribed } from "../resources/admin/issuer-keys.ts";
import { revocationsDescribed } from "../resources/admin/revocations.ts";
import { seriesDescribed } from "../resources/admin/series.ts";
import { topDescribed } from "../resources/admin/top.ts";
import { OPERATIONS } from "../resources/all-operations.ts";
import {
  claimCapabilities,
  claimCapabilitiesDescribed,
} from "../resources/claim-capabilities/capability-operations.ts";
import { claimsDescribed } from "../resources/claims/claim-operations.ts";
import { clientsDescribed } from "../resources/clients/client-operations.ts";
import { keyPackagesDescribed } from "../resources/key-packages/key-package-operations.ts";
import { routesDescribed } from "../resources/routes/route-operations.ts";
import { serviceDescribed } from "../resources/service/service-operations.ts";
import { stockDescribed } from "../resources/stock/stock-operations.ts";
import { userDataDescribed } from "../resources/user-data/user-data-operations.ts";
import { usersDescribed } from "../resources/users/user-operations.ts";

export type DescribedOperation = Operation & Description;

export const DESCRIPTIONS: Descriptions = {
  ...clientsDescribed(),
  ...keyPackagesDescribed(),
  ...stockDescribed(),
  ...claimCapabilitiesDescribed(),
  ...usersDescribed(),
  ...claimsDescribed(),
  ...userDataDescribed(),
  ...adminDescribed(),
  ...revocationsDescribed(),
  ...budgetsDescribed(),
  ...blockedCallersDescribed(),
  ...auditTrailDescribed(),
  ...issuerKeysDescribed(),
  ...topDescribed(),
  ...seriesDescribed(),
  ...routesDescribed(),
  ...serviceDescribed(),
};

/** Those of src/worker-full.ts among them. */
export const ALL_OPERATIONS: readonly Operation[] = [...OPERATIONS, ...claimCapabilities];

export const DESCRIBED_OPERATIONS: readonly DescribedOperation[] = ALL_OPERATIONS.map((operation) => {
  const description = DESCRIPTIONS[operation.id];
  if (description === undefined) throw new Error(`expected a description of ${operation.id}, found none`);
  return { ...operation, ...description };
});
