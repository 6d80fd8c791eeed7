/** What all views of the console are made of: states of loading and failure, and tables. */
import { dateOf, printable } from "../../inspect/text.ts";
import { type Child, h } from "../dom.ts";
import { focusOn, keepFocus } from "../keep-focus.ts";
import { isOwnCode, type Refusal } from "./api.ts";

export const loading = (what: string): HTMLElement =>
  h(
    "p",
    { class: "loading", role: "status" },
    h("span", { class: "pulse", "aria-hidden": "true" }),
    `Loading ${what}…`,
  );

/** Says that `what` is loading, in place of what was there; until `showIn`, the place stays as high, and nothing below it jumps. */
export function startLoading(place: HTMLElement, what: string): void {
  place.style.minHeight = `${place.offsetHeight}px`;
  place.replaceChildren(loading(what));
}

export function showIn(place: HTMLElement, ...shown: readonly HTMLElement[]): void {
  place.replaceChildren(...shown);
  place.style.minHeight = "";
}

/** A part of a page. What is below it is shown once it is `ready`: it has its first answer and grows no more by itself. */
export type Panel = { readonly element: HTMLElement; readonly ready: Promise<void> };

/** What a panel begins with: its title, which names it by `id`, and what can be done with all of it. */
export const panelHead = (id: string, title: string, ...tools: readonly Child[]): HTMLElement =>
  h("div", { class: "row" }, h("h2", { id }, title), h("span", { class: "spacer" }), ...tools);

/** A panel about a span of time that is chosen in its head. */
export type SpanPanel<Span extends string> = {
  readonly id: string;
  readonly title: string;
  readonly classes: string;
  /** Of the choice, by its id and its name for who does not see it. */
  readonly choice: { readonly id: string; readonly name: string };
  readonly spans: Readonly<Record<Span, string>>;
  readonly first: Span;
  /** What is loaded, in words. */
  readonly what: string;
};

/** `show` gives what is in the panel for a span; what it gives of a span that is no longer chosen is dropped. */
export function spanPanel<Span extends string>(
  { id, title, classes, choice, spans, first, what }: SpanPanel<Span>,
  show: (span: Span, again: () => void) => Promise<readonly HTMLElement[]>,
): Panel {
  const place = h("div", { class: "stack" });
  const options = Object.entries<string>(spans).map(([value, name]) =>
    h("option", { value, selected: value === first }, name),
  );
  const chosen = h("select", { id: choice.id, "aria-label": choice.name }, ...options);
  let turn = 0;
  const load = async () => {
    turn += 1;
    const own = turn;
    const giveBack = keepFocus(place, () => focusOn(head));
    startLoading(place, what);
    const shown = await show(chosen.value as Span, again);
    if (own !== turn) return;
    showIn(place, ...shown);
    giveBack();
  };
  const again = () => void load();
  chosen.addEventListener("change", again);
  const head = panelHead(id, title, chosen, h("button", { type: "button", onclick: again }, "Refresh"));
  const element = h("section", { class: classes, "aria-labelledby": id }, head, place);
  return { element, ready: load() };
}

/** In the place of counts that a deployment does not make. */
export const notCounting = (): HTMLElement => empty("The setting ACTIVITY_COUNTS has switched the counts off.");

export const empty = (text: string): HTMLElement => h("p", { class: "empty" }, text);

/** What was refused and why, with what leads further. */
export function failure({ code, title, detail, requestId }: Refusal, again?: () => void): HTMLElement {
  return h(
    "div",
    { class: "verdict bad", role: "alert" },
    h("strong", {}, title === "" ? code : title),
    detail !== "" && `: ${printable(detail)}`,
    h("br"),
    isOwnCode(code) ? h("code", {}, code) : h("a", { href: `/docs#${code}` }, code),
    requestId !== undefined && h("span", { class: "note" }, ` · request ${requestId}`),
    again !== undefined && h("div", {}, h("button", { type: "button", class: "quiet", onclick: again }, "Try again")),
  );
}

/** Columns whose heads begin with `#` are numbers. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  const isNumber = heads.map((head) => head.startsWith("#"));
  const cell = (child: Child, column: number) => h("td", isNumber[column] ? { class: "right" } : {}, child);
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...heads.map((head, i) =>
            h("th", { scope: "col", class: isNumber[i] ? "right" : "" }, head.replace("#", "")),
          ),
        ),
      ),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map(cell)))),
    ),
  );
}

/** To the minute, UTC; a dash for never. */
export const when = (seconds: number | null): string =>
  seconds === null
    ? "–"
    : dateOf(seconds)
        .replace("T", " ")
        .replace(/:\d\dZ$/, "Z");
