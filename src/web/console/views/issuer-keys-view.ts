/** The keys that tokens are verified with, and fetching them before their time: after a key was withdrawn. */
import { h } from "../../dom.ts";
import type { Api } from "../api.ts";
import type { IssuerKeys, RefreshedIssuerKeys } from "../operator-api-types.ts";
import { confirmed, empty, failure, type Panel, panelHead, showIn, startLoading, table, when } from "../pieces.ts";

const PATH = "/v1/admin/issuer-keys";

type Outcome = RefreshedIssuerKeys["issuers"][number]["outcome"];

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  fetched: "fetched",
  failed: "the issuer gave no keys",
  too_soon: "asked a moment ago",
  of_a_setting: "its keys are a setting",
};

export function issuerKeysView(api: Api): Panel {
  const place = h("div", { class: "stack" });
  const said = h("div", { role: "status" });
  const load = async () => {
    startLoading(place, "the keys");
    const found = await api.call<IssuerKeys>("GET", PATH);
    showIn(place, found.ok ? keys(found.value) : failure(found.refusal, () => void load()));
  };
  const refresh = async () => {
    const reason = await confirmed({
      title: "Fetch the keys of every issuer now?",
      text: "Older keys, and tokens that were verified with them, are believed nowhere from some minutes on.",
      action: "Fetch the keys",
    });
    if (reason === undefined) return;
    const done = await api.call<RefreshedIssuerKeys>("POST", PATH, { reason });
    said.replaceChildren(done.ok ? h("p", {}, inWords(done.value)) : failure(done.refusal));
    await load();
  };
  const element = h(
    "section",
    { class: "panel stack", "aria-labelledby": "keys-title" },
    panelHead(
      "keys-title",
      "Issuers and their keys",
      h("button", { type: "button", onclick: () => void refresh() }, "Fetch now"),
    ),
    h("p", { class: "note" }, h("a", { href: "/docs/operate/keys-rotated" }, "When an issuer has rotated its keys")),
    said,
    place,
  );
  return { element, ready: load() };
}

function inWords({ issuers, holds_everywhere_at: holds }: RefreshedIssuerKeys): string {
  const each = issuers.map(({ issuer, outcome }) => `${issuer}: ${OUTCOMES[outcome]}`).join("; ");
  return `${each}.${holds === null ? "" : ` In force everywhere from ${when(holds)} on.`}`;
}

function keys({ issuers }: IssuerKeys): HTMLElement {
  if (issuers.length === 0) return empty("No issuer is configured.");
  return table(
    "Keys by issuer",
    ["Issuer", "Keys", "Fetched"],
    issuers.map(({ issuer, from, fetched_at, last_fetch_failed, key_ids }) => [
      issuer,
      key_ids.length === 0 ? "–" : h("code", {}, key_ids.join(", ")),
      from === "setting"
        ? "a setting"
        : h(
            "span",
            {},
            when(fetched_at),
            last_fetch_failed && h("span", { class: "badge bad" }, "the last fetch failed"),
          ),
    ]),
  );
}
