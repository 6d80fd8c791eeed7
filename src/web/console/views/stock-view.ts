/** How well all clients are stocked: totals, charts, and the clients themselves. */
import { printable } from "../../../inspect/text.ts";
import { breakable, type Child, h } from "../../dom.ts";
import { focusOn, keepFocus } from "../../keep-focus.ts";
import type { Api } from "../api.ts";
import { empty, failure, type Panel, showIn, startLoading, table, when } from "../pieces.ts";
import { counted, nameOf, userLink } from "../shown-name.ts";
import { stockBadge } from "../stock-badge.ts";
import {
  byExpiry,
  byLevel,
  FILTERS,
  type Filter,
  loadStock,
  MOST_ROWS,
  type Stock,
  type StockRow,
  totalsOf,
} from "../stock-totals.ts";
import { suiteNames } from "../suite-names.ts";

const PAGE_ROWS = 50;

/** What all of them come to, and each of them. */
export type StockPanels = { readonly overview: Panel; readonly clients: Panel };

/** What an operator has chosen in the list, which is kept while a user is looked at. */
export type Choice = {
  filter: Filter;
  words: string;
  page: number;
  /** The user whose page was left for the list. */
  cameFrom: string | undefined;
};

export const firstChoice = (): Choice => ({ filter: "all", words: "", page: 0, cameFrom: undefined });

