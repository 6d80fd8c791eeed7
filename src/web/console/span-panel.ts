/** A panel about a span of time that is chosen in its head. */
import { h } from "../dom.ts";
import { type Panel, panelHead } from "./pieces.ts";
import { reloading } from "./reloading.ts";

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
  const heading = h("h2", { id }, title);
  const options = Object.entries<string>(spans).map(([value, name]) =>
    h("option", { value, selected: value === first }, name),
  );
  const chosen = h("select", { id: choice.id, "aria-label": choice.name }, ...options);
  const reload = reloading({ place, what, heading }, ({ again }) => show(chosen.value as Span, again));
  chosen.addEventListener("change", () => void reload());
  const head = panelHead(heading, chosen, h("button", { type: "button", onclick: () => void reload() }, "Refresh"));
  const element = h("section", { class: classes, "aria-labelledby": id }, head, place);
  return { element, ready: reload() };
}
