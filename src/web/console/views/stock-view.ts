/** How well all clients are stocked: totals, charts, and the clients themselves. */
import { breakable, h } from "../../dom.ts";
import type { Api } from "../api.ts";
import { empty, failure, type Panel, panelHead, showIn, startLoading, table, when } from "../pieces.ts";
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

export function stockPanels(api: Api, openUser: (user: string) => void): StockPanels {
  const overview = h("div", { class: "stack" });
  const body = h("div", { class: "stack" });
  const filter = h(
    "select",
    { id: "filter" },
    ...Object.entries(FILTERS).map(([value, name]) => h("option", { value }, name)),
  );
  const words = h("input", { id: "words", type: "search", placeholder: "User or client", autocomplete: "off" });
  const names = suiteNames(api);
  let stock: Stock = { rows: [], isWhole: true };
  let page = 0;
  /** Counts the loads: what comes after another was asked for is dropped. */
  let turn = 0;

  async function load(): Promise<void> {
    turn += 1;
    const own = turn;
    const chosen = filter.value as Filter;
    const places = chosen === "all" ? [body, overview] : [body];
    const say = (what: string) => {
      for (const place of places) startLoading(place, what);
    };
    say("stock levels");
    const loaded = await loadStock(api, chosen, (rows) => {
      if (own === turn) say(`stock levels: ${rows.toLocaleString("en")} so far`);
      return own === turn;
    });
    if (own !== turn) return;
    if (!loaded.ok) {
      for (const place of places) showIn(place);
      showIn(
        body,
        failure(loaded.refusal, () => void load()),
      );
      return;
    }
    stock = loaded.value;
    page = 0;
    showRows();
    if (chosen !== "all") return;
    const shown = await overviewOf(stock);
    if (own === turn) showIn(overview, ...shown);
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
    const wanted = words.value.trim().toLowerCase();
    const found = stock.rows.filter(({ user, client }) => `${user}/${client}`.toLowerCase().includes(wanted));
    const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
    page = Math.min(page, pages - 1);
    if (found.length === 0) {
      showIn(body, empty(emptyText(stock.rows.length, wanted, filter.value as Filter)));
      return;
    }
    const shown = found.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
    const turnTo = (next: number) => {
      page = next;
      showRows();
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
          { type: "button", class: "quiet", disabled: page === 0, onclick: () => turnTo(page - 1) },
          "Before",
        ),
        h(
          "span",
          { class: "note", role: "status" },
          `Page ${page + 1} of ${pages} · ${counted(found.length)}${stock.isWhole ? "" : ` of the first ${MOST_ROWS.toLocaleString("en")}`}`,
        ),
        h(
          "button",
          { type: "button", class: "quiet", disabled: page === pages - 1, onclick: () => turnTo(page + 1) },
          "Next",
        ),
      ),
    );
  }

  const rowOf = ({ user, client, ciphersuite, available, last_resort, next_expiry, needs_upload }: StockRow) => [
    h("button", { type: "button", class: "link", onclick: () => openUser(user) }, user),
    client,
    needs_upload && h("span", { class: "badge bad" }, available === 0 ? "exhausted" : "low"),
    available.toLocaleString("en"),
    ciphersuite === null ? "never uploaded" : String(ciphersuite),
    last_resort ? "yes" : "no",
    when(next_expiry),
  ];

  filter.addEventListener("change", () => void load());
  words.addEventListener("input", () => {
    page = 0;
    showRows();
  });
  const element = h(
    "section",
    { class: "panel stack", "aria-labelledby": "clients-title" },
    panelHead(
      "clients-title",
      "Clients",
      h("label", { for: "filter", class: "unseen" }, "Which clients"),
      filter,
      h("label", { for: "words", class: "unseen" }, "Find a user or client"),
      words,
      h("button", { type: "button", onclick: () => void load() }, "Refresh"),
    ),
    body,
  );
  const ready = load();
  return { overview: { element: overview, ready }, clients: { element, ready } };
}

const counted = (rows: number): string => `${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"}`;

function emptyText(loaded: number, wanted: string, filter: Filter): string {
  if (loaded > 0) return `No client has “${wanted}” in its name.`;
  return filter === "all"
    ? "No client has registered yet. The quickstart shows how one does."
    : "There is none. All is well here.";
}
