import { createHash, randomBytes } from "node:crypto";
import { dateOf, printable } from "../../inspect/text.ts";
import { type Command, EXIT_OK, EXIT_REFUSED, JSON_OPTION } from "../command.ts";
import { checkedIdentifier } from "../given.ts";
import { CAPABILITIES, CAPABILITY, REVOKED_CAPABILITY } from "../remote/answers.ts";
import { connectPublisher, PUBLISHER_OPTIONS } from "../remote/connection.ts";
import { pathOf } from "../remote/directory-client.ts";
import { table } from "../terminal.ts";

const SECRET_BYTES = 32;

const create: Command = {
  name: "capability create",
  summary: "Make a secret with which others claim from a user without a token, and print it",
  operands: "NAME",
  options: {
    ...PUBLISHER_OPTIONS,
    "max-claims": { value: "N", help: "how many claims with it may give something" },
    "expires-in": { value: "SECONDS", help: "how long it serves" },
    ...JSON_OPTION,
  },
  examples: ["capability create 'front door' --user carol --client phone --max-claims 10 > secret.txt"],

  async run(given, io) {
    const name = checkedIdentifier("NAME", given.operand("NAME"));
    const { user, client, directory } = await connectPublisher(given, io);
    const secret = randomBytes(SECRET_BYTES);
    const maxClaims = given.whole("max-claims");
    const expiresIn = given.whole("expires-in");
    const body = {
      secret_sha256: createHash("sha256").update(secret).digest("base64url"),
      ...(maxClaims === undefined ? {} : { max_claims: maxClaims }),
      ...(expiresIn === undefined ? {} : { expires_at: io.now() + expiresIn }),
    };
    const path = pathOf("users", user, "clients", client, "claim-capabilities", name);
    const made = await directory.call("PUT", path, CAPABILITY, { body });
    const text = secret.toString("base64url");
    io.out(given.flag("json") ? `${JSON.stringify({ ...made.body, secret: text })}\n` : `${text}\n`);
    return EXIT_OK;
  },
};

const list: Command = {
  name: "capability list",
  summary: "Show the claim capabilities of a user",
  options: { ...PUBLISHER_OPTIONS, ...JSON_OPTION },
  examples: ["capability list --user carol --client phone"],

  async run(given, io) {
    const { user, client, directory } = await connectPublisher(given, io);
    const path = pathOf("users", user, "clients", client, "claim-capabilities");
    const { body } = await directory.call("GET", path, CAPABILITIES);
    if (given.flag("json")) {
      io.out(`${JSON.stringify(body)}\n`);
      return EXIT_OK;
    }
    const rows = body.capabilities.map((one) => [
      one.name,
      one.client,
      dateOf(one.created_at),
      one.expires_at === null ? "-" : dateOf(one.expires_at),
      one.max_claims === null ? "any number" : `${one.claims} of ${one.max_claims}`,
    ]);
    io.out(table(io, ["NAME", "MADE BY", "AT", "ENDS", "CLAIMS"], rows));
    return EXIT_OK;
  },
};

const revoke: Command = {
  name: "capability revoke",
  summary: "End a claim capability",
  operands: "NAME",
  options: { ...PUBLISHER_OPTIONS, ...JSON_OPTION },
  examples: ["capability revoke 'front door' --user carol --client phone"],

  async run(given, io) {
    const name = checkedIdentifier("NAME", given.operand("NAME"));
    const { user, client, directory } = await connectPublisher(given, io);
    const path = pathOf("users", user, "clients", client, "claim-capabilities", name);
    const { body } = await directory.call("DELETE", path, REVOKED_CAPABILITY);
    if (given.flag("json")) io.out(`${JSON.stringify(body)}\n`);
    else io.out(`${printable(name)} ${body.existed ? "is revoked" : "was not there"}\n`);
    return body.existed ? EXIT_OK : EXIT_REFUSED;
  },
};

export const CAPABILITY_COMMANDS: readonly Command[] = [create, list, revoke];
