/** Who claimed most from one user in the last day. */
import { h } from "../../dom.ts";
import type { UserView } from "../operator-api-types.ts";
import { table } from "../pieces.ts";
import { userLink } from "../shown-name.ts";

export function claimersPanel({ top_claimers_of_day: claimers }: UserView): HTMLElement | undefined {
  if (claimers.length === 0) return undefined;
  return h(
    "section",
    { class: "panel stack" },
    h("h3", {}, "Who claimed most in the last day"),
    table(
      "Claimers of the last day",
      ["User", "#Claimed", "#Missed"],
      claimers.map(({ user, claimed, missed }) => [
        user === null ? "erased" : userLink(user),
        String(claimed),
        String(missed),
      ]),
    ),
  );
}
