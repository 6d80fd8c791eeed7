/** What came of changes: in view wherever the operator is by then, and not left unasked while it is not settled. */
import { byId, type Child, h } from "../dom.ts";

/** A change is under way there, or what came of it is to be saved. */
const unsettled = new Set<HTMLElement>();

export const unsettledOutcomes = (): number => unsettled.size;

/** A line for a change that is under way. What came of earlier ones goes, unless it is to stay. */
export function newOutcome(...shown: readonly Child[]): HTMLElement {
  for (const old of place().querySelectorAll(".over")) old.remove();
  const line = h("div", { class: "outcome" }, ...shown);
  // Where several stay, the newest is the one that is in view.
  place().prepend(line);
  place().scrollTop = 0;
  setUnsettled(line, true);
  return line;
}

export function setUnsettled(line: HTMLElement, is: boolean): void {
  if (is) unsettled.add(line);
  else unsettled.delete(line);
  // Only while there is a reason: a page with such a listener is not kept for the way back.
  if (unsettled.size > 0) window.addEventListener("beforeunload", ask);
  else window.removeEventListener("beforeunload", ask);
}

/** They are of a session, and end with it. */
export function forgetOutcomes(): void {
  place().replaceChildren();
  for (const line of unsettled) setUnsettled(line, false);
}

const ask = (event: BeforeUnloadEvent): void => event.preventDefault();

/** At the end of the page, where it covers nothing; before that, at the lower edge of the window. */
const place = (): HTMLElement => byId("outcomes");
