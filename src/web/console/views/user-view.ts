/** One user: clients with their stock, who claimed, and what an operator can do. */
import { breakable, copyButton, h, save } from "../../dom.ts";
import { type Answer, type Api, path } from "../api.ts";
import type {
  BlockedUser,
  ErasedUser,
  PurgedClient,
  Resync,
  RevokedClient,
  RevokedUser,
  UnblockedUser,
  UserExport,
  UserJournal,
  UserView,
} from "../operator-api-types.ts";
import { confirmed, empty, failure, type Question, showIn, startLoading, table, when } from "../pieces.ts";
import { type SuiteNames, suiteNames } from "../suite-names.ts";
import { budgetsPanel } from "./budgets-view.ts";
import { auditView } from "./record-views.ts";

type Client = UserView["clients"][number];
type Entry = UserJournal["entries"][number];

export function userView(api: Api, user: string, close: () => void): HTMLElement {
  const names = suiteNames(api);
  const body = h("div", { class: "stack" });
  const said = h("div", { role: "status" });
  void load();
  return h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", class: "quiet", onclick: close }, "← All clients"),
      h("h2", { id: "user-title" }, user),
      h("span", { class: "spacer" }),
      h("button", { type: "button", class: "quiet", onclick: () => void load() }, "Refresh"),
    ),
    said,
    body,
  );

  async function load(): Promise<void> {
    startLoading(body, "the user");
    const [found, nameOf] = await Promise.all([api.call<UserView>("GET", path`/v1/admin/users/${user}`), names]);
    showIn(body, found.ok ? show(found.value, nameOf) : failure(found.refusal, () => void load()));
  }

  function show(view: UserView, nameOf: SuiteNames): HTMLElement {
    return h(
      "div",
      { class: "stack" },
      view.directory_pending &&
        h(
          "p",
          { class: "note" },
          "The lists of all users do not show the latest changes of this one yet. After claims that is ordinary: they are told of them when the stock runs low, or with the next upload.",
        ),
      ...view.clients.map((client) => clientPanel(client, nameOf)),
      view.clients.length === 0 && empty("No client of this user is registered."),
      claimersPanel(view),
      eventsPanel(view),
      budgetsPanel(api, view, act, () => Math.floor(Date.now() / 1000)),
      journalPanel(api, user),
      actionsPanel(),
      auditView(api, user),
    );
  }

  function clientPanel(client: Client, nameOf: SuiteNames): HTMLElement {
    const { inventory, missed } = client;
    const revoke = () =>
      act<RevokedClient>(
        {
          title: `Revoke ${client.client}?`,
          text: "Its packages are removed, and its older tokens no longer act for it. This cannot be undone.",
          word: client.client,
          action: "Revoke the client",
        },
        (reason) => api.call("DELETE", path`/v1/admin/users/${user}/clients/${client.client}`, { reason }),
        ({ purged }) => `${client.client} is revoked, and ${purged} packages with it.`,
      );
    const purge = () =>
      act<PurgedClient>(
        {
          title: `Remove the packages of ${client.client}?`,
          text: "Nobody can claim from it until it has uploaded new ones. It stays registered.",
          word: client.client,
          action: "Remove the packages",
        },
        (reason) => api.call("DELETE", path`/v1/admin/users/${user}/clients/${client.client}/key-packages`, { reason }),
        ({ purged }) => `${purged} packages of ${client.client} are removed.`,
      );
    return h(
      "section",
      { class: "panel stack" },
      h(
        "div",
        { class: "row" },
        h("h3", {}, client.client),
        h(
          "span",
          { class: client.revoked ? "badge bad" : "badge good" },
          client.revoked ? `revoked ${when(client.revoked_at)}` : "registered",
        ),
        h("span", { class: "spacer" }),
        !client.revoked &&
          h("button", { type: "button", class: "quiet", onclick: () => void purge() }, "Remove packages"),
        !client.revoked &&
          h("button", { type: "button", class: "quiet danger", onclick: () => void revoke() }, "Revoke"),
      ),
      h(
        "p",
        { class: "note" },
        `Registered ${when(client.registered_at)} · last upload ${when(client.last_upload_at)} · last claimed ${when(client.last_claimed_at)}`,
      ),
      inventory.length === 0
        ? empty("Nothing in stock.")
        : table(
            `Stock of ${client.client}`,
            ["Ciphersuite", "#Packages", "#Target", "Last resort", "Next expiry", "State"],
            inventory.map((suite) => [
              h("div", { class: "suite" }, breakable(nameOf(suite.ciphersuite))),
              String(suite.available),
              String(suite.target),
              suite.last_resort ? "yes" : "no",
              when(suite.next_expiry),
              suite.needs_upload && h("span", { class: "badge bad" }, "low"),
            ]),
          ),
      missed.length > 0 &&
        table(
          `Claims that found nothing at ${client.client}`,
          ["Missed because", "#Times", "Last"],
          missed.map(({ reason, count, last_at }) => [reason, String(count), when(last_at)]),
        ),
    );
  }

  function claimersPanel({ top_claimers_of_day: claimers }: UserView): HTMLElement | undefined {
    if (claimers.length === 0) return undefined;
    return h(
      "section",
      { class: "panel stack" },
      h("h3", {}, "Who claimed most in the last day"),
      table(
        "Claimers of the last day",
        ["User", "#Claimed", "#Missed"],
        claimers.map(({ user: who, claimed, missed }) => [who ?? "erased", String(claimed), String(missed)]),
      ),
    );
  }

  function eventsPanel({ events: { waiting, expiry_told: told } }: UserView): HTMLElement {
    return h(
      "section",
      { class: "panel stack", "aria-labelledby": "events-title" },
      h("h3", { id: "events-title" }, "Events that your backend was not told yet"),
      waiting.length === 0
        ? empty("None waits.")
        : table(
            "Waiting events",
            ["Since", "Client", "Event", "Because of", "Ciphersuite", "#Packages", "#Tried", "#Rejected"],
            waiting.map((event) => [
              when(event.at),
              event.client,
              event.type,
              event.cause,
              String(event.ciphersuite),
              String(event.available),
              String(event.attempts),
              String(event.rejections),
            ]),
          ),
      ...told.map(({ client, until }) =>
        h("p", { class: "note" }, `It was told of packages of ${client} that expire until ${when(until)}.`),
      ),
      h("p", { class: "note" }, h("a", { href: "/docs/events" }, "What is told, and how to turn it on")),
    );
  }

  function actionsPanel(): HTMLElement {
    const button = (name: string, action: () => Promise<void>, isDanger = false) =>
      h("button", { type: "button", class: isDanger ? "danger" : "", onclick: () => void action() }, name);
    const resync = async () => {
      const done = await api.call<Resync>("POST", path`/v1/admin/users/${user}/resync`);
      told(done, ({ status }) =>
        status === "delivered"
          ? "The directory has the user's rows."
          : "Queued: the directory will have them as soon as it answers.",
      );
    };
    const revokeAll = () =>
      act<RevokedUser>(
        {
          title: `Revoke every client of ${user}?`,
          text: "All packages are removed, and older tokens of the user register no client. This cannot be undone.",
          word: user,
          action: "Revoke all clients",
        },
        (reason) => api.call("DELETE", path`/v1/admin/users/${user}`, { reason }),
        ({ clients, purged }) => `${clients} clients are revoked, and ${purged} packages with them.`,
      );
    const erase = () =>
      act<ErasedUser>(
        {
          title: `Erase ${user}?`,
          text: "All that is kept of the user is deleted, fingerprints included. This cannot be undone.",
          word: user,
          action: "Erase the user",
        },
        (reason) => api.call("DELETE", path`/v1/admin/users/${user}/data`, { reason }),
        ({ existed, erased_at }) => (existed ? `Erased at ${when(erased_at)}.` : "There was nothing to erase."),
      );
    const block = () =>
      act<BlockedUser>(
        {
          title: `Block ${user}?`,
          text: "The user's tokens open nothing until the block is lifted. Others may go on claiming the user's packages.",
          action: "Block the user",
        },
        (reason) => api.call("PUT", path`/v1/admin/users/${user}/block`, { body: {}, reason }),
        ({ holds_everywhere_at: at }) => `Blocked, everywhere from ${when(at)} on.`,
      );
    const unblock = () =>
      act<UnblockedUser>(
        { title: `Lift the block of ${user}?`, text: "The user's tokens are taken again.", action: "Lift the block" },
        (reason) => api.call("DELETE", path`/v1/admin/users/${user}/block`, { reason }),
        ({ was_blocked }) => (was_blocked ? "The block is lifted." : "The user was not blocked."),
      );
    return h(
      "section",
      { class: "panel stack" },
      h("h3", {}, "Actions"),
      h(
        "div",
        { class: "row" },
        copyButton("Copy name", () => user),
        button("Export as JSON", exportAll),
        button("Write to the directory again", resync),
        h("span", { class: "spacer" }),
        button("Lift a block", unblock),
        button("Block", block, true),
        button("Revoke all clients", revokeAll, true),
        button("Erase", erase, true),
      ),
    );
  }

  async function exportAll(): Promise<void> {
    const pages: UserExport[] = [];
    let after: string | null = null;
    do {
      const query: string = after === null ? "" : `?${new URLSearchParams({ after })}`;
      const page: Answer<UserExport> = await api.call("GET", path`/v1/admin/users/${user}/data` + query);
      if (!page.ok) {
        told(page, () => "");
        return;
      }
      pages.push(page.value);
      after = page.value.next;
    } while (after !== null);
    save("user-export.json", JSON.stringify(pages, null, 2), "application/json");
    said.replaceChildren(h("p", { class: "verdict good" }, "The export is saved as a file."));
  }

  async function act<T>(
    question: Question,
    call: (reason: string) => Promise<Answer<T>>,
    done: (value: T) => string,
  ): Promise<void> {
    const reason = await confirmed(question);
    if (reason === undefined) return;
    told(await call(reason), done);
    await load();
  }

  function told<T>(answer: Answer<T>, text: (value: T) => string): void {
    said.replaceChildren(answer.ok ? h("p", { class: "verdict good" }, text(answer.value)) : failure(answer.refusal));
  }
}

