/** The restore epoch: after storage was restored from an older copy, what was stored before it is void. */
import { h } from "../dom.ts";
import type { Api } from "./api.ts";
import { confirmed, failure, loading, when } from "./pieces.ts";
import type { RestoreEpoch } from "./wire-types.ts";

const PATH = "/v1/admin/restore-epoch";

export function epochView(api: Api): HTMLElement {
  const place = h("div", { class: "stack" });
  const load = async () => {
    place.replaceChildren(loading("the restore epoch"));
    const epoch = await api.call<RestoreEpoch>("GET", PATH);
    place.replaceChildren(epoch.ok ? current(epoch.value) : failure(epoch.refusal, () => void load()));
  };
  const declare = async () => {
    const reason = await confirmed({
      title: "Void every package that was stored before now?",
      text: "Do this after storage was restored from an older copy: some of its packages may have been given out already. Clients are asked to upload new ones; until they have, only packages made after now can be claimed. This cannot be undone.",
      word: "void all packages",
      action: "Declare a restore epoch",
    });
    if (reason === undefined) return;
    const epoch = await api.call<RestoreEpoch>("POST", PATH, { body: {}, reason });
    place.replaceChildren(epoch.ok ? current(epoch.value) : failure(epoch.refusal, () => void load()));
  };
  const current = ({ restore_epoch: epoch, holds_everywhere_at: holds }: RestoreEpoch) =>
    h(
      "div",
      { class: "row" },
      h(
        "p",
        {},
        epoch === 0
          ? "Storage was never restored."
          : `In force: ${when(epoch)}${holds === null ? "" : `, everywhere from ${when(holds)} on`}.`,
      ),
      h("span", { class: "spacer" }),
      h("button", { type: "button", class: "danger", onclick: () => void declare() }, "Declare a restore epoch"),
    );
  void load();
  return h(
    "section",
    { class: "panel stack", "aria-labelledby": "epoch-title" },
    h("h2", { id: "epoch-title" }, "Restore epoch"),
    h(
      "p",
      { class: "note" },
      "Packages that were stored before it are void. ",
      h("a", { href: "/docs/operate/rolled-back" }, "When storage was rolled back"),
    ),
    place,
  );
}
