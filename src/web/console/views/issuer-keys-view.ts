/** The keys that tokens are verified with, and fetching them before their time: after a key was withdrawn. */
import { printable } from "../../../inspect/text.ts";
import { h } from "../../dom.ts";
import type { Api } from "../api.ts";
import { change, changeButton, type Subject } from "../changes.ts";
import type { IssuerKeys, RefreshedIssuerKeys } from "../operator-api-types.ts";
import { empty, failure, panelHead, type ReloadedPanel, table, when } from "../pieces.ts";
import { reloading } from "../reloading.ts";

const PATH = "/v1/admin/issuer-keys";

type Outcome = RefreshedIssuerKeys["issuers"][number]["outcome"];

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  fetched: "fetched",
  failed: "the issuer gave no keys",
  too_soon: "asked a moment ago",
  of_a_setting: "its keys are a setting",
};

export function issuerKeysView(api: Api, changed: (subject: Subject) => void): ReloadedPanel {
  const place = h("div", { class: "stack" });
  const heading = h("h2", { id: "keys-title" }, "Issuers and their keys");
  const reload = reloading({ place, what: "the keys", heading }, async ({ again }) => {
    const found = await api.call<IssuerKeys>("GET", PATH);
    return [found.ok ? keys(found.value) : failure(found.refusal, again)];
  });
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
    if (isAsked) changed("keys");
  };
  const element = h(
    "section",
    { class: "panel stack", "aria-labelledby": "keys-title" },
    panelHead(heading, changeButton("Fetch now", "fetch", refresh)),
    h("p", { class: "note" }, h("a", { href: "/docs/operate/keys-rotated" }, "When an issuer has rotated its keys")),
    place,
  );
  return { element, ready: reload(), reload };
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
