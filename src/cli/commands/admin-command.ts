/** What the operator's routes offer for reading, and for the directory as a whole. */

import type { z } from "zod";
import { dateOf, printable } from "../../inspect/text.ts";
import { type Command, type CommandIo, UsageError, YES_OPTION } from "../command.ts";
import { inventoryRow } from "../inventory-table.ts";
import {
  EPOCH_PREVIEW,
  RESTORE_EPOCH,
  RESYNCED,
  REVOKED_USER,
  STOCK_PAGE,
  USER_PAGE,
  USER_VIEW,
} from "../remote/answers.ts";
import { type DirectoryClient, pathOf } from "../remote/directory-client.ts";
import {
  confirm,
  more,
  OPERATOR_OPTIONS as OPTIONS,
  operator,
  PAGE_OPTIONS,
  pageQuery,
  REASON_OPTION,
  reasonOf,
  show,
  userOperand,
} from "../remote/operator.ts";
import { table } from "../terminal.ts";

const FILTERS = ["all", "low", "last_resort_only", "exhausted", "expiring"] as const;
const POOL_ID = /^[0-9a-f]{64}$/;

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
  summary: "List all users, or those whose names begin with a prefix",
  options: { prefix: { value: "TEXT", help: "how the names begin" }, ...PAGE_OPTIONS, ...OPTIONS },
  examples: ["admin users", "admin users --prefix al --limit 100 --json"],

  async run(given, io) {
    const path = `${pathOf("admin", "users")}${pageQuery(given, { prefix: given.text("prefix") })}`;
    const { body } = await (await operator(given, io)).call("GET", path, USER_PAGE);
    return show(given, io, body, () => body.users.map((user) => `${printable(user)}\n`).join("") + more(body.next));
  },
};

const adminUser: Command = {
  name: "admin user",
  summary: "Show the clients of a user as its pool has them, when they were last used, and why claims found nothing",
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
      const pending = body.directory_pending
        ? "\nthe lists of all users do not show the latest changes yet, which is ordinary after claims\n"
        : "";
      const activity = body.clients.map((one) => [
        one.client,
        one.last_upload_at === null ? "-" : dateOf(one.last_upload_at),
        one.last_claimed_at === null ? "-" : dateOf(one.last_claimed_at),
        one.missed.map(({ reason, count }) => `${count} ${reason}`).join(", ") || "-",
      ]);
      const claimers = body.top_claimers_of_day.map(({ user, claimed, missed }) => [
        user ?? "(erased)",
        claimed,
        missed,
      ]);
      return [
        `${table(io, heads, rows)}${pending}`,
        table(io, ["CLIENT", "LAST UPLOAD", "LAST CLAIMED", "CLAIMS THAT FOUND NOTHING"], activity),
        table(io, ["CLAIMER, LAST DAY", "CLAIMED", "MISSED"], claimers),
      ].join("\n");
    });
  },
};

const adminRevokeUser: Command = {
  name: "admin revoke-user",
  summary: "Revoke every client of a user",
  operands: "USER",
  options: { ...REASON_OPTION, ...YES_OPTION, ...OPTIONS },
  examples: ["admin revoke-user alice --reason ticket-4711 --yes"],

  async run(given, io) {
    const user = userOperand(given);
    confirm(given, "packages of the user cannot be brought back");
    const why = reasonOf(given);
    const path = pathOf("admin", "users", user);
    const { body } = await (await operator(given, io)).call("DELETE", path, REVOKED_USER, why);
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
    "dry-run": { help: "count what it would void, now or with --at, and change nothing" },
    declare: { help: "void every one-time package stored before now, or before --at" },
    at: { value: "UNIX", help: "with --declare, the epoch in unix seconds" },
    ...REASON_OPTION,
    ...YES_OPTION,
    ...OPTIONS,
  },
  examples: ["admin restore-epoch", "admin restore-epoch --declare --reason ticket-4711 --yes"],

  async run(given, io) {
    const at = given.whole("at");
    if (at !== undefined && !given.flag("declare") && !given.flag("dry-run")) {
      throw new UsageError("--at needs --declare or --dry-run");
    }
    if (given.flag("dry-run")) {
      if (given.flag("declare")) throw new UsageError("--dry-run and --declare exclude each other");
      const counted = await preview(await operator(given, io), io, at);
      const { users, users_affected, one_time, last_resorts } = counted;
      return show(given, io, counted, () => {
        return `it would void ${one_time} one-time packages and ${last_resorts} last resorts of ${users_affected} users, of ${users} in the directory\n`;
      });
    }
    if (given.flag("declare")) confirm(given, "every package stored before is void then");
    const directory = await operator(given, io);
    const path = pathOf("admin", "restore-epoch");
    const { body } = given.flag("declare")
      ? await directory.call("POST", path, RESTORE_EPOCH, {
          body: at === undefined ? {} : { restore_epoch: at },
          ...reasonOf(given),
        })
      : await directory.call("GET", path, RESTORE_EPOCH);
    return show(given, io, body, () => {
      const { restore_epoch: epoch, holds_everywhere_at: holds } = body;
      const since = epoch === 0 ? "none was declared" : `${epoch} ${dateOf(epoch)}`;
      return `restore epoch: ${since}\n${holds === null ? "" : `holds everywhere at: ${dateOf(holds)}\n`}`;
    });
  },
};

/** All pages together. */
async function preview(directory: DirectoryClient, io: CommandIo, at: number | undefined) {
  const sum = { restore_epoch: at ?? io.now() + 1, users: 0, users_affected: 0, one_time: 0, last_resorts: 0 };
  for (let after: string | null = ""; after !== null; ) {
    const query = new URLSearchParams({ restore_epoch: String(sum.restore_epoch), ...(after === "" ? {} : { after }) });
    const path = `${pathOf("admin", "restore-epoch", "preview")}?${query}`;
    const { body }: { body: z.infer<typeof EPOCH_PREVIEW> } = await directory.call("GET", path, EPOCH_PREVIEW);
    sum.users += body.users;
    sum.users_affected += body.users_affected;
    sum.one_time += body.one_time;
    sum.last_resorts += body.last_resorts;
    io.progress(`${sum.users} users`);
    after = body.next;
  }
  return sum;
}

export const ADMIN_COMMANDS: readonly Command[] = [
  adminStock,
  adminUsers,
  adminUser,
  adminRevokeUser,
  adminResync,
  adminResyncPool,
  adminRestoreEpoch,
];
