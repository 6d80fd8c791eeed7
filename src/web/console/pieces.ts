/** What all views of the console are made of: states of loading and failure, and tables. */
import { dateOf, printable } from "../../inspect/text.ts";
import { type Child, h } from "../dom.ts";
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

/** One that is to be loaded anew when something has changed. */
export type ReloadedPanel = Panel & { readonly reload: () => Promise<void> };

/** What a panel begins with: the heading that names it, and what can be done with all of it. */
export const panelHead = (heading: HTMLElement, ...tools: readonly Child[]): HTMLElement =>
  h("div", { class: "row" }, heading, h("span", { class: "spacer" }), ...tools);

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
