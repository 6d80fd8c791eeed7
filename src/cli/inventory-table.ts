import { dateOf } from "../inspect/text.ts";
import type { Inventory } from "./remote/answers.ts";
import { table } from "./terminal.ts";

const HEADS = ["CIPHERSUITE", "AVAILABLE", "TARGET", "LAST RESORT", "NEXT EXPIRY", ""];

export function inventoryTable(inventory: Inventory, io: { readonly colour: boolean }): string {
  return table(io, HEADS, inventory.map(inventoryRow));
}

export const inventoryRow = (suite: Inventory[number]): (string | number)[] => [
  suite.ciphersuite,
  suite.available,
  suite.target,
  lastResortOf(suite),
  suite.next_expiry === null ? "-" : dateOf(suite.next_expiry),
  suite.needs_upload ? "needs an upload" : "",
];

const timesOf = (uses: number): string => (uses === 1 ? "once" : `${uses} times`);

function lastResortOf({ last_resort: lastResort }: Inventory[number]): string {
  if (lastResort === null) return "no";
  return lastResort.needs_rotation ? `replace it, used ${timesOf(lastResort.uses)}` : "yes";
}
