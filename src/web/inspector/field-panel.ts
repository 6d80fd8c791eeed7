/** One field by itself: where it is defined, where it is, its value, and its bytes to copy, save or change. */
import type { Field, Span } from "../../inspect/field.ts";
import { fromHex, hexOf } from "../../inspect/hex.ts";
import { breakable, copyButton, h, save } from "../dom.ts";
import { byteCount } from "./summary.ts";

export type FieldPanelEvents = {
  /** The bytes of the field are now these; it need not be as long as before. */
  readonly replace: (replacement: Uint8Array) => void;
  readonly close: () => void;
};

export function fieldPanel(path: string, field: Field, bytes: Uint8Array, events: FieldPanelEvents): HTMLElement {
  const { span, source } = field;
  if (span === undefined) return h("div", {});
  const own = new Uint8Array(bytes.subarray(span.start, span.end));
  const value = field.kind === "value" ? field.text : undefined;
  const editor = h("textarea", { id: "field-bytes", rows: 3, spellcheck: "false" });
  editor.value = spaced(hexOf(own));
  const problem = h("p", { class: "problem", role: "alert" });
  const form = h(
    "form",
    {},
    h("label", { for: "field-bytes" }, "Its bytes in hex, with its length header if it has one"),
    editor,
    problem,
    h(
      "div",
      { class: "row" },
      h("button", { type: "submit", id: "replace" }, "Replace"),
      value !== undefined && copyButton("Copy value", () => value),
      copyButton("Copy hex", () => hexOf(own)),
      h(
        "button",
        { type: "button", class: "quiet", onclick: () => save(`${path}.bin`, own, "application/octet-stream") },
        "Save",
      ),
      copyButton("Copy link", () => location.href),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const replacement = editor.value.trim() === "" ? new Uint8Array() : fromHex(editor.value);
    if (replacement === undefined) problem.textContent = "Expected an even number of hex digits.";
    else events.replace(replacement);
  });
  return h(
    "section",
    { class: "panel field-panel", "aria-label": `Field ${path}` },
    h(
      "div",
      { class: "row field-head" },
      h("h3", {}, breakable(path)),
      h("span", { class: "spacer" }),
      h("button", { type: "button", class: "quiet", "aria-label": "Close the field", onclick: events.close }, "✕"),
    ),
    h(
      "p",
      { class: "note" },
      source !== undefined && sourceLink(source),
      ` · ${whereOf(span)}${byteCount(own.length)}`,
    ),
    value !== undefined && h("p", { class: "whole", tabindex: 0, role: "group", "aria-label": "Its value" }, value),
    form,
  );
}

const whereOf = ({ start, end }: Span): string => {
  if (end - start < 2) return `${end > start ? "byte" : "before byte"} ${start} · `;
  return `bytes ${start} to ${end - 1} · `;
};

const spaced = (hex: string): string => (hex.match(/.{1,8}/g) ?? []).join(" ");

/** The section of the RFC, as a link. */
export function sourceLink(source: string): Node {
  const match = /^RFC (\d+) §([\d.]+)$/.exec(source);
  if (match === null) return document.createTextNode(source);
  const [, rfc, section] = match;
  return h(
    "a",
    { href: `https://www.rfc-editor.org/rfc/rfc${rfc}.html#section-${section}`, rel: "noreferrer" },
    source,
  );
}
