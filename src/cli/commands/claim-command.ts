import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dateOf } from "../../inspect/text.ts";
import { type Command, type CommandIo, EXIT_OK, EXIT_REFUSED, JSON_OPTION, UsageError } from "../command.ts";
import { checkedIdentifier, type Given } from "../given.ts";
import { CLAIMED, CLAIMED_MANY, type Claimed } from "../remote/answers.ts";
import { CONNECTION_OPTIONS, connect, connectWithCapability } from "../remote/connection.ts";
import { type DirectoryClient, pathOf } from "../remote/directory-client.ts";
import { table } from "../terminal.ts";

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

export const claim: Command = {
  name: "claim",
  summary: "Take one KeyPackage of each client of these users, to add them to a group",
  operands: "USER…",
  options: {
    ...CONNECTION_OPTIONS,
    "as-user": { value: "USER", help: "who claims, for a token of the local directory; bob if left out" },
    "as-client": { value: "CLIENT", help: "their client; laptop if left out" },
    capability: { value: "FILE", help: "claim from one user with the secret in there, and without a token" },
    ciphersuite: {
      value: "N,…",
      help: "accepted ciphersuites, the preferred one first; those of the directory if left out",
    },
    "exclude-client": { value: "CLIENT", help: "a client to leave out; may be given again", multiple: true },
    "min-remaining": { value: "SECONDS", help: "how long a package must still live" },
    "no-last-resort": { help: "take no package that is given more than once" },
    "idempotency-key": {
      value: "KEY",
      help: "the same key with the same claim gives the same packages; random if left out",
    },
    "mls-message": { help: "give each package in an MLSMessage, as some MLS libraries read it, instead of bare" },
    receipts: { value: "FILE", help: "ask for a receipt of each package, and write them there, one per line" },
    out: { value: "FILE", help: "write the packages there, base64url, one per line" },
    ...JSON_OPTION,
  },
  examples: [
    "claim alice",
    "claim alice carol --ciphersuite 1,2 --out packages.txt",
    "claim alice --json --no-last-resort",
  ],

  async run(given, io) {
    const users = given.operands.map((user) => checkedIdentifier("USER", user));
    if (users.length === 0) throw new UsageError("expected the users to claim packages of");
    const key = given.text("idempotency-key") ?? randomUUID();
    if (!IDEMPOTENCY_KEY.test(key))
      throw new UsageError("--idempotency-key: expected 1 to 128 visible ASCII characters");
    const who = {
      user: checkedIdentifier("--as-user", given.text("as-user") ?? "bob"),
      client: checkedIdentifier("--as-client", given.text("as-client") ?? "laptop"),
    };
    const capability = given.text("capability");
    if (capability !== undefined && users.length > 1) {
      throw new UsageError("expected one user with --capability: it is of one user");
    }
    const directory =
      capability === undefined
        ? await connect(given, io, who, "key-packages:claim")
        : connectWithCapability(given, io, capability);
    const receipts = given.text("receipts");
    const query = receipts === undefined ? "" : "?receipt=true";
    const { body, claimed, replayed } = await claimFor(directory, users, criteria(given), key, query);
    const out = given.text("out");
    if (out !== undefined) writeLines(out, claimed, ({ key_package }) => key_package);
    if (receipts !== undefined) writeLines(receipts, claimed, ({ receipt }) => receipt);
    if (given.flag("json")) io.out(`${JSON.stringify({ ...body, idempotency_key: key })}\n`);
    else print(claimed, key, replayed, io);
    return claimed.every(({ status }) => status === "ok") ? EXIT_OK : EXIT_REFUSED;
  },
};

function criteria(given: Given) {
  const ciphersuites = given.wholes("ciphersuite", 65_535);
  const minRemaining = given.whole("min-remaining");
  return {
    ...(ciphersuites === undefined ? {} : { ciphersuites }),
    ...(given.texts("exclude-client").length === 0 ? {} : { exclude_clients: given.texts("exclude-client") }),
    ...(minRemaining === undefined ? {} : { min_remaining_lifetime_seconds: minRemaining }),
    ...(given.flag("no-last-resort") ? { allow_last_resort: false } : {}),
    ...(given.flag("mls-message") ? { format: "mls_message" } : {}),
  };
}

/** Of one user, the answer says more; of many, one bad user does not stop the others. */
export async function claimFor(
  directory: DirectoryClient,
  users: readonly string[],
  body: Readonly<Record<string, unknown>>,
  key: string,
  query = "",
): Promise<{ readonly body: object; readonly claimed: readonly Claimed[]; readonly replayed: boolean }> {
  const headers = { "idempotency-key": key };
  const [user = "", ...more] = users;
  if (more.length === 0) {
    const answer = await directory.call("POST", pathOf("users", user, "claims") + query, CLAIMED, { body, headers });
    return { body: answer.body, claimed: [answer.body], replayed: isReplayed(answer.headers) };
  }
  const answer = await directory.call("POST", pathOf("claims") + query, CLAIMED_MANY, {
    body: { users, ...body },
    headers,
  });
  return { body: answer.body, claimed: answer.body.users, replayed: isReplayed(answer.headers) };
}

const isReplayed = (headers: Headers): boolean => headers.get("idempotent-replayed") === "true";

function writeLines(
  file: string,
  claimed: readonly Claimed[],
  lineOf: (client: Claimed["clients"][number]) => string | undefined,
): void {
  const lines = claimed.flatMap(({ clients }) => clients.flatMap((one) => lineOf(one) ?? []));
  try {
    writeFileSync(file, lines.map((text) => `${text}\n`).join(""));
  } catch (cause) {
    throw new UsageError(`cannot write ${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function print(claimed: readonly Claimed[], key: string, replayed: boolean, io: CommandIo): void {
  const rows = claimed.flatMap(({ user, status, clients }) =>
    clients.length === 0
      ? [[user, "-", status, "-", "-", "-"]]
      : clients.map((one) => [
          user,
          one.client,
          one.retry_after_seconds === undefined
            ? one.status
            : `${one.status}, retry after ${one.retry_after_seconds} s`,
          one.ciphersuite ?? "-",
          one.not_after === undefined ? "-" : dateOf(one.not_after),
          one.key_package_ref ?? "-",
        ]),
  );
  io.out(table(io, ["USER", "CLIENT", "STATUS", "SUITE", "NOT AFTER", "KEY PACKAGE REF"], rows));
  io.out(`\nidempotency key: ${key}${replayed ? " (repeated: the same packages as before)" : ""}\n`);
}
