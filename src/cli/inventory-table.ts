import type { Inventory } from "./answers.ts";
import { dateOf, table } from "./terminal.ts";

const HEADS = ["CIPHERSUITE", "AVAILABLE", "TARGET", "LAST RESORT", "NEXT EXPIRY", ""];

export function inventoryTable(inventory: Inventory, io: { readonly colour: boolean }): string {
  return table(io, HEADS, inventory.map(inventoryRow));
}

export const inventoryRow = (suite: Inventory[number]): (string | number)[] => [
  suite.ciphersuite,
  suite.available,
  suite.target,
  suite.last_resort ? "yes" : "no",
  suite.next_expiry === null ? "-" : dateOf(suite.next_expiry),
  suite.needs_upload ? "needs an upload" : "",
];
