/** The docs work without a script; with one they have a search and buttons that copy. */
import "../style/base.css";
import "../style/docs.css";
import { announce, byId, copyButton, h } from "../dom.ts";
import { startShell, whenIdle } from "../shell.ts";
import type { Hit, Search } from "./search.ts";

const MOST_HITS = 8;

let loading: Promise<Search> | undefined;

const forms = document.querySelectorAll<HTMLDetailsElement>("details.try");

// With the search and the forms, so that they are there without a network too.
startShell(whenIdle().then(() => Promise.all([search(), forms.length > 0 && import("./try-form.ts")])));
addCopyButtons();
startSearch();
startForms();

/** Of the API reference: each form is made when it is opened, which it may be before this runs. */
function startForms(): void {
  for (const place of forms) {
    if (place.open) void fillForm(place);
    else place.addEventListener("toggle", () => void fillForm(place), { once: true });
  }
}

async function fillForm(place: HTMLDetailsElement): Promise<void> {
  try {
    const { tryForm } = await import("./try-form.ts");
    place.lastElementChild?.replaceWith(await tryForm(place.closest("section")?.id ?? ""));
  } catch {
    const again = h("button", { type: "button", class: "quiet", onclick: () => void fillForm(place) }, "Try again");
    const said = h("p", { class: "note" }, "The form could not be loaded. Is there a network? ", again);
    place.lastElementChild?.replaceWith(said);
  }
}

function addCopyButtons(): void {
  for (const block of document.querySelectorAll("pre")) {
    const text = block.textContent ?? "";
    // Beside the block and not in it, where it would scroll away.
    const frame = h("div", { class: "code" });
    block.replaceWith(frame);
    frame.append(
      block,
      copyButton("Copy", () => commandsOf(text), { class: "quiet copy" }),
    );
  }
}

/** Of a console, what was typed; of everything else all. */
function commandsOf(text: string): string {
  const lines = text.trimEnd().split("\n");
  if (!lines.some((line) => line.startsWith("$ "))) return text.trimEnd();
  return lines
    .filter((line, index) => line.startsWith("$ ") || lines[index - 1]?.endsWith("\\"))
    .map((line) => line.replace(/^\$ /, ""))
    .join("\n");
}

/** Loaded once; what failed is tried again with the next word. */
function search(): Promise<Search> {
  loading ??= import("./search.ts").then(({ loadSearch }) => loadSearch());
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}

function startSearch(): void {
  const input = byId<HTMLInputElement>("search");
  const form = byId("search-form");
  const results = byId("search-results");
  const show = async () => {
    const words = input.value.trim();
    if (words === "") {
      results.hidden = true;
      announce("");
      return;
    }
    try {
      const found = (await search())(words);
      if (words === input.value.trim()) showHits(results, found, words);
    } catch {
      if (words === input.value.trim()) showNote(results, "The search could not be loaded. Is there a network?");
    }
  };
  input.addEventListener("input", () => void show());
  input.addEventListener("click", () => void show());
  for (const place of [form, results]) {
    place.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      if (results.hidden) void show();
      else stepThrough([input, ...results.querySelectorAll("a")], event.key === "ArrowDown" ? 1 : -1);
    });
  }
  const closeOutside = ({ target }: Event) => {
    if (target instanceof Node && !form.contains(target) && !results.contains(target)) results.hidden = true;
  };
  document.addEventListener("click", closeOutside);
  document.addEventListener("focusin", closeOutside);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    results.querySelector("a")?.click();
  });
  document.addEventListener("keydown", (event) => {
    const { target, ctrlKey, altKey, metaKey } = event;
    const isTyping = target instanceof Element && target.matches("input, textarea, select");
    if (event.key === "/" && !isTyping && !ctrlKey && !altKey && !metaKey) {
      event.preventDefault();
      input.focus();
    } else if (event.key === "Escape" && !results.hidden) {
      results.hidden = true;
      input.focus();
    }
  });
}

/** From where the focus is to the next of these, and not past the ends. */
function stepThrough(places: readonly HTMLElement[], by: 1 | -1): void {
  const { activeElement } = document;
  if (activeElement instanceof HTMLElement) places[places.indexOf(activeElement) + by]?.focus();
}

function showNote(results: HTMLElement, text: string): void {
  results.replaceChildren(h("p", { class: "note" }, text));
  results.hidden = false;
  announce(text);
}

function showHits(results: HTMLElement, hits: readonly Hit[], words: string): void {
  if (hits.length === 0) {
    showNote(results, `Nothing has “${words}” in it.`);
    return;
  }
  const items = hits
    .slice(0, MOST_HITS)
    .map(({ id, page, heading, text }) =>
      h(
        "li",
        {},
        h("a", { href: id }, h("strong", {}, heading), h("small", {}, page), h("span", {}, text.slice(0, 110))),
      ),
    );
  results.replaceChildren(h("ul", {}, ...items));
  results.hidden = false;
  announce(hits.length > MOST_HITS ? `${MOST_HITS} of ${hits.length} shown` : `${hits.length} found`);
}
