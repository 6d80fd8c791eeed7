/** The restore epoch: after storage was restored from an older copy, what was stored before it is void. */
import { h } from "../../dom.ts";
import type { Api } from "../api.ts";
import type { RestoreEpoch } from "../operator-api-types.ts";
import { confirmed, failure, loading, type Panel, showIn, startLoading, when } from "../pieces.ts";
import { dryRun, type WouldVoid } from "./epoch-dry-run.ts";

const PATH = "/v1/admin/restore-epoch";

export function epochView(api: Api): Panel {
  const place = h("div", { class: "stack" });
  const found = h("div", { role: "status" });
  /** What the last dry run found, for the question before harm. */
  let known: WouldVoid | undefined;
  let isRunning = false;

  const load = async () => {
    startLoading(place, "the restore epoch");
    const epoch = await api.call<RestoreEpoch>("GET", PATH);
    showIn(place, epoch.ok ? current(epoch.value) : failure(epoch.refusal, () => void load()));
  };

  const tryOut = async () => {
    isRunning = true;
    found.replaceChildren(
      loading("what it would void"),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          onclick: () => {
            isRunning = false;
          },
        },
        "Stop",
      ),
    );
    const result = await dryRun(api, ({ users }) => {
      const text = found.querySelector(".loading");
      if (text) text.lastChild?.replaceWith(`Asked ${users.toLocaleString("en")} users so far…`);
      return isRunning;
    });
    isRunning = false;
    if (result.ok) known = result.value;
    found.replaceChildren(result.ok ? h("p", {}, inWords(result.value)) : failure(result.refusal, () => void tryOut()));
  };

  const declare = async () => {
    const reason = await confirmed({
      title: "Void every package that was stored before now?",
      text: `${known === undefined ? "No dry run was made." : inWords(known)} Do this after storage was restored from an older copy: some of its packages may have been given out already. Clients are asked to upload new ones; until they have, only packages made after now can be claimed. This cannot be undone.`,
      word: "void all packages",
      action: "Declare a restore epoch",
    });
    if (reason === undefined) return;
    const epoch = await api.call<RestoreEpoch>("POST", PATH, { body: {}, reason });
    found.replaceChildren();
    known = undefined;
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
      h("button", { type: "button", onclick: () => void (isRunning || tryOut()) }, "Dry run"),
      h("button", { type: "button", class: "danger", onclick: () => void declare() }, "Declare a restore epoch"),
    );
  const element = h(
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
    found,
  );
  return { element, ready: load() };
}

function inWords({ at, users, usersAffected, oneTime, lastResorts, isWhole }: WouldVoid): string {
  const [all, affected, packages, resorts] = [users, usersAffected, oneTime, lastResorts].map((count) =>
    count.toLocaleString("en"),
  );
  const asked = isWhole ? `All users were asked: ${all}.` : `It was stopped after ${all} users.`;
  return `Dry run of ${when(at)}: it would void ${packages} one-time packages and ${resorts} last resorts; users affected: ${affected}. ${asked}`;
}
