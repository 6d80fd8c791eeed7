/** The journal of one user: who claimed, and what was missed. Most of the time the clients are what is looked for. */
import { h } from "../../dom.ts";
import { type Api, path } from "../api.ts";
import { type OnDemand, onDemand } from "../on-demand.ts";
import type { UserJournal } from "../operator-api-types.ts";
import { empty, table, when } from "../pieces.ts";
import { nameOf, userLink } from "../shown-name.ts";

type Entry = UserJournal["entries"][number];

const EVENTS: Readonly<Record<Entry["event"], string>> = {
  claimed: "claimed",
  last_resort: "last resort given",
  missed: "missed",
};

const PAGE_ROWS = 100;

export const journalPanel = (api: Api, user: string): OnDemand =>
  onDemand<Entry>({
    id: "journal-title",
    level: "h3",
    title: "Journal",
    ask: "Show the journal",
    what: "the journal",
    page: async (after) => {
      const query = new URLSearchParams({ limit: String(PAGE_ROWS), ...(after === null ? {} : { after }) });
      const page = await api.call<UserJournal>("GET", `${path`/v1/admin/users/${user}/journal`}?${query}`);
      return page.ok ? { ok: true, value: { rows: page.value.entries, next: page.value.next } } : page;
    },
    show: (entries) =>
      entries.length === 0
        ? empty("Nobody has claimed from this user in the time that the journal covers.")
        : table(
            "What was claimed and missed",
            ["When", "Client", "Event", "Claimer", "Ciphersuite", "KeyPackageRef"],
            entries.map((entry) => [
              when(entry.at),
              nameOf(entry.client),
              entry.reason === undefined ? EVENTS[entry.event] : `${EVENTS[entry.event]}: ${entry.reason}`,
              claimerOf(entry),
              entry.ciphersuite === undefined ? "–" : String(entry.ciphersuite),
              entry.key_package_ref === undefined ? "–" : h("code", {}, entry.key_package_ref),
            ]),
          ),
  });

function claimerOf({ claimer, capability }: Entry): HTMLElement | string {
  if (claimer !== null) return h("span", {}, userLink(claimer.user), " / ", nameOf(claimer.client));
  return capability === undefined ? "erased" : h("span", {}, "capability ", nameOf(capability));
}
