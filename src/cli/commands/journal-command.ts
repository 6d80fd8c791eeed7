import { dateOf } from "../../inspect/text.ts";
import { type Command, EXIT_OK, JSON_OPTION } from "../command.ts";
import { JOURNAL, type JournalEntry } from "../remote/answers.ts";
import { connectPublisher, PUBLISHER_OPTIONS } from "../remote/connection.ts";
import { pathOf } from "../remote/directory-client.ts";
import { table } from "../terminal.ts";

export const journal: Command = {
  name: "journal",
  summary: "Show who claimed packages of a client, and claims that found none",
  options: {
    ...PUBLISHER_OPTIONS,
    after: { value: "CURSOR", help: "what the page before says under more" },
    limit: { value: "N", help: "at most so many entries" },
    ...JSON_OPTION,
  },
  examples: ["journal --user carol --client phone", "journal --user carol --client phone --json --limit 500"],

  async run(given, io) {
    const { user, client, directory } = await connectPublisher(given, io);
    const query = new URLSearchParams();
    const limit = given.whole("limit");
    if (limit !== undefined) query.set("limit", String(limit));
    const after = given.text("after");
    if (after !== undefined) query.set("after", after);
    const path = `${pathOf("users", user, "clients", client, "journal")}${query.size > 0 ? `?${query}` : ""}`;
    const { body } = await directory.call("GET", path, JOURNAL);
    if (given.flag("json")) {
      io.out(`${JSON.stringify(body)}\n`);
      return EXIT_OK;
    }
    io.out(table(io, ["AT", "EVENT", "CLAIMER", "SUITE", "KEY PACKAGE REF"], body.entries.map(row)));
    if (body.next !== null) io.out(`\nmore: --after ${body.next}\n`);
    return EXIT_OK;
  },
};

const row = ({
  at,
  event,
  reason,
  claimer,
  capability,
  ciphersuite,
  key_package_ref,
}: JournalEntry): (string | number)[] => [
  dateOf(at),
  reason === undefined ? event : `${event}: ${reason}`,
  claimer === null
    ? capability === undefined
      ? "(erased)"
      : `capability ${capability}`
    : `${claimer.user}/${claimer.client}`,
  ciphersuite ?? "-",
  key_package_ref ?? "-",
];
