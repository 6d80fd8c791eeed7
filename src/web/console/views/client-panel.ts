/** One client of a user: what it has in stock, what was missed at it, and how it is ended. */
import { printable } from "../../../inspect/text.ts";
import { breakable, h } from "../../dom.ts";
import { type Api, path } from "../api.ts";
import { changeButton } from "../changes.ts";
import type { PurgedClient, RevokedClient, UserView } from "../operator-api-types.ts";
import { empty, table, when } from "../pieces.ts";
import { nameOf, say } from "../shown-name.ts";
import { stockBadge } from "../stock-badge.ts";
import type { SuiteNames } from "../suite-names.ts";
import type { Act } from "./budgets-view.ts";

type Client = UserView["clients"][number];

export function clientPanel(api: Api, user: string, client: Client, act: Act, suiteNameOf: SuiteNames): HTMLElement {
  const { client: name, inventory, missed, revoked } = client;
  const revoke = () =>
    act<RevokedClient>({
      question: {
        title: say`Revoke ${name}?`,
        text: say`It is a client of ${user}. Its packages are removed, and its older tokens no longer act for it. This cannot be undone.`,
        word: name,
        action: "Revoke the client",
      },
      doing: say`Revoking ${name} of ${user}`,
      call: (reason) => api.call("DELETE", path`/v1/admin/users/${user}/clients/${name}`, { reason }),
      done: ({ purged }) => say`${name} of ${user} is revoked, and ${[purged, "package"]} removed.`,
    });
  const purge = () =>
    act<PurgedClient>({
      question: {
        title: say`Remove the packages of ${name}?`,
        text: say`It is a client of ${user}. Nobody can claim from it until it has uploaded new ones. It stays registered.`,
        word: name,
        action: "Remove the packages",
      },
      doing: say`Removing the packages of ${name} of ${user}`,
      call: (reason) => api.call("DELETE", path`/v1/admin/users/${user}/clients/${name}/key-packages`, { reason }),
      done: ({ purged }) => say`Removed: ${[purged, "package"]} of ${name} of ${user}.`,
    });
  return h(
    "section",
    { class: "panel stack" },
    h(
      "div",
      { class: "row" },
      h("h3", {}, nameOf(name)),
      h(
        "span",
        { class: revoked ? "badge bad" : "badge good" },
        revoked ? `revoked ${when(client.revoked_at)}` : "registered",
      ),
      h("span", { class: "spacer" }),
      !revoked && changeButton("Remove packages", `purge ${name}`, purge, "quiet"),
      !revoked && changeButton("Revoke", `revoke ${name}`, revoke, "quiet danger"),
    ),
    h(
      "p",
      { class: "note" },
      `Registered ${when(client.registered_at)} · last upload ${when(client.last_upload_at)} · last claimed ${when(client.last_claimed_at)}`,
    ),
    inventory.length === 0
      ? empty("Nothing in stock.")
      : table(
          `Stock of ${printable(name)}`,
          ["Ciphersuite", "#Packages", "#Target", "Last resort", "Next expiry", "State"],
          inventory.map((suite) => [
            h("div", { class: "suite" }, breakable(suiteNameOf(suite.ciphersuite))),
            String(suite.available),
            String(suite.target),
            suite.last_resort ? "yes" : "no",
            when(suite.next_expiry),
            stockBadge({
              available: suite.available,
              hasLastResort: suite.last_resort !== null,
              needsUpload: suite.needs_upload,
              isRevoked: revoked,
            }),
          ]),
        ),
    missed.length > 0 &&
      table(
        `Claims that found nothing at ${printable(name)}`,
        ["Missed because", "#Times", "Last"],
        missed.map(({ reason, count, last_at }) => [reason, String(count), when(last_at)]),
      ),
  );
}
