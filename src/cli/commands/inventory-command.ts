import { type Command, EXIT_OK, JSON_OPTION } from "../command.ts";
import { inventoryTable } from "../inventory-table.ts";
import { INVENTORY } from "../remote/answers.ts";
import { connectPublisher, PUBLISHER_OPTIONS } from "../remote/connection.ts";
import { pathOf } from "../remote/directory-client.ts";

export const inventory: Command = {
  name: "inventory",
  summary: "Show what a client has in stock",
  options: { ...PUBLISHER_OPTIONS, ...JSON_OPTION },
  examples: ["inventory --user carol --client phone", "inventory --user carol --client phone --json"],

  async run(given, io) {
    const { user, client, directory } = await connectPublisher(given, io);
    const { body } = await directory.call("GET", pathOf("users", user, "clients", client, "inventory"), INVENTORY);
    io.out(given.flag("json") ? `${JSON.stringify(body)}\n` : inventoryTable(body.inventory, io));
    return EXIT_OK;
  },
};
