/** What the operator's routes offer about one user: looking closer, ending, blocking, giving out and erasing; and the trail. */
import { z } from "zod";
import { dateOf } from "../../inspect/text.ts";
import { type Command, UsageError, YES_OPTION } from "../command.ts";
import { JOURNAL, REVOKED_CLIENT } from "../remote/answers.ts";
import { pathOf } from "../remote/directory-client.ts";
import {
  clientOperands,
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

const ANYTHING = z.looseObject({});
const ERASED = z.looseObject({ existed: z.boolean(), journals_of_others_end_at: z.number() });
const BLOCK = z.looseObject({ holds_everywhere_at: z.number() });
const UNBLOCK = z.looseObject({ was_blocked: z.boolean() });
const BLOCKED = z.looseObject({
  blocked: z.array(
    z.looseObject({ pool: z.string(), since: z.number(), until: z.number().nullable(), why: z.string() }),
  ),
});
const ISSUER_KEYS = z.looseObject({
  issuers: z.array(
    z.looseObject({
      issuer: z.string(),
      fetched_at: z.number().nullable(),
      last_fetch_failed: z.boolean(),
      key_ids: z.array(z.string()),
      outcome: z.optional(z.string()),
    }),
  ),
  holds_everywhere_at: z.optional(z.number().nullable()),
});
const BUDGETS = z.looseObject({ budgets: z.number() });
const TRAIL = z.looseObject({
  records: z.array(
    z.looseObject({
      at: z.number(),
      actor: z.looseObject({ user: z.string() }),
      operation: z.string(),
      target: z.string().nullable(),
      why: z.string(),
      status: z.number().nullable(),
    }),
  ),
  next: z.string().nullable(),
});
const USER_JOURNAL = z.looseObject({
  entries: z.array(JOURNAL.shape.entries.element.extend({ client: z.string() })),
  next: z.string().nullable(),
});

const CHANGE = { ...REASON_OPTION, ...OPTIONS };
const FINAL = { ...REASON_OPTION, ...YES_OPTION, ...OPTIONS };

const endClient: Command = {
  name: "admin end-client",
  summary: "End one client of a user, such as a lost device",
  operands: "USER CLIENT",
  options: FINAL,
  examples: ["admin end-client alice phone --reason ticket-4711 --yes"],
  async run(given, io) {
    const [user, client] = clientOperands(given);
    confirm(given, "packages of the client cannot be brought back");
    const path = pathOf("admin", "users", user, "clients", client);
    const { body } = await (await operator(given, io)).call("DELETE", path, REVOKED_CLIENT, reasonOf(given));
    return show(given, io, body, () => `${body.purged} packages purged\n`);
  },
};

const purgeClient: Command = {
  name: "admin purge",
  summary: "Remove every package of one client, which stays registered",
  operands: "USER CLIENT",
  options: FINAL,
  examples: ["admin purge alice phone --reason ticket-4711 --yes"],
  async run(given, io) {
    const [user, client] = clientOperands(given);
    confirm(given, "packages of the client cannot be brought back");
    const path = pathOf("admin", "users", user, "clients", client, "key-packages");
    const { body } = await (await operator(given, io)).call("DELETE", path, REVOKED_CLIENT, reasonOf(given));
    return show(given, io, body, () => `${body.purged} packages purged\n`);
  },
};

const userJournal: Command = {
  name: "admin journal",
  summary: "Show who claimed from a user, and claims that found nothing",
  operands: "USER",
  options: { client: { value: "CLIENT", help: "of this client alone" }, ...PAGE_OPTIONS, ...OPTIONS },
  examples: ["admin journal alice", "admin journal alice --client phone --limit 500 --json"],
  async run(given, io) {
    const path = `${pathOf("admin", "users", userOperand(given), "journal")}${pageQuery(given, { client: given.text("client") })}`;
    const { body } = await (await operator(given, io)).call("GET", path, USER_JOURNAL);
    const rows = body.entries.map((entry) => [
      dateOf(entry.at),
      entry.client,
      entry.reason === undefined ? entry.event : `${entry.event}: ${entry.reason}`,
      entry.claimer === null ? "(erased)" : `${entry.claimer.user}/${entry.claimer.client}`,
    ]);
    return show(given, io, body, () => `${table(io, ["AT", "CLIENT", "EVENT", "CLAIMER"], rows)}${more(body.next)}`);
  },
};

const exportUser: Command = {
  name: "admin export",
  summary: "Print all that is kept of a user, a line of JSON for each page",
  operands: "USER",
  options: OPTIONS,
  examples: ["admin export alice"],
  async run(given, io) {
    const path = pathOf("admin", "users", userOperand(given), "data");
    const directory = await operator(given, io);
    const page = z.looseObject({ next: z.string().nullable() });
    for (let after: string | null = ""; after !== null; ) {
      const query: string = after === "" ? "" : `?${new URLSearchParams({ after })}`;
      const { body }: { body: z.infer<typeof page> } = await directory.call("GET", `${path}${query}`, page);
      io.out(`${JSON.stringify(body)}\n`);
      after = body.next;
    }
    return 0;
  },
};

const erase: Command = {
  name: "admin erase",
  summary: "Erase a user; npm run directory -- forget then takes the name out of the journals of others",
  operands: "USER",
  options: FINAL,
  examples: ["admin erase alice --reason ticket-4711 --yes"],
  async run(given, io) {
    const user = userOperand(given);
    confirm(given, "all that is kept of the user goes");
    const path = pathOf("admin", "users", user, "data");
    const { body } = await (await operator(given, io)).call("DELETE", path, ERASED, reasonOf(given));
    const end = dateOf(body.journals_of_others_end_at);
    return show(given, io, body, () =>
      body.existed ? `erased; journals of others may show the name until ${end}\n` : "there was nothing to erase\n",
    );
  },
};

const block: Command = {
  name: "admin block",
  summary: "Block a user: its tokens open nothing",
  operands: "USER",
  options: { until: { value: "UNIX", help: "in unix seconds; without it, until it is lifted" }, ...CHANGE },
  examples: ["admin block mallory --reason drains-alice --until 1900000000"],
  async run(given, io) {
    const path = pathOf("admin", "users", userOperand(given), "block");
    const until = given.whole("until");
    const request = { body: until === undefined ? {} : { until }, ...reasonOf(given) };
    const { body } = await (await operator(given, io)).call("PUT", path, BLOCK, request);
    return show(given, io, body, () => `blocked; holds everywhere at ${dateOf(body.holds_everywhere_at)}\n`);
  },
};

const unblock: Command = {
  name: "admin unblock",
  summary: "Lift the block of a user",
  operands: "USER",
  options: CHANGE,
  examples: ["admin unblock mallory --reason ticket-4712"],
  async run(given, io) {
    const path = pathOf("admin", "users", userOperand(given), "block");
    const { body } = await (await operator(given, io)).call("DELETE", path, UNBLOCK, reasonOf(given));
    return show(given, io, body, () => (body.was_blocked ? "lifted\n" : "the user was not blocked\n"));
  },
};

const blocked: Command = {
  name: "admin blocked",
  summary: "List blocked users, by the id of their pool",
  options: OPTIONS,
  examples: ["admin blocked"],
  async run(given, io) {
    const { body } = await (await operator(given, io)).call("GET", pathOf("admin", "blocked-users"), BLOCKED);
    const rows = body.blocked.map(({ pool, since, until, why }) => [
      pool,
      dateOf(since),
      until === null ? "-" : dateOf(until),
      why,
    ]);
    return show(given, io, body, () => table(io, ["POOL", "SINCE", "UNTIL", "WHY"], rows));
  },
};

const issuerKeys: Command = {
  name: "admin issuer-keys",
  summary: "Show which keys of which issuer are in use; with --refresh, fetch them now and have older ones forgotten",
  options: {
    refresh: { help: "fetch now; needs --reason" },
    issuer: { value: "ISSUER", help: "with --refresh, of this issuer alone" },
    ...CHANGE,
  },
  examples: ["admin issuer-keys", "admin issuer-keys --refresh --issuer https://auth.example.com --reason key-stolen"],
  async run(given, io) {
    const path = pathOf("admin", "issuer-keys");
    const issuer = given.text("issuer");
    if (issuer !== undefined && !given.flag("refresh")) throw new UsageError("--issuer goes with --refresh");
    const query = issuer === undefined ? "" : `?${new URLSearchParams({ issuer })}`;
    const request = given.flag("refresh") ? reasonOf(given) : undefined;
    const directory = await operator(given, io);
    const { body } = request
      ? await directory.call("POST", `${path}${query}`, ISSUER_KEYS, request)
      : await directory.call("GET", path, ISSUER_KEYS);
    const rows = body.issuers.map((one) => [
      one.issuer,
      one.fetched_at === null ? "-" : dateOf(one.fetched_at),
      one.last_fetch_failed ? "failed" : (one.outcome ?? "-"),
      one.key_ids.join(", ") || "-",
    ]);
    const end = body.holds_everywhere_at;
    return show(given, io, body, () => {
      const holds = typeof end === "number" ? `\nolder keys count nowhere from ${dateOf(end)} on\n` : "";
      return `${table(io, ["ISSUER", "FETCHED", "LAST FETCH", "KEYS"], rows)}${holds}`;
    });
  },
};

const resetBudgets: Command = {
  name: "admin reset-budgets",
  summary: "Empty budgets of a user before their time",
  operands: "USER",
  options: {
    client: { value: "CLIENT", help: "of this client alone" },
    claimer: { value: "USER", help: "what this user has used up alone" },
    ...CHANGE,
  },
  examples: ["admin reset-budgets alice --claimer bob --reason ticket-4711"],
  async run(given, io) {
    const query = pageQuery(given, { client: given.text("client"), claimer: given.text("claimer") });
    const path = `${pathOf("admin", "users", userOperand(given), "budgets")}${query}`;
    const { body } = await (await operator(given, io)).call("DELETE", path, BUDGETS, reasonOf(given));
    return show(given, io, body, () => `${body.budgets} budgets emptied\n`);
  },
};

const raiseBudgets: Command = {
  name: "admin raise-budgets",
  summary: "Raise every budget of a user until a time",
  operands: "USER",
  options: {
    factor: { value: "N", help: "so many times; 1 ends it" },
    until: { value: "UNIX", help: "in unix seconds, 30 days from now at most" },
    ...CHANGE,
  },
  examples: ["admin raise-budgets alice --factor 10 --until 1900000000 --reason event"],
  async run(given, io) {
    const path = pathOf("admin", "users", userOperand(given), "budgets");
    given.required("factor");
    given.required("until");
    const request = { body: { factor: given.whole("factor"), until: given.whole("until") }, ...reasonOf(given) };
    const { body } = await (await operator(given, io)).call("PUT", path, ANYTHING, request);
    return show(given, io, body, () => "raised\n");
  },
};

const audit: Command = {
  name: "admin audit",
  summary: "Show what operators changed, the newest first",
  options: { user: { value: "USER", help: "about this user alone" }, ...PAGE_OPTIONS, ...OPTIONS },
  examples: ["admin audit", "admin audit --user alice --limit 20 --json"],
  async run(given, io) {
    const path = `${pathOf("admin", "audit-trail")}${pageQuery(given, { user: given.text("user") })}`;
    const { body } = await (await operator(given, io)).call("GET", path, TRAIL);
    const rows = body.records.map((record) => [
      dateOf(record.at),
      record.actor.user,
      record.operation,
      record.target?.slice(0, 12) ?? "-",
      record.status ?? "?",
      record.why,
    ]);
    return show(given, io, body, () => {
      return `${table(io, ["AT", "OPERATOR", "OPERATION", "POOL", "STATUS", "WHY"], rows)}${more(body.next)}`;
    });
  },
};

export const ADMIN_CHANGES: readonly Command[] = [
  userJournal,
  endClient,
  purgeClient,
  exportUser,
  erase,
  block,
  unblock,
  blocked,
  issuerKeys,
  resetBudgets,
  raiseBudgets,
  audit,
];
