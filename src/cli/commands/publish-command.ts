import type { Item } from "../../inspect/items.ts";
import { printable } from "../../inspect/text.ts";
import { type Command, type CommandIo, EXIT_OK, EXIT_REFUSED, JSON_OPTION, UsageError } from "../command.ts";
import { readItems } from "../input.ts";
import { inventoryTable } from "../inventory-table.ts";
import { connectPublisher, PUBLISHER_OPTIONS } from "../remote/connection.ts";
import { type Published, publishPackages, replacePackages } from "../remote/publication.ts";
import { paint, table } from "../terminal.ts";

export const publish: Command = {
  name: "publish",
  summary: "Send KeyPackages to the directory; a bad one does not block the others",
  operands: "[FILE…|-]",
  options: {
    ...PUBLISHER_OPTIONS,
    replace: { help: "make them the whole stock, or change nothing if one is refused" },
    ...JSON_OPTION,
  },
  examples: [
    "publish --user carol --client phone packages.txt",
    "publish --user carol --client phone --replace --json - < packages.bin",
  ],

  async run(given, io) {
    const { user, client, directory } = await connectPublisher(given, io);
    const items: Item[] = [];
    for await (const item of readItems(given.operands, io)) items.push(item);
    const readable = items.flatMap((item) => (item.ok ? [item] : []));
    const unreadable = items.flatMap((item) => (item.ok ? [] : [item]));
    if (items.length === 0) throw new UsageError("there is no package to publish");
    for (const { where, problem } of unreadable) io.err(printable(`${where}: ${problem}`).concat("\n"));
    if (readable.length === 0 || (given.flag("replace") && unreadable.length > 0)) {
      io.err("nothing was sent\n");
      return EXIT_REFUSED;
    }
    const packages = readable.map(({ bytes }) => bytes);
    const published = given.flag("replace")
      ? await replacePackages(directory, { user, client }, packages)
      : await publishPackages(directory, { user, client }, packages, (sent) =>
          io.progress(`${sent} of ${packages.length} packages`),
        );
    const places = readable.map(({ where }) => where);
    if (given.flag("json")) io.out(`${JSON.stringify(withPlaces(published, places))}\n`);
    else print(published, places, io);
    const refused =
      published.results.some((result) => !result.ok) || ("wasRefused" in published && published.wasRefused);
    return refused || unreadable.length > 0 ? EXIT_REFUSED : EXIT_OK;
  },
};

function withPlaces({ results, inventory }: Published, places: readonly string[]) {
  return { results: results.map((result) => ({ ...result, where: places[result.index] })), inventory };
}

function print(published: Published, places: readonly string[], io: CommandIo): void {
  const { results, inventory } = published;
  const counts = new Map<string, number>();
  for (const { code } of results) counts.set(code, (counts.get(code) ?? 0) + 1);
  if ("wasRefused" in published && published.wasRefused) io.out(`${paint(io, "bad", "nothing was changed")}\n`);
  io.out(table(io, ["RESULT", "PACKAGES"], [...counts]));
  const refused = results.filter((result) => !result.ok);
  if (refused.length > 0) {
    const rows = refused.map(({ index, code, detail = "" }) => [places[index] ?? index, code, detail]);
    io.out(`\n${table(io, ["REFUSED", "CODE", "DETAIL"], rows)}`);
  }
  io.out(`\n${inventoryTable(inventory, io)}`);
}