const EVENTS: Readonly<Record<Entry["event"], string>> = {
  claimed: "claimed",
  last_resort: "last resort given",
  missed: "missed",
};

/** Loaded when somebody asks: most of the time the clients are what is looked for. */
function journalPanel(api: Api, user: string): HTMLElement {
  const place = h("div", { class: "stack" });
  const entries: Entry[] = [];
  const load = async (after: string | null) => {
    const query = new URLSearchParams({ limit: "100", ...(after === null ? {} : { after }) });
    const page = await api.call<UserJournal>("GET", `${path`/v1/admin/users/${user}/journal`}?${query}`);
    if (!page.ok) {
      showIn(
        place,
        failure(page.refusal, () => void load(after)),
      );
      return;
    }
    entries.push(...page.value.entries);
    const { next } = page.value;
    showIn(
      place,
      entries.length === 0
        ? empty("Nobody has claimed from this user in the time that the journal covers.")
        : table(
            "Journal",
            ["When", "Client", "Event", "Claimer", "Ciphersuite", "KeyPackageRef"],
            entries.map(({ at, client, event, reason, claimer, capability, ciphersuite, key_package_ref: ref }) => [
              when(at),
              client,
              reason === undefined ? EVENTS[event] : `${EVENTS[event]}: ${reason}`,
              claimer === null
                ? capability === undefined
                  ? "erased"
                  : `capability ${capability}`
                : `${claimer.user} / ${claimer.client}`,
              ciphersuite === undefined ? "–" : String(ciphersuite),
              ref === undefined ? "–" : h("code", {}, ref),
            ]),
          ),
      ...(next === null
        ? []
        : [h("button", { type: "button", class: "quiet", onclick: () => void load(next) }, "More")]),
    );
  };
  place.append(
    h(
      "button",
      {
        type: "button",
        onclick: () => {
          startLoading(place, "the journal");
          void load(null);
        },
      },
      "Show the journal",
    ),
  );
  return h("section", { class: "panel stack" }, h("h3", {}, "Journal"), place);
}
