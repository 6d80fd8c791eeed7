/** The inspector: what was given, which of it is shown, and what is changed in it. */
import "../style/base.css";
import "../style/inspector.css";
import { type Item, itemsOf } from "../../inspect/items.ts";
import { byId, h } from "../dom.ts";
import { startShell } from "../shell.ts";
import { readPlace, writePlace } from "./link.ts";
import type { PolicyName } from "./policy-names.ts";
import { type Resulting, resultView } from "./result-view.ts";

const input = byId<HTMLTextAreaElement>("input");
const file = byId<HTMLInputElement>("file");
const form = byId<HTMLFormElement>("input-form");
const problem = byId("input-problem");
const result = byId("result");

let items: readonly Item[] = [];
let index = 0;
let at: number | undefined;
let policy: PolicyName = "directory";
let profile: string | undefined;
let view: Resulting | undefined;

startShell();
listen();
readAddress();

function listen(): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(new TextEncoder().encode(input.value), "input");
  });
  input.addEventListener("paste", () => setTimeout(() => form.requestSubmit()));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  byId("choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => takeFiles(file.files));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", () => form.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    takeFiles(event.dataTransfer?.files ?? null);
  });
  for (const button of byId("samples").querySelectorAll("button")) {
    button.addEventListener("click", () => void takeSample(button.dataset.sample ?? ""));
  }
  window.addEventListener("hashchange", readAddress);
}

/** A chunk that cannot be loaded is said where what was asked for would be. */
async function takeSample(name: string): Promise<void> {
  try {
    const { sample } = await import("./samples.ts");
    const taken = await sample(name, Math.floor(Date.now() / 1000));
    input.value = taken.hex;
    ({ at } = taken);
    profile = undefined;
    form.requestSubmit();
  } catch {
    problem.textContent = "The samples could not be loaded. Is there a network?";
  }
}

function takeFiles(files: FileList | null): void {
  const all = [...(files ?? [])];
  if (all.length === 0) return;
  void Promise.all(all.map(async (one) => ({ name: one.name, bytes: new Uint8Array(await one.arrayBuffer()) }))).then(
    (read) => show(read.flatMap(({ name, bytes }) => itemsOf(bytes, name))),
    () => {
      problem.textContent = "The file could not be read.";
    },
  );
}

function take(bytes: Uint8Array, source: string): void {
  show(itemsOf(bytes, source));
}

function show(found: readonly Item[]): void {
  items = found;
  index = Math.max(
    0,
    found.findIndex(({ ok }) => ok),
  );
  problem.textContent = problemOf(found);
  showCurrent();
}

function problemOf(found: readonly Item[]): string {
  if (found.length === 0) return "There is nothing to inspect yet.";
  const bad = found.filter((item) => !item.ok);
  if (bad.length === 0) return "";
  const [first] = bad;
  const shown = first?.ok === false ? `${first.where}: ${first.problem}` : "";
  return bad.length === 1 ? `${shown}.` : `${shown}, and ${bad.length - 1} more that cannot be read.`;
}

function showCurrent(field?: string): void {
  const item = items[index];
  result.hidden = !item?.ok;
  if (!item?.ok) {
    result.replaceChildren();
    history.replaceState(null, "", location.pathname);
    return;
  }
  view = resultView({ bytes: item.bytes, at, policy, profile, field }, { changed: remember });
  result.replaceChildren(...(items.length > 1 ? [chooser()] : []), view.element);
  remember();
}

function chooser(): HTMLElement {
  const select = h(
    "select",
    { id: "chosen" },
    ...items.map((item, i) =>
      h(
        "option",
        { value: i, selected: i === index, disabled: !item.ok },
        `${i + 1} of ${items.length} · ${item.where}${item.ok ? "" : " · cannot be read"}`,
      ),
    ),
  );
  select.addEventListener("change", () => {
    index = Number(select.value);
    showCurrent();
    byId("chosen").focus();
  });
  return h("div", { class: "row chooser" }, h("label", { for: "chosen" }, "Shown"), select);
}

/** The address is that of what is shown, so that it can be given to others. */
function remember(): void {
  if (view === undefined) return;
  const place = view.place();
  ({ at, policy, profile } = place);
  history.replaceState(null, "", `${location.pathname}${writePlace(place)}`);
}

function readAddress(): void {
  const place = readPlace(location.hash);
  if (place.bytes === undefined) return;
  ({ at, policy, profile } = place);
  items = [{ where: "the address", ok: true, bytes: place.bytes }];
  index = 0;
  problem.textContent = "";
  showCurrent(place.field);
}
