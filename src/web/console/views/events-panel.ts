/** The events of one user that the backend has not been told about yet. */
import { h } from "../../dom.ts";
import type { UserView } from "../operator-api-types.ts";
import { empty, table, when } from "../pieces.ts";
import { nameOf, say } from "../shown-name.ts";

export function eventsPanel({ events: { waiting, expiry_told: told } }: UserView): HTMLElement {
  return h(
    "section",
    { class: "panel stack", "aria-labelledby": "events-title" },
    h("h3", { id: "events-title" }, "Events your backend has not been told about yet"),
    waiting.length === 0
      ? empty("No events are waiting.")
      : table(
          "Waiting events",
          ["Since", "Client", "Event", "Because of", "Ciphersuite", "#Packages", "#Tried", "#Rejected"],
          waiting.map((event) => [
            when(event.at),
            nameOf(event.client),
            event.type,
            event.cause,
            String(event.ciphersuite),
            String(event.available),
            String(event.attempts),
            String(event.rejections),
          ]),
        ),
    ...told.map(({ client, until }) =>
      h(
        "p",
        { class: "note" },
        ...say`Your backend has been told about packages of ${client} that expire by `,
        `${when(until)}.`,
      ),
    ),
    h("p", { class: "note" }, h("a", { href: "/docs/events" }, "Which events there are, and how to turn them on")),
  );
}
