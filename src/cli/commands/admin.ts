/** What the operator's routes offer. */

import { dateOf, printable } from "../../inspect/text.ts";
import { RESTORE_EPOCH, RESYNCED, REVOKED_USER, STOCK_PAGE, USER_PAGE, USER_VIEW } from "../answers.ts";
import {
  type Command,
  type CommandIo,
  EXIT_OK,
  type ExitCode,
  JSON_OPTION,
  UsageError,
  YES_OPTION,
} from "../command.ts";
import { CONNECTION_OPTIONS, connect } from "../connection.ts";
import { pathOf } from "../directory-client.ts";
import { checkedIdentifier, type Given } from "../given.ts";
import { inventoryRow } from "../inventory-table.ts";
import { table } from "../terminal.ts";

const SCOPE = "directory:admin";
/** Of tokens for the local directory. */
const OPERATOR = { user: "operator", client: "console" };
const FILTERS = ["all", "low", "last_resort_only", "exhausted", "expiring"] as const;
const POOL_ID = /^[0-9a-f]{64}$/;

const OPTIONS = { ...CONNECTION_OPTIONS, ...JSON_OPTION };
const PAGE_OPTIONS = {
  limit: { value: "N", help: "at most so many on a page" },
  after: { value: "CURSOR", help: "what the page before says under more" },
};

const adminStock: Command = {
  name: "admin stock",
  summary: "List the stock of all clients, or of those that need something",
  options: {
    filter: { value: "NAME", help: FILTERS.join(", ") },
    "expiring-within": { value: "SECONDS", help: "with --filter expiring, how soon" },
    ...PAGE_OPTIONS,
    ...OPTIONS,
  },
  examples: ["admin stock --filter low", "admin stock --filter expiring --expiring-within 86400 --json"],

  async run(given, io) {
    const filter = given.choice("filter", FILTERS, "all");
    const query = pageQuery(given, { filter, expiring_within_seconds: given.whole("expiring-within") });
    const { body } = await (await operator(given, io)).call("GET", `${pathOf("admin", "stock")}${query}`, STOCK_PAGE);
    return show(given, io, body, () => {
      const rows = body.rows.map((row) => [
        row.user,
        row.client,
        row.ciphersuite ?? "-",
        row.available,
        row.last_resort ? "yes" : "no",
        row.next_expiry === null ? "-" : dateOf(row.next_expiry),
        row.needs_upload ? "needs an upload" : "",
      ]);
      return `${table(io, ["USER", "CLIENT", "SUITE", "AVAILABLE", "LAST RESORT", "NEXT EXPIRY", ""], rows)}${more(body.next)}`;
    });
  },
};

const adminUsers: Command = {
  name: "admin users",
  summary: "List all users",
  options: { ...PAGE_OPTIONS, ...OPTIONS },
  examples: ["admin users", "admin users --limit 100 --after carol --json"],

  async run(given, io) {
    const path = `${pathOf("admin", "users")}${pageQuery(given, {})}`;
    const { body } = await (await operator(given, io)).call("GET", path, USER_PAGE);
    return show(given, io, body, () => body.users.map((user) => `${printable(user)}\n`).join("") + more(body.next));
  },
};

const adminUser: Command = {
  name: "admin user",
  summary: "Show the clients of a user, revoked ones too, as the user's pool has them",
  operands: "USER",
  options: OPTIONS,
  examples: ["admin user alice"],

  async run(given, io) {
    const user = userOperand(given);
    const { body } = await (await operator(given, io)).call("GET", pathOf("admin", "users", user), USER_VIEW);
    return show(given, io, body, () => {
      const rows = body.clients.flatMap(({ client, registered_at, revoked, inventory }) => {
        const state = revoked ? "revoked" : `since ${dateOf(registered_at)}`;
        return inventory.length === 0
          ? [[client, state, "-", "-", "-", "-", "-", ""]]
          : inventory.map((suite) => [client, state, ...inventoryRow(suite)]);
      });
      const heads = ["CLIENT", "REGISTERED", "SUITE", "AVAILABLE", "TARGET", "LAST RESORT", "NEXT EXPIRY", ""];
      const pending = body.directory_pending ? "\nthe directory is still to be told of a change\n" : "";
      return `${table(io, heads, rows)}${pending}`;
    });
  },
};

