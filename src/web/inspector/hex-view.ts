/**
 * The bytes as a grid, in hex and as text. One cell at a time is in the order of the tab key; arrows move, and two hex
 * digits write a byte.
 */
import type { Span } from "../../inspect/field.ts";
import { byteHex } from "../../inspect/hex.ts";
import { h } from "../dom.ts";
import { byteCount } from "./summary.ts";

export type HexEvents = {
  /** The pointer or the focus is on this byte; undefined when it has left. */
  readonly point: (offset: number | undefined) => void;
  readonly select: (offset: number) => void;
  readonly write: (offset: number, byte: number) => void;
};

export type HexView = {
  readonly element: HTMLElement;
  readonly mark: (kind: "pointed" | "selected", span: Span | undefined) => void;
  readonly focus: (offset: number) => void;
  /** Scrolls the grid and not the page. */
  readonly show: (offset: number) => void;
};

const ROW_BYTES = 16;
/**
 * The largest package that a directory takes. A larger message is shown by its beginning: nobody reads megabytes, and a
 * page has to live with the cells.
 */
const MOST_SHOWN = 16_384;

/** `tint` gives the number of the colour of a byte. */
export function hexView(bytes: Uint8Array, tint: (offset: number) => number, events: HexEvents): HexView {
  const shown = bytes.subarray(0, MOST_SHOWN);
  const cells: HTMLElement[] = [];
  const letters: HTMLElement[] = [];
  const rows = Array.from({ length: Math.ceil(shown.length / ROW_BYTES) }, (_, row) => {
    const start = row * ROW_BYTES;
    const part = [...shown.subarray(start, start + ROW_BYTES)];
    const hex = part.map((byte, index) => {
      const offset = start + index;
      const cell = h(
        "span",
        { role: "gridcell", tabindex: -1, class: `byte t${tint(offset)}`, "data-offset": offset },
        byteHex(byte),
      );
      cells.push(cell);
      return cell;
    });
    const text = part.map((byte, index) => {
      const letter = h("span", { class: `t${tint(start + index)}`, "data-offset": start + index }, characterOf(byte));
      letters.push(letter);
      return letter;
    });
    return h(
      "div",
      { role: "row", class: "hex-row" },
      h("span", { role: "rowheader", class: "hex-offset" }, start.toString(16).padStart(4, "0")),
      h("span", { role: "presentation", class: "hex-bytes" }, ...hex),
      h("span", { "aria-hidden": "true", class: "hex-text" }, ...text),
    );
  });
  const grid = h("div", { role: "grid", "aria-label": "Bytes", class: "hex" }, ...rows);
  const element = h(
    "div",
    {},
    grid,
    bytes.length > shown.length && h("p", { class: "note" }, `Only the first ${byteCount(shown.length)} are shown.`),
  );
  cells[0]?.setAttribute("tabindex", "0");

  let typed = "";
  const offsetOf = (event: Event): number | undefined => {
    const text = event.target instanceof HTMLElement ? event.target.dataset.offset : undefined;
    return text === undefined ? undefined : Number(text);
  };
  const focus = (offset: number) => {
    const cell = cells[offset];
    if (cell === undefined) return;
    for (const other of grid.querySelectorAll('[tabindex="0"]')) other.setAttribute("tabindex", "-1");
    cell.setAttribute("tabindex", "0");
    cell.focus();
  };
  grid.addEventListener("pointerover", (event) => events.point(offsetOf(event)));
  grid.addEventListener("pointerleave", () => events.point(undefined));
  grid.addEventListener("focusin", (event) => {
    typed = "";
    events.point(offsetOf(event));
  });
  grid.addEventListener("focusout", (event) => {
    const offset = offsetOf(event);
    if (offset !== undefined && typed !== "") setText(offset);
    events.point(undefined);
  });
  grid.addEventListener("click", (event) => {
    const offset = offsetOf(event);
    if (offset === undefined) return;
    focus(offset);
    events.select(offset);
  });
  grid.addEventListener("keydown", (event) => {
    const offset = offsetOf(event);
    if (offset === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = moved(event.key, offset, shown.length);
    if (target !== undefined) {
      event.preventDefault();
      focus(target);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      events.select(offset);
    } else if (event.key === "Escape") {
      typed = "";
      setText(offset);
    } else if (/^[0-9a-fA-F]$/.test(event.key)) {
      event.preventDefault();
      type(offset, event.key);
    }
  });

  function type(offset: number, digit: string): void {
    typed += digit.toLowerCase();
    const cell = cells[offset];
    if (typed.length < 2) {
      if (cell) cell.textContent = `${typed}_`;
      return;
    }
    const byte = Number.parseInt(typed, 16);
    typed = "";
    events.write(offset, byte);
  }

  function setText(offset: number): void {
    const cell = cells[offset];
    if (cell) cell.textContent = byteHex(shown[offset] ?? 0);
  }

  const marked = { pointed: [] as Element[], selected: [] as Element[] };
  return {
    element,
    mark: (kind, span) => {
      for (const one of marked[kind]) one.classList.remove(kind);
      marked[kind] =
        span === undefined ? [] : [...cells.slice(span.start, span.end), ...letters.slice(span.start, span.end)];
      for (const one of marked[kind]) one.classList.add(kind);
    },
    focus,
    show: (offset) => {
      const cell = cells[offset];
      if (cell === undefined) return;
      // A field begins in the upper part, so that more of it is seen than its first row.
      const below = cell.getBoundingClientRect().top - grid.getBoundingClientRect().top;
      if (below < 0 || below > (2 / 3) * grid.clientHeight) grid.scrollTop += below - grid.clientHeight / 4;
    },
  };
}

function moved(key: string, offset: number, length: number): number | undefined {
  const target = {
    ArrowLeft: offset - 1,
    ArrowRight: offset + 1,
    ArrowUp: offset - ROW_BYTES,
    ArrowDown: offset + ROW_BYTES,
    Home: offset - (offset % ROW_BYTES),
    End: offset - (offset % ROW_BYTES) + ROW_BYTES - 1,
  }[key];
  return target === undefined ? undefined : Math.min(Math.max(target, 0), length - 1);
}

const characterOf = (byte: number): string => (byte > 32 && byte < 127 ? String.fromCharCode(byte) : "·");
