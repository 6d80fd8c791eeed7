/** A list that is loaded when somebody asks for it, page after page. */
import { h } from "../dom.ts";
import { focusOn } from "../keep-focus.ts";
import type { Answer } from "./api.ts";
import { failure, panelHead } from "./pieces.ts";
import { reloading } from "./reloading.ts";

export type List<Row> = {
  /** Of its title, which names it. */
  readonly id: string;
  readonly level: "h2" | "h3";
  readonly title: string;
  /** On the button that asks for it. */
  readonly ask: string;
  readonly what: string;
  readonly page: (
    after: string | null,
  ) => Promise<Answer<{ readonly rows: readonly Row[]; readonly next: string | null }>>;
  readonly show: (rows: readonly Row[]) => HTMLElement;
};

/** `refresh` begins anew with the first page; nothing happens while nobody has asked for the list. */
export type OnDemand = { readonly element: HTMLElement; readonly refresh: () => void };

export function onDemand<Row>({ id, level, title, ask, what, page, show }: List<Row>): OnDemand {
  const place = h("div", { class: "stack" });
  const heading = h(level, { id }, title);
  const again = h("button", { type: "button", class: "quiet", hidden: true }, "Refresh");
  let rows: readonly Row[] = [];
  /** Behind which row the page begins that was asked for last. */
  let after: string | null = null;

  const reload = reloading({ place, what, heading }, async ({ isLast, again }) => {
    const from = after;
    const found = await page(from);
    if (!isLast()) return [];
    if (!found.ok) return [failure(found.refusal, again)];
    const { rows: some, next } = found.value;
    rows = from === null ? some : [...rows, ...some];
    const more = h("button", { type: "button", class: "quiet", "data-focus": "more" }, "More");
    more.addEventListener("click", () => {
      after = next;
      void reload({ isQuiet: true });
    });
    return [show(rows), ...(next === null ? [] : [more])];
  });
  const fromStart = () => {
    after = null;
    void reload();
  };
  const begin = () => {
    again.hidden = false;
    // What was asked with goes, and what comes is below the heading.
    focusOn(heading, { preventScroll: true });
    fromStart();
  };
  again.addEventListener("click", fromStart);
  place.append(h("button", { type: "button", onclick: begin }, ask));
  const element = h("section", { class: "panel stack", "aria-labelledby": id }, panelHead(heading, again), place);
  return {
    element,
    refresh: () => {
      if (!again.hidden) fromStart();
    },
  };
}
