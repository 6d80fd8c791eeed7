/** A list that is loaded when somebody asks for it, page after page. */
import { h } from "../dom.ts";
import { focusOn, keepFocus } from "../keep-focus.ts";
import type { Answer } from "./api.ts";
import { failure, showIn, startLoading } from "./pieces.ts";

export type List<Row> = {
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

export function onDemand<Row>({ level, title, ask, what, page, show }: List<Row>): OnDemand {
  const place = h("div", { class: "stack" });
  const heading = h(level, {}, title);
  const again = h("button", { type: "button", class: "quiet", hidden: true }, "Refresh");
  let rows: readonly Row[] = [];
  let turn = 0;

  const load = async (after: string | null) => {
    turn += 1;
    const own = turn;
    const giveBack = keepFocus(place, () => focusOn(heading));
    if (after === null) startLoading(place, what);
    const found = await page(after);
    if (own !== turn) return;
    if (found.ok) {
      const { next } = found.value;
      rows = after === null ? found.value.rows : [...rows, ...found.value.rows];
      const more = h("button", { type: "button", class: "quiet", "data-focus": "more" }, "More");
      more.addEventListener("click", () => void load(next));
      showIn(place, show(rows), ...(next === null ? [] : [more]));
    } else {
      showIn(
        place,
        failure(found.refusal, () => void load(after)),
      );
    }
    giveBack();
  };
  const begin = () => {
    again.hidden = false;
    // What was asked with goes, and what comes is below the heading.
    focusOn(heading, { preventScroll: true });
    void load(null);
  };
  again.addEventListener("click", () => void load(null));
  place.append(h("button", { type: "button", onclick: begin }, ask));
  const element = h(
    "section",
    { class: "panel stack" },
    h("div", { class: "row" }, heading, h("span", { class: "spacer" }), again),
    place,
  );
  return {
    element,
    refresh: () => {
      if (!again.hidden) void load(null);
    },
  };
}
