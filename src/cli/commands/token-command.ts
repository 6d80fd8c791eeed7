import { SCOPES } from "../../config/scopes.ts";
import { type Command, EXIT_OK, UsageError } from "../command.ts";
import { STATE_OPTION, stateOf } from "../remote/connection.ts";
import { localIssuer } from "../remote/local-issuer.ts";

export const token: Command = {
  name: "token",
  summary: "Print a token for a directory on this machine, good for twelve hours",
  options: {
    user: { value: "USER", help: "the user of the token" },
    client: { value: "CLIENT", help: "their client" },
    scope: { value: "SCOPE", help: `${SCOPES.join(", ")}; several in one argument, with spaces between` },
    ...STATE_OPTION,
  },
  examples: [
    "token --user carol --client phone --scope key-packages:publish",
    'token --user bob --client laptop --scope "key-packages:publish key-packages:claim" --state .kpd',
  ],

  async run(given, io) {
    const user = given.identifier("user");
    const client = given.identifier("client");
    const scope = given.required("scope");
    const unknown = scope.split(" ").find((part) => !SCOPES.some((known) => known === part));
    if (unknown !== undefined) throw new UsageError(`--scope: expected ${SCOPES.join(", ")}, got "${unknown}"`);
    const sign = localIssuer(stateOf(given));
    if (sign === undefined) {
      throw new UsageError(
        `no directory was started on ${stateOf(given)}: run npm start, or name its folder with --state`,
      );
    }
    io.out(`${await sign(user, client, scope)}\n`);
    return EXIT_OK;
  },
};
