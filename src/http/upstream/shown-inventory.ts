import type { Deployment } from "../../config/deployment.ts";
import type { SuiteInventory } from "../../contract/inventory-messages.ts";
import { ok, type Result } from "../refusals/refusal.ts";
import { inventoryBody } from "../wire/bodies.ts";
import type { PoolClient } from "./pool-client.ts";

/**
 * An inventory as its owner sees it. One that was never stocked shows the suites of the client's registered keys, for which
 * the pool is asked once more.
 */
export async function shownInventory(
  deployment: Deployment,
  pool: Pick<PoolClient, "getClient">,
  client: string,
  inventory: readonly SuiteInventory[],
): Promise<Result<ReturnType<typeof inventoryBody>>> {
  if (inventory.length > 0) return ok(inventoryBody(deployment, inventory, []));
  const found = await pool.getClient({ client });
  if (!found.ok) return found;
  return ok(inventoryBody(deployment, found.value.view.inventory, found.value.view.registration.signatureKeys));
}
