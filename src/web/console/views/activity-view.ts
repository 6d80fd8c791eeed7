/** Who claims most, who is claimed from most and who is refused most: of the last hour, or of the last day. */
import { h } from "../../dom.ts";
import type { Api } from "../api.ts";
import type { Top } from "../operator-api-types.ts";
import { failure, notCounting, type Panel, table, when } from "../pieces.ts";
import { ofPool, rememberPool } from "../pool-names.ts";
import { userLink } from "../shown-name.ts";
import { spanPanel } from "../span-panel.ts";

type Row = Top["claimers"]["rows"][number];
type List = { readonly total: number; readonly missed: number };

const SPANS = { hour: "Last hour", day: "Last day" } as const satisfies Record<Top["span"], string>;

export const activityView = (api: Api): Panel =>
  spanPanel(
    {
      id: "activity-title",
      title: "Who did most",
      classes: "panel stack",
      choice: { id: "span", name: "Time span" },
      spans: SPANS,
      first: "hour",
      what: "who did most",
    },
    async (span, again) => {
      const found = await api.call<Top>("GET", `/v1/admin/top?${new URLSearchParams({ span })}`);
      return found.ok ? lists(found.value) : [failure(found.refusal, again)];
    },
  );

function lists({ counting, since, claimers, targets, refusals }: Top): HTMLElement[] {
  if (!counting) return [notCounting()];
  for (const { pool, user } of [claimers, targets, refusals].flatMap(({ rows }) => rows)) {
    if (user !== null) rememberPool(pool, user);
  }
  const name = ({ pool, user }: Row) => (user === null ? ofPool(pool) : userLink(user));
  const list = (title: string, heads: readonly string[], { total, missed }: List, rows: (HTMLElement | string)[][]) =>
    h(
      "div",
      {},
      h("h3", {}, title),
      rows.length === 0 ? h("p", { class: "note" }, "None.") : table(title, heads, rows),
      h(
        "p",
        { class: "note" },
        `${count(total)} in all${missed === 0 ? "" : `; a count may be ${count(missed)} too low`}.`,
      ),
    );
  return [
    h(
      "p",
      { class: "note" },
      `Since ${when(since)}; requests of the last minute may be missing. This is where to see a device in a loop, a user who drains the stock of others, or one who is simply popular. A user without a client here is shown by the id of a pool; the pages of the users that were claimed from say who claimed.`,
    ),
    h(
      "div",
      { class: "lists" },
      list(
        "Claim most",
        ["User", "#Claims"],
        claimers,
        claimers.rows.map((row) => [name(row), count(row.count)]),
      ),
      list(
        "Are claimed from most",
        ["User", "#Claims"],
        targets,
        targets.rows.map((row) => [name(row), count(row.count)]),
      ),
      list(
        "Are refused most",
        ["User", "Code", "#Refusals"],
        refusals,
        refusals.rows.map((row) => [name(row), h("a", { href: `/docs#${row.code}` }, row.code), count(row.count)]),
      ),
    ),
  ];
}

const count = (value: number): string => value.toLocaleString("en");
