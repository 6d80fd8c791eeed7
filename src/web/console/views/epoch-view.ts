/** The restore epoch: after storage was restored from an older copy, what was stored before it is void. */
import { h } from "../../dom.ts";
import { focusOn, keepFocus } from "../../keep-focus.ts";
import type { Api } from "../api.ts";
import { change, changeButton, type Subject } from "../changes.ts";
import type { RestoreEpoch } from "../operator-api-types.ts";
import { failure, loading, type ReloadedPanel, when } from "../pieces.ts";
import { reloading } from "../reloading.ts";
import { dryRun, type WouldVoid } from "./epoch-dry-run.ts";

const PATH = "/v1/admin/restore-epoch";

type DryRun = { isStopped: boolean };

export function epochView(api: Api, changed: (subject: Subject) => void): ReloadedPanel {
  const heading = h("h2", { id: "epoch-title" }, "Restore epoch");
  const place = h("div", { class: "stack" });
  const found = h("div", { role: "status" });
  /** What the last dry run found, for the question before harm. */
  let known: WouldVoid | undefined;
  /** The dry run that is under way: any other has been stopped or overtaken. */
  let running: DryRun | undefined;

  const load = reloading({ place, what: "the restore epoch", heading }, async ({ again }) => {
    const epoch = await api.call<RestoreEpoch>("GET", PATH);
    return [epoch.ok ? current(epoch.value) : failure(epoch.refusal, again)];
  });

  const tryOut = async () => {
    if (running?.isStopped === false) return;
    const own: DryRun = { isStopped: false };
    running = own;
    found.replaceChildren(
      loading("what it would void"),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          onclick: () => {
            own.isStopped = true;
          },
        },
        "Stop",
      ),
    );
    const result = await dryRun(api, ({ users }) => {
      if (running !== own) return false;
      const text = found.querySelector(".loading");
      if (text) text.lastChild?.replaceWith(`Asked ${users.toLocaleString("en")} users so far…`);
      return !own.isStopped;
    });
    if (running !== own) return;
    running = undefined;
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
    if (isAsked) changed("epoch");
  };

  /** What a dry run has found is no longer so. */
  const reload = () => {
    running = undefined;
    known = undefined;
    found.replaceChildren();
    return load();
  };

  const current = (epoch: RestoreEpoch) =>
    h(
      "div",
      { class: "row" },
      h("p", {}, inForce(epoch)),
      h("span", { class: "spacer" }),
      h("button", { type: "button", onclick: () => void tryOut() }, "Dry run"),
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
  return { element, ready: load(), reload };
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
