/** The fields with their names and values. Arrows move from one to the next; what is focused or pointed at is marked. */
import type { Field } from "../../inspect/field.ts";
import { type Located, locate } from "../../inspect/located.ts";
import { h } from "../dom.ts";

export type TreeEvents = {
  readonly point: (path: string | undefined) => void;
  readonly select: (path: string) => void;
};

export type FieldTree = {
  readonly element: HTMLElement;
  readonly mark: (kind: "pointed" | "selected", path: string | undefined) => void;
  readonly row: (path: string) => HTMLElement | undefined;
};

export function fieldTree(fields: readonly Field[], tint: (path: string) => number, events: TreeEvents): FieldTree {
  const rows = new Map<string, HTMLButtonElement>();
  const list = (located: readonly Located[]): HTMLElement => {
    const element = h("ul", { class: "fields" });
    for (const { path, field } of located) {
      const row = rowOf(path, field, tint(path));
      rows.set(path, row);
      element.append(h("li", {}, row, childrenOf(path, field)));
    }
    return element;
  };
  const childrenOf = (path: string, field: Field): HTMLElement | undefined => {
    if (field.kind === "value") return undefined;
    if (field.kind === "struct")
      return field.fields.length === 0 ? undefined : list(directly(field.fields, `${path}.`));
    if (field.items.length === 0) return undefined;
    const items = field.items.map((item, index) =>
      h("li", {}, h("span", { class: "item" }, `[${index}]`), list(directly(item, `${path}.${index}.`))),
    );
    return h("ul", { class: "fields" }, ...items);
  };
  const element = list(directly(fields, ""));
  element.setAttribute("aria-label", "Fields");
  const pathOf = (event: Event): string | undefined =>
    event.target instanceof Element ? event.target.closest<HTMLElement>("[data-path]")?.dataset.path : undefined;
  element.addEventListener("pointerover", (event) => events.point(pathOf(event)));
  element.addEventListener("pointerleave", () => events.point(undefined));
  element.addEventListener("focusin", (event) => events.point(pathOf(event)));
  element.addEventListener("focusout", () => events.point(undefined));
  element.addEventListener("click", (event) => {
    const path = pathOf(event);
    if (path !== undefined) events.select(path);
  });
  element.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    // What is shown below a row has keys of its own.
    if (step === undefined || pathOf(event) === undefined) return;
    event.preventDefault();
    const all = [...rows.values()];
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    all[at + step]?.focus();
  });

  return {
    element,
    mark: (kind, path) => {
      for (const row of rows.values()) row.classList.remove(kind);
      const row = path === undefined ? undefined : rows.get(path);
      row?.classList.add(kind);
      if (kind === "selected") {
        for (const other of rows.values()) other.setAttribute("aria-pressed", String(other === row));
      }
    },
    row: (path) => rows.get(path),
  };
}

const directly = (fields: readonly Field[], prefix: string): Located[] =>
  locate(fields, prefix).filter(({ depth }) => depth === 0);

function rowOf(path: string, field: Field, tint: number): HTMLButtonElement {
  const value = field.kind === "value" ? field.text : field.kind === "list" && field.items.length === 0 ? "none" : "";
  return h(
    "button",
    { type: "button", class: "field", "data-path": path, "aria-pressed": "false" },
    h("span", { class: `dot t${tint}` }),
    h("span", { class: "name" }, field.name),
    value !== "" && h("span", { class: "value" }, value),
  );
}
