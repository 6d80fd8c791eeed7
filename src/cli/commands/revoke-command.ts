import { printable } from "../../inspect/text.ts";
import { type Command, EXIT_OK, JSON_OPTION, UsageError, YES_OPTION } from "../command.ts";
import { REVOKED_CLIENT } from "../remote/answers.ts";
import { connectPublisher, PUBLISHER_OPTIONS } from "../remote/connection.ts";
import { pathOf } from "../remote/directory-client.ts";

export const revoke: Command = {
  name: "revoke",
  summary: "End the registration of a client: its packages are purged",
  options: { ...PUBLISHER_OPTIONS, ...YES_OPTION, ...JSON_OPTION },
  examples: ["revoke --user carol --client phone --yes"],

  async run(given, io) {
    if (!given.flag("yes")) throw new UsageError("its packages cannot be brought back: --yes confirms");
    const { user, client, directory } = await connectPublisher(given, io);
    const { body } = await directory.call("DELETE", pathOf("users", user, "clients", client), REVOKED_CLIENT);
    if (given.flag("json")) io.out(`${JSON.stringify(body)}\n`);
    else io.out(`${printable(`${user}/${client}`)} is revoked, ${body.purged} packages purged\n`);
    return EXIT_OK;
  },
};
