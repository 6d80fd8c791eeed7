/** What operators did, and which users are blocked. Both name users by their pools, as logs and metrics do. */
import { h } from "../../dom.ts";
import type { Api } from "../api.ts";
import type { AuditTrail, BlockedUsers } from "../operator-api-types.ts";
import { empty, failure, type Panel, showIn, startLoading, table, when } from "../pieces.ts";

type AuditRecord = AuditTrail["records"][number];

const PAGE_ROWS = 50;

/** Of one user, or of all; loaded when somebody asks. */
export function auditView(api: Api, user?: string): HTMLElement {
  const place = h("div", { class: "stack" });
  const records: AuditRecord[] = [];
  const load = async (after: string | null) => {
    const query = new URLSearchParams({ limit: String(PAGE_ROWS) });
    if (user !== undefined) query.set("user", user);
    if (after !== null) query.set("after", after);
    const page = await api.call<AuditTrail>("GET", `/v1/admin/audit-trail?${query}`);
    if (!page.ok) {
      showIn(
        place,
        failure(page.refusal, () => void load(after)),
      );
      return;
    }
    records.push(...page.value.records);
    const { next } = page.value;
    showIn(
      place,
      records.length === 0 ? empty("No operator has changed anything yet.") : trail(records),
      ...(next === null
        ? []
        : [h("button", { type: "button", class: "quiet", onclick: () => void load(next) }, "More")]),
    );
  };
  const start = () => {
    startLoading(place, "the record");
    void load(null);
  };
  place.append(h("button", { type: "button", onclick: start }, "Show the record"));
  return h("section", { class: "panel stack" }, h(user === undefined ? "h2" : "h3", {}, "What operators did"), place);
}

const trail = (records: readonly AuditRecord[]): HTMLElement =>
  table(
    "What operators did",
    ["When", "Who", "What", "Why", "What came of it", "Pool"],
    records.map(({ at, actor, operation, why, status, code, target }) => [
      when(at),
      actor.user,
      operation,
      why,
      status === null ? "not known" : (code ?? String(status)),
      target === null ? "–" : h("code", {}, `${target.slice(0, 12)}…`),
    ]),
  );

export function blockedView(api: Api): Panel {
  const place = h("div", { class: "stack" });
  const load = async () => {
    startLoading(place, "who is blocked");
    const found = await api.call<BlockedUsers>("GET", "/v1/admin/blocked-users");
    if (!found.ok)
      showIn(
        place,
        failure(found.refusal, () => void load()),
      );
    else if (found.value.blocked.length === 0) showIn(place, empty("Nobody is blocked."));
    else {
      showIn(
        place,
        table(
          "Blocked users",
          ["Pool", "Since", "Until", "Why"],
          found.value.blocked.map(({ pool, since, until, why }) => [
            h("code", {}, `${pool.slice(0, 12)}…`),
            when(since),
            until === null ? "it is lifted" : when(until),
            why,
          ]),
        ),
      );
    }
  };
  const element = h("section", { class: "panel stack" }, h("h2", {}, "Blocked users"), place);
  return { element, ready: load() };
}