const adminRevokeUser: Command = {
  name: "admin revoke-user",
  summary: "Revoke every client of a user",
  operands: "USER",
  options: { ...YES_OPTION, ...OPTIONS },
  examples: ["admin revoke-user alice --yes"],

  async run(given, io) {
    const user = userOperand(given);
    confirm(given, "packages of the user cannot be brought back");
    const { body } = await (await operator(given, io)).call("DELETE", pathOf("admin", "users", user), REVOKED_USER);
    return show(given, io, body, () => `${body.clients} clients revoked, ${body.purged} packages purged\n`);
  },
};

const adminResync: Command = {
  name: "admin resync",
  summary: "Have a user's pool send its user to the directory again",
  operands: "USER",
  options: OPTIONS,
  examples: ["admin resync alice"],

  async run(given, io) {
    const path = pathOf("admin", "users", userOperand(given), "resync");
    const { body } = await (await operator(given, io)).call("POST", path, RESYNCED);
    return show(given, io, body, () => `${printable(body.status)}\n`);
  },
};

const adminResyncPool: Command = {
  name: "admin resync-pool",
  summary: "The same by the id of the pool's object; for all pools, see npm run directory",
  operands: "ID",
  options: OPTIONS,
  examples: [`admin resync-pool ${"0".repeat(64)}`],

  async run(given, io) {
    const id = given.operand("pool id");
    if (!POOL_ID.test(id)) throw new UsageError(`expected a pool id of 64 hex digits, got "${id}"`);
    const { body } = await (await operator(given, io)).call("POST", pathOf("admin", "pools", id, "resync"), RESYNCED);
    return show(given, io, body, () => `${printable(body.status)}\n`);
  },
};

const adminRestoreEpoch: Command = {
  name: "admin restore-epoch",
  summary: "Show the restore epoch, or declare one after a restore of storage",
  options: {
    declare: { help: "void every one-time package stored before now, or before --at" },
    at: { value: "UNIX", help: "with --declare, the epoch in unix seconds" },
    ...YES_OPTION,
    ...OPTIONS,
  },
  examples: ["admin restore-epoch", "admin restore-epoch --declare --yes"],

  async run(given, io) {
    const at = given.whole("at");
    if (at !== undefined && !given.flag("declare")) throw new UsageError("--at needs --declare");
    if (given.flag("declare")) confirm(given, "every package stored before is void then");
    const directory = await operator(given, io);
    const path = pathOf("admin", "restore-epoch");
    const { body } = given.flag("declare")
      ? await directory.call("POST", path, RESTORE_EPOCH, { body: at === undefined ? {} : { restore_epoch: at } })
      : await directory.call("GET", path, RESTORE_EPOCH);
    return show(given, io, body, () => {
      const { restore_epoch: epoch, holds_everywhere_at: holds } = body;
      const since = epoch === 0 ? "none was declared" : `${epoch} ${dateOf(epoch)}`;
      return `restore epoch: ${since}\n${holds === null ? "" : `holds everywhere at: ${dateOf(holds)}\n`}`;
    });
  },
};

export const ADMIN_COMMANDS: readonly Command[] = [
  adminStock,
  adminUsers,
  adminUser,
  adminRevokeUser,
  adminResync,
  adminResyncPool,
  adminRestoreEpoch,
];

const operator = (given: Given, io: CommandIo) => connect(given, io, OPERATOR, SCOPE);

const userOperand = (given: Given): string => checkedIdentifier("USER", given.operand("user"));

function confirm(given: Given, what: string): void {
  if (!given.flag("yes")) throw new UsageError(`${what}: --yes confirms`);
}

function pageQuery(given: Given, more: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...more, limit: given.whole("limit"), after: given.text("after") })) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.size > 0 ? `?${query}` : "";
}

const more = (after: string | null): string => (after === null ? "" : `\nmore: --after '${printable(after)}'\n`);

function show(given: Given, io: CommandIo, body: object, text: () => string): ExitCode {
  io.out(given.flag("json") ? `${JSON.stringify(body)}\n` : text());
  return EXIT_OK;
}
