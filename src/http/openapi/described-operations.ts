/** The operations with what the description says of each. The Worker imports no file of this folder. */
import type { Description, Descriptions, Operation } from "../operation.ts";
import { adminDescribed } from "../resources/admin/admin-operations.ts";
import { nameAdminRequests } from "../resources/admin/admin-schemas.ts";
import { auditTrailDescribed } from "../resources/admin/audit-trail.ts";
import { blockedCallersDescribed, nameBlockRequests } from "../resources/admin/blocked-callers.ts";
import { budgetsDescribed, nameBudgetRequests } from "../resources/admin/budgets.ts";
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
import { nameClaimRequests } from "../resources/claims/claim-schemas.ts";
import { clientsDescribed } from "../resources/clients/client-operations.ts";
import { nameClientRequests } from "../resources/clients/client-schemas.ts";
import { keyPackagesDescribed } from "../resources/key-packages/key-package-operations.ts";
import { nameKeyPackageRequests } from "../resources/key-packages/key-package-schemas.ts";
import { routesDescribed } from "../resources/routes/route-operations.ts";
import { nameRouteRequests } from "../resources/routes/route-schemas.ts";
import { serviceDescribed } from "../resources/service/service-operations.ts";
import { stockDescribed } from "../resources/stock/stock-operations.ts";
import { nameStockRequests } from "../resources/stock/stock-schemas.ts";
import { userDataDescribed } from "../resources/user-data/user-data-operations.ts";
import { nameUserDataRequests } from "../resources/user-data/user-data-schemas.ts";
import { usersDescribed } from "../resources/users/user-operations.ts";
import { nameCommonSchemas } from "../wire/common-schemas.ts";

// What the Worker reads with has its name here alone; answers have theirs where they are made.
nameCommonSchemas();
nameClientRequests();
nameKeyPackageRequests();
nameStockRequests();
nameClaimRequests();
nameUserDataRequests();
nameAdminRequests();
nameBudgetRequests();
nameBlockRequests();
nameRouteRequests();

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
