/** The keys that tokens are verified with, and fetching them before their time: after a key was withdrawn. */
import { printable } from "../../../inspect/text.ts";
import { h } from "../../dom.ts";
import { focusOn, keepFocus } from "../../keep-focus.ts";
import type { Api } from "../api.ts";
import { change, changeButton } from "../changes.ts";
import type { IssuerKeys, RefreshedIssuerKeys } from "../operator-api-types.ts";
import { empty, failure, type Panel, panelHead, showIn, startLoading, table, when } from "../pieces.ts";

const PATH = "/v1/admin/issuer-keys";

type Outcome = RefreshedIssuerKeys["issuers"][number]["outcome"];

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  fetched: "fetched",
  failed: "the issuer gave no keys",
  too_soon: "asked a moment ago",
  of_a_setting: "its keys are a setting",
};

export function issuerKeysView(api: Api, changed: () => void): Panel {
  const place = h("div", { class: "stack" });
  const load = async () => {
    const giveBack = keepFocus(place, () => focusOn(head));
    startLoading(place, "the keys");
    const found = await api.call<IssuerKeys>("GET", PATH);
    showIn(place, found.ok ? keys(found.value) : failure(found.refusal, () => void load()));
    giveBack();
  };
  const refresh = async () => {
    const isAsked = await change<RefreshedIssuerKeys>({
      question: {
        title: ["Fetch the keys of every issuer now?"],
        text: ["Older keys, and tokens that were verified with them, are believed nowhere from some minutes on."],
        action: "Fetch the keys",
      },
      doing: ["Fetching the keys of every issuer"],
      call: (reason) => api.call("POST", PATH, { reason }),
      done: (keys) => [inWords(keys)],
    });
    if (!isAsked) return;
    changed();
    await load();
  };
  const head = panelHead("keys-title", "Issuers and their keys", changeButton("Fetch now", "fetch", refresh));
  const element = h(
    "section",
    { class: "panel stack", "aria-labelledby": "keys-title" },
    head,
    h("p", { class: "note" }, h("a", { href: "/docs/operate/keys-rotated" }, "When an issuer has rotated its keys")),
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
      key_ids.length === 0 ? "–" : h("code", {}, printable(key_ids.join(", "))),
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
