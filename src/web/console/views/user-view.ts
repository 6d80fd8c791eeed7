/** One user: who that is, clients with their stock, who claimed, and what an operator can do. */
import { h } from "../../dom.ts";
import { type Api, path } from "../api.ts";
import { type Change, change, type Subject } from "../changes.ts";
import type { UserView } from "../operator-api-types.ts";
import { empty, failure } from "../pieces.ts";
import { reloading } from "../reloading.ts";
import { nameOf, userLink } from "../shown-name.ts";
import { type SuiteNames, suiteNames } from "../suite-names.ts";
import { budgetsPanel } from "./budgets-view.ts";
import { claimersPanel } from "./claimers-panel.ts";
import { clientPanel } from "./client-panel.ts";
import { eventsPanel } from "./events-panel.ts";
import { journalPanel } from "./journal-panel.ts";
import { auditView } from "./record-views.ts";
import { standingOf, standingPanel } from "./standing.ts";
import { actionsPanel } from "./user-actions.ts";

export function userView(
  api: Api,
  user: string,
  close: () => void,
  changed: (subject: Subject) => void,
): { readonly element: HTMLElement; readonly heading: HTMLElement; readonly reload: () => Promise<void> } {
  const names = suiteNames(api);
  const heading = h("h2", { id: "user-title" }, nameOf(user));
  const body = h("div", { class: "stack" });
  const actions = h("div", {});
  const journal = journalPanel(api, user);
  const record = auditView(api, user);
  const below = h("div", { class: "stack", hidden: true }, journal.element, actions, record.element);
  const element = h(
    "div",
    { class: "stack", id: "user-view" },
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", class: "quiet", onclick: close }, "← All clients"),
      heading,
      h("span", { class: "spacer" }),
      h("button", { type: "button", class: "quiet", onclick: () => void reload() }, "Refresh"),
    ),
    body,
    below,
  );
  const reload = reloading({ place: body, what: "the user", heading, around: element }, async ({ isLast, again }) => {
    journal.refresh();
    record.refresh();
    const [found, standing, suiteNameOf] = await Promise.all([
      api.call<UserView>("GET", path`/v1/admin/users/${user}`),
      standingOf(api, user),
      names,
    ]);
    if (!isLast()) return [];
    const isInPool = found.ok || found.refusal.code !== "unknown_user";
    journal.element.hidden = !isInPool;
    actions.replaceChildren(actionsPanel(api, { user, isInPool, standing }, act));
    below.hidden = false;
    return [
      standingPanel(standing),
      found.ok ? show(found.value, suiteNameOf) : isInPool ? failure(found.refusal, again) : inNoPool(user),
    ];
  });
  void reload();
  return { element, heading, reload };

  function show(view: UserView, suiteNameOf: SuiteNames): HTMLElement {
    return h(
      "div",
      { class: "stack" },
      view.directory_pending &&
        h(
          "p",
          { class: "note" },
          "The lists of all users do not show the latest changes of this one yet. That is usual after claims: a claim reaches those lists when the stock runs low, or with the next upload.",
        ),
      ...view.clients.map((client) => clientPanel(api, user, client, act, suiteNameOf)),
      view.clients.length === 0 && empty("No client of this user is registered."),
      claimersPanel(view),
      eventsPanel(view),
      budgetsPanel(api, view, act, () => Math.floor(Date.now() / 1000)),
    );
  }

  async function act<T>(made: Change<T>): Promise<void> {
    if (await change(made)) changed({ user });
  }
}

/** Whoever only claims is in no pool; blocking, lifting a block and the record are about the name. */
function inNoPool(user: string): HTMLElement {
  const bare = user.trim();
  return h(
    "section",
    { class: "panel stack" },
    h("h3", {}, "In no pool"),
    h(
      "p",
      {},
      "Nobody of this name has registered a client here, or all of it is erased. A user who only claims from others is in no pool either, and can be blocked all the same.",
    ),
    bare !== user && bare !== "" && h("p", {}, "Without the blanks at its ends the name is ", userLink(bare), "."),
  );
}
