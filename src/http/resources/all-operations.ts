/** The operations of every build, in the order in which the description shows them. */
import type { Operation } from "../operation.ts";
import { auditTrail } from "./admin/audit-trail.ts";
import { blockedCallers } from "./admin/blocked-callers.ts";
import { budgets } from "./admin/budgets.ts";
import { issuerKeys } from "./admin/issuer-keys.ts";
import { admin } from "./admin/operations.ts";
import { topOfAll } from "./admin/top.ts";
import { claims } from "./claims/operations.ts";
import { clients } from "./clients/operations.ts";
import { keyPackages } from "./key-packages/operations.ts";
import { routes } from "./routes/operations.ts";
import { service } from "./service/operations.ts";
import { stock } from "./stock/operations.ts";
import { userData } from "./user-data/operations.ts";
import { users } from "./users/operations.ts";

export const OPERATIONS: readonly Operation[] = [
  ...clients,
  ...keyPackages,
  ...stock,
  ...users,
  ...claims,
  ...routes,
  ...userData,
  ...admin,
  ...budgets,
  ...blockedCallers,
  ...issuerKeys,
  ...topOfAll,
  ...auditTrail,
  ...service,
];
