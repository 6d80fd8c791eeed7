import { randomUUID } from "node:crypto";
import { type Command, UsageError } from "../command.ts";
import { tellDemo } from "../demo-story.ts";
import { addressOf, STATE_OPTION, stateOf } from "../remote/connection.ts";
import { DirectoryClient } from "../remote/directory-client.ts";
import { localIssuer } from "../remote/local-issuer.ts";

export const demo: Command = {
  name: "demo",
  summary: "Play two phones and a laptop at a running local directory; npm run demo starts one of its own",
  options: { url: { value: "URL", help: "the local directory, if it is not where --state says" }, ...STATE_OPTION },
  examples: ["demo", "demo --state .kpd"],

  async run(given, io) {
    const address = addressOf(given, io);
    const sign = localIssuer(stateOf(given));
    if (sign === undefined) {
      throw new UsageError(`no directory was started on ${stateOf(given)}: run npm start, or use npm run demo`);
    }
    return tellDemo({
      connect: async ({ user, client }, scope) => new DirectoryClient(address, await sign(user, client, scope)),
      suffix: `-${randomUUID().slice(0, 8)}`,
      newKey: randomUUID,
      io,
    });
  },
};
