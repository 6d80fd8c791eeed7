/** What operators did, and which users are blocked. Both name users by their pools, as logs and metrics do. */
import { h } from "../../dom.ts";
import type { Api } from "../api.ts";
import { type OnDemand, onDemand } from "../on-demand.ts";
import type { AuditTrail, BlockedUsers } from "../operator-api-types.ts";
import { empty, failure, panelHead, type ReloadedPanel, table, when } from "../pieces.ts";
import { ofPool } from "../pool-names.ts";
import { reloading } from "../reloading.ts";
import { nameOf } from "../shown-name.ts";

type AuditRecord = AuditTrail["records"][number];

const PAGE_ROWS = 50;

/** Of one user, or of all. */
export const auditView = (api: Api, user?: string): OnDemand =>
  onDemand<AuditRecord>({
    id: "record-title",
    level: user === undefined ? "h2" : "h3",
    title: "What operators did",
    ask: "Show the record",
    what: "the record",
    page: async (after) => {
      const query = new URLSearchParams({ limit: String(PAGE_ROWS) });
      if (user !== undefined) query.set("user", user);
      if (after !== null) query.set("after", after);
      const page = await api.call<AuditTrail>("GET", `/v1/admin/audit-trail?${query}`);
      return page.ok ? { ok: true, value: { rows: page.value.records, next: page.value.next } } : page;
    },
    show: (records) => (records.length === 0 ? empty("No operator has changed anything yet.") : trail(records)),
  });

const trail = (records: readonly AuditRecord[]): HTMLElement =>
  table(
    "Changes, the newest first",
    ["When", "Who", "What", "Why", "What came of it", "User or pool"],
    records.map(({ at, actor, operation, why, status, code, target }) => [
      when(at),
      nameOf(actor.user),
      operation,
      prose(why),
      status === null ? "not known" : (code ?? String(status)),
      target === null ? "–" : ofPool(target),
    ]),
  );

export function blockedView(api: Api): ReloadedPanel {
  const place = h("div", { class: "stack" });
  const heading = h("h2", { id: "blocked-title" }, "Blocked users");
  const reload = reloading({ place, what: "who is blocked", heading }, async ({ again }) => {
    const found = await api.call<BlockedUsers>("GET", "/v1/admin/blocked-users");
    return [found.ok ? blocked(found.value) : failure(found.refusal, again)];
  });
  const refresh = h("button", { type: "button", onclick: () => void reload() }, "Refresh");
  const element = h(
    "section",
    { class: "panel stack", "aria-labelledby": "blocked-title" },
    panelHead(heading, refresh),
    place,
  );
  return { element, ready: reload(), reload };
}

function blocked({ blocked: rows }: BlockedUsers): HTMLElement {
  if (rows.length === 0) return empty("Nobody is blocked.");
  return table(
    "Who is blocked",
    ["User or pool", "Since", "Until", "Why"],
    rows.map(({ pool, since, until, why }) => [
      ofPool(pool),
      when(since),
      until === null ? "it is lifted" : when(until),
      prose(why),
    ]),
  );
}

/** What somebody wrote, at any length. */
const prose = (text: string): HTMLElement => h("span", { class: "prose" }, nameOf(text));
