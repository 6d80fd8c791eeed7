/** The restore epoch: after storage was restored from an older copy, what was stored before it is void. */
import { h } from "../../dom.ts";
import { focusOn, keepFocus } from "../../keep-focus.ts";
import type { Api } from "../api.ts";
import { change, changeButton } from "../changes.ts";
import type { RestoreEpoch } from "../operator-api-types.ts";
import { failure, loading, type Panel, showIn, startLoading, when } from "../pieces.ts";
import { dryRun, type WouldVoid } from "./epoch-dry-run.ts";

const PATH = "/v1/admin/restore-epoch";

export function epochView(api: Api, changed: () => void): Panel {
  const heading = h("h2", { id: "epoch-title" }, "Restore epoch");
  const place = h("div", { class: "stack" });
  const found = h("div", { role: "status" });
  /** What the last dry run found, for the question before harm. */
  let known: WouldVoid | undefined;
  let isRunning = false;

  const load = async () => {
    const giveBack = keepFocus(place, () => focusOn(heading));
    startLoading(place, "the restore epoch");
    const epoch = await api.call<RestoreEpoch>("GET", PATH);
    showIn(place, epoch.ok ? current(epoch.value) : failure(epoch.refusal, () => void load()));
    giveBack();
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
    const giveBack = keepFocus(found, () => focusOn(heading));
    found.replaceChildren(result.ok ? h("p", {}, inWords(result.value)) : failure(result.refusal, () => void tryOut()));
    giveBack();
  };

  const declare = async () => {
    const isAsked = await change<RestoreEpoch>({
      question: {
        title: ["Void every package that was stored before now?"],
        text: [
          `${known === undefined ? "No dry run was made." : inWords(known)} Do this after storage was restored from an older copy: some of its packages may have been given out already. Clients are asked to upload new ones; until they have, only packages made after now can be claimed. This cannot be undone.`,
        ],
        word: "void all packages",
        action: "Declare a restore epoch",
      },
      doing: ["Declaring a restore epoch"],
      call: (reason) => api.call("POST", PATH, { body: {}, reason }),
      done: (epoch) => [`Restore epoch: ${inForce(epoch)}`],
    });
    if (!isAsked) return;
    found.replaceChildren();
    known = undefined;
    changed();
    await load();
  };

  const current = (epoch: RestoreEpoch) =>
    h(
      "div",
      { class: "row" },
      h("p", {}, inForce(epoch)),
      h("span", { class: "spacer" }),
      h("button", { type: "button", onclick: () => void (isRunning || tryOut()) }, "Dry run"),
      changeButton("Declare a restore epoch", "declare", declare, "danger"),
    );
  const element = h(
    "section",
    { class: "panel stack", "aria-labelledby": "epoch-title" },
    heading,
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

const inForce = ({ restore_epoch: epoch, holds_everywhere_at: holds }: RestoreEpoch): string =>
  epoch === 0
    ? "Storage was never restored."
    : `In force: ${when(epoch)}${holds === null ? "" : `, everywhere from ${when(holds)} on`}.`;

function inWords({ at, users, usersAffected, oneTime, lastResorts, isWhole }: WouldVoid): string {
  const [all, affected, packages, resorts] = [users, usersAffected, oneTime, lastResorts].map((count) =>
    count.toLocaleString("en"),
  );
  const asked = isWhole ? `All users were asked: ${all}.` : `It was stopped after ${all} users.`;
  return `Dry run of ${when(at)}: it would void ${packages} one-time packages and ${resorts} last resorts; users affected: ${affected}. ${asked}`;
}
