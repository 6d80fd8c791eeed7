/** The operations of every build, in the order in which the description shows them. */
import type { Operation } from "../operation.ts";
import { admin } from "./admin/admin-operations.ts";
import { auditTrail } from "./admin/audit-trail.ts";
import { blockedCallers } from "./admin/blocked-callers.ts";
import { budgets } from "./admin/budgets.ts";
import { issuerKeys } from "./admin/issuer-keys.ts";
import { revocations } from "./admin/revocations.ts";
import { seriesOfAll } from "./admin/series.ts";
import { topOfAll } from "./admin/top.ts";
import { claims } from "./claims/claim-operations.ts";
import { clients } from "./clients/client-operations.ts";
import { keyPackages } from "./key-packages/key-package-operations.ts";
import { routes } from "./routes/route-operations.ts";
import { service } from "./service/service-operations.ts";
import { stock } from "./stock/stock-operations.ts";
import { userData } from "./user-data/user-data-operations.ts";
import { users } from "./users/user-operations.ts";

export const OPERATIONS: readonly Operation[] = [
  ...clients,
  ...keyPackages,
  ...stock,
  ...users,
  ...claims,
  ...routes,
  ...userData,
  ...admin,
  ...revocations,
  ...budgets,
  ...blockedCallers,
  ...issuerKeys,
  ...topOfAll,
  ...seriesOfAll,
  ...auditTrail,
  ...service,
];
