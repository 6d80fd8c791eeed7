import { printable } from "../../inspect/text.ts";
import { type Command, EXIT_OK, JSON_OPTION, UsageError } from "../command.ts";
import { readKeyFile, signersOf } from "../key-file.ts";
import { connectPublisher, PUBLISHER_OPTIONS } from "../remote/connection.ts";
import { registerClient } from "../remote/register-client.ts";

const CREATED = 201;

export const register: Command = {
  name: "register",
  summary: "Register a client with the signature keys of its key file, or add keys to it",
  options: {
    ...PUBLISHER_OPTIONS,
    keys: { value: "FILE", help: "key file of kpd generate" },
    ...JSON_OPTION,
  },
  examples: [
    "register --user carol --client phone --keys carol-phone.json",
    "register --user carol --client phone --keys carol-phone.json --url https://directory.example --token-file token",
  ],

  async run(given, io) {
    const signers = signersOf(readKeyFile(given.required("keys")));
    if (signers.length === 0) throw new UsageError(`${given.required("keys")} has no signature key`);
    const { user, client, directory } = await connectPublisher(given, io);
    const { status, body } = await registerClient(directory, { user, client }, signers);
    if (given.flag("json")) io.out(`${JSON.stringify(body)}\n`);
    else
      io.out(`${printable(`${user}/${client}`)} ${status === CREATED ? "is registered" : "was registered already"}\n`);
    return EXIT_OK;
  },
};
