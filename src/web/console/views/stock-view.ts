/** How well all clients are stocked: totals, charts, and the clients themselves. */
import { printable } from "../../../inspect/text.ts";
import { breakable, type Child, h } from "../../dom.ts";
import { focusOn } from "../../keep-focus.ts";
import type { Answer, Api } from "../api.ts";
import { empty, failure, type Panel, panelHead, showIn, table, when } from "../pieces.ts";
import { reloading } from "../reloading.ts";
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
  const overviewSection = h("section", { class: "stack", "aria-label": "Stock" }, overview);
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
  /** Undefined while it is loaded. */
  let stock: Stock | undefined;
  /** What the overview shows. The list is of the same where it is not filtered. */
  let ofAll: Promise<Answer<Stock>> = Promise.resolve({ ok: true, value: { rows: [], isWhole: true } });

  const loadOverview = reloading(
    { place: overview, what: "stock levels", heading: overviewSection },
    async ({ progress, again }) => {
      ofAll = loadStock(api, "all", (rows) => progress(soFar(rows)));
      const loaded = await ofAll;
      if (loaded.ok) return overviewOf(loaded.value);
      // Once is enough.
      return choice.filter === "all" ? [] : [failure(loaded.refusal, again)];
    },
  );

  const loadList = reloading({ place: body, what: "stock levels", heading }, async ({ isLast, progress }) => {
    stock = undefined;
    const { filter } = choice;
    const loaded = await (filter === "all" ? ofAll : loadStock(api, filter, (rows) => progress(soFar(rows))));
    if (!isLast()) return [];
    if (!loaded.ok) {
      paging.hidden = true;
      return [failure(loaded.refusal, () => void load())];
    }
    stock = loaded.value;
    return rowsOf(stock);
  });

  function load(): Promise<void> {
    if (choice.filter === "all") void loadOverview();
    return loadList();
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

  const turn = (name: string, key: string, by: number) => {
    const button = h("button", { type: "button", class: "quiet", "data-focus": key }, name);
    button.addEventListener("click", () => {
      choice.page += by;
      showRows();
      if (button.disabled) focusOn(heading);
    });
    return button;
  };
  const previous = turn("Previous", "previous", -1);
  const next = turn("Next", "next", 1);
  // It stays when the rows change, and so is announced.
  const position = h("span", { class: "note", role: "status" });
  const paging = h("div", { class: "row", hidden: true }, previous, position, next);

  function showRows(): void {
    if (stock !== undefined) showIn(body, ...rowsOf(stock));
  }

  /** Of the page that is chosen. */
  function rowsOf(stock: Stock): HTMLElement[] {
    // Blanks are parts of names.
    const wanted = choice.words.toLowerCase();
    const found = stock.rows.filter(({ user, client }) => `${user}/${client}`.toLowerCase().includes(wanted));
    const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
    choice.page = Math.max(0, Math.min(choice.page, pages - 1));
    const { page } = choice;
    paging.hidden = found.length === 0;
    if (found.length === 0) return [empty(emptyText(stock, printable(choice.words), choice.filter))];
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
    const part = stock.isWhole ? "" : ` of the first ${MOST_ROWS.toLocaleString("en")}`;
    position.textContent = `Page ${page + 1} of ${pages} · ${counted(found.length, "row")}${part}`;
    return [
      table(
        "Stock levels",
        ["User", "Client", "State", "#Packages", "Ciphersuite", "Last resort", "Next expiry"],
        found.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS).map(rowOf),
      ),
    ];
  }

  filter.addEventListener("change", () => {
    choice.filter = filter.value as Filter;
    choice.page = 0;
    void load();
  });
  words.addEventListener("input", () => {
    choice.words = words.value;
    choice.page = 0;
    showRows();
  });
  const element = h(
    "section",
    { class: "panel stack", "aria-labelledby": "clients-title" },
    panelHead(
      heading,
      h("label", { for: "filter", class: "unseen" }, "Which clients"),
      filter,
      h("label", { for: "words", class: "unseen" }, "Find a user or client"),
      words,
      h("button", { type: "button", onclick: () => void load() }, "Refresh"),
    ),
    body,
    paging,
  );
  // Of all, whatever the list is filtered by.
  const overviewReady = loadOverview();
  return { overview: { element: overviewSection, ready: overviewReady }, clients: { element, ready: loadList() } };
}

const soFar = (rows: number): string => `stock levels: ${rows.toLocaleString("en")} so far`;

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
      : `None of the first ${rows.length.toLocaleString("en")} rows has “${wanted}” in its name; there are more, which were not searched. The box “User” at the top opens any user.`;
  }
  return filter === "all"
    ? "No client has registered yet. The quickstart shows how one does."
    : "No client is in this state.";
}