export function stockPanels(api: Api, choice: Choice): StockPanels {
  const overview = h("div", { class: "stack" });
  const body = h("div", { class: "stack" });
  const filter = h(
    "select",
    { id: "filter" },
    ...Object.entries(FILTERS).map(([value, name]) => h("option", { value, selected: value === choice.filter }, name)),
  );
  const words = h("input", {
    id: "words",
    type: "search",
    placeholder: "User or client",
    autocomplete: "off",
    value: choice.words,
  });
  const heading = h("h2", { id: "clients-title" }, "Clients");
  const names = suiteNames(api);
  let stock: Stock = { rows: [], isWhole: true };
  /** Count the loads for the list and for the overview: each shows what was asked for last, and drops the rest. */
  let listTurn = 0;
  let overviewTurn = 0;

  /** The overview is of all, whatever the list is filtered by. */
  async function load(chosen: Filter): Promise<void> {
    listTurn += 1;
    if (chosen === "all") overviewTurn += 1;
    const [ownList, ownOverview] = [listTurn, overviewTurn];
    const waiting = () => [
      ...(ownList === listTurn ? [body] : []),
      ...(chosen === "all" && ownOverview === overviewTurn ? [overview] : []),
    ];
    const say = (what: string) => {
      for (const place of waiting()) startLoading(place, what);
    };
    const giveBack = keepFocus(body, () => focusOn(heading));
    say("stock levels");
    const loaded = await loadStock(api, chosen, (rows) => {
      say(`stock levels: ${rows.toLocaleString("en")} so far`);
      return waiting().length > 0;
    });
    if (!loaded.ok) {
      const [first, ...others] = waiting();
      for (const place of others) showIn(place);
      if (first !== undefined) {
        showIn(
          first,
          failure(loaded.refusal, () => void load(chosen)),
        );
      }
      return;
    }
    if (waiting().includes(body)) {
      stock = loaded.value;
      showRows();
      giveBack();
    }
    if (!waiting().includes(overview)) return;
    const shown = await overviewOf(loaded.value);
    if (waiting().includes(overview)) showIn(overview, ...shown);
  }

  async function overviewOf({ rows, isWhole }: Stock): Promise<readonly HTMLElement[]> {
    if (rows.length === 0) return [];
    const [nameOf, chart] = await Promise.all([names, import("../chart.ts").catch(() => undefined)]);
    const totals = totalsOf(rows);
    const tile = (name: string, value: number, isBad = false) =>
      h(
        "div",
        { class: "tile" },
        h("span", { class: "note" }, name),
        h("strong", isBad && value > 0 ? { class: "bad" } : {}, value.toLocaleString("en")),
      );
    const tiles = h(
      "div",
      { class: "tiles" },
      tile("Clients", totals.clients),
      tile("Packages in stock", totals.packages),
      tile("Need packages", totals.needUpload, true),
      tile("Only a last resort", totals.lastResortOnly, true),
      tile("Nothing left", totals.exhausted, true),
    );
    const suites =
      totals.bySuite.length === 0
        ? empty("No client has uploaded anything yet.")
        : table(
            "Stock by ciphersuite",
            ["Ciphersuite", "#Clients", "#Packages"],
            totals.bySuite.map(({ suite, clients, packages }) => [
              h("div", { class: "suite" }, breakable(nameOf(suite))),
              clients.toLocaleString("en"),
              packages.toLocaleString("en"),
            ]),
          );
    const part = isWhole ? [] : [h("p", { class: "note" }, `Of the first ${MOST_ROWS.toLocaleString("en")} rows.`)];
    const charts =
      chart === undefined
        ? [empty("The charts could not be loaded. Is there a network?")]
        : [
            chart.barChart("Clients by packages in stock", byLevel(rows)),
            chart.barChart(
              "Clients by when their packages begin to expire",
              byExpiry(rows, Math.floor(Date.now() / 1000)),
            ),
          ];
    const bySuite = h("section", { class: "panel" }, h("h2", {}, "By ciphersuite"), suites);
    return [tiles, ...part, bySuite, h("div", { class: "charts" }, ...charts)];
  }

  function showRows(): void {
    // Blanks are parts of names.
    const wanted = choice.words.toLowerCase();
    const found = stock.rows.filter(({ user, client }) => `${user}/${client}`.toLowerCase().includes(wanted));
    const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
    choice.page = Math.min(choice.page, pages - 1);
    const { page } = choice;
    if (found.length === 0) {
      showIn(body, empty(emptyText(stock, printable(choice.words), choice.filter)));
      return;
    }
    const shown = found.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
    const turnTo = (next: number) => {
      choice.page = next;
      const giveBack = keepFocus(body, () => focusOn(heading));
      showRows();
      giveBack();
    };
    showIn(
      body,
      table(
        "Stock levels",
        ["User", "Client", "State", "#Packages", "Ciphersuite", "Last resort", "Next expiry"],
        shown.map(rowOf),
      ),
      h(
        "div",
        { class: "row" },
        h(
          "button",
          {
            type: "button",
            class: "quiet",
            "data-focus": "before",
            disabled: page === 0,
            onclick: () => turnTo(page - 1),
          },
          "Before",
        ),
        h(
          "span",
          { class: "note", role: "status" },
          `Page ${page + 1} of ${pages} · ${counted(found.length, "row")}${stock.isWhole ? "" : ` of the first ${MOST_ROWS.toLocaleString("en")}`}`,
        ),
        h(
          "button",
          {
            type: "button",
            class: "quiet",
            "data-focus": "next",
            disabled: page === pages - 1,
            onclick: () => turnTo(page + 1),
          },
          "Next",
        ),
      ),
    );
  }

  filter.addEventListener("change", () => {
    choice.filter = filter.value as Filter;
    choice.page = 0;
    void load(choice.filter);
  });
  words.addEventListener("input", () => {
    choice.words = words.value;
    choice.page = 0;
    showRows();
  });
  const element = h(
    "section",
    { class: "panel stack", "aria-labelledby": "clients-title" },
    h(
      "div",
      { class: "row" },
      heading,
      h("span", { class: "spacer" }),
      h("label", { for: "filter", class: "unseen" }, "Which clients"),
      filter,
      h("label", { for: "words", class: "unseen" }, "Find a user or client"),
      words,
      h("button", { type: "button", onclick: () => void load(choice.filter) }, "Refresh"),
    ),
    body,
  );
  const list = load(choice.filter);
  const all = choice.filter === "all" ? list : load("all");
  return { overview: { element: overview, ready: all }, clients: { element, ready: list } };
}

const rowOf = ({ user, client, ciphersuite, available, last_resort, next_expiry, needs_upload }: StockRow): Child[] => [
  userLink(user),
  nameOf(client),
  stockBadge({ available, hasLastResort: last_resort, needsUpload: needs_upload }),
  available.toLocaleString("en"),
  ciphersuite === null ? "never uploaded" : String(ciphersuite),
  last_resort ? "yes" : "no",
  when(next_expiry),
];

function emptyText({ rows, isWhole }: Stock, wanted: string, filter: Filter): string {
  if (rows.length > 0) {
    return isWhole
      ? `No client has “${wanted}” in its name.`
      : `None of the first ${rows.length.toLocaleString("en")} rows has “${wanted}” in its name; there are more, which were not searched. The box “User” at the top opens anybody.`;
  }
  return filter === "all"
    ? "No client has registered yet. The quickstart shows how one does."
    : "There is none. All is well here.";
}
