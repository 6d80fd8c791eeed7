/**
 * The inspector, as far as it must be there before anything is given: it hears what is typed, pasted, dropped and chosen.
 * Everything else is loaded when the page can be used already, or as soon as something is there to be looked at.
 */
import "../style/base.css";
import "../style/inspector.css";
import { byId } from "../dom.ts";
import { startShell, whenIdle } from "../shell.ts";

type Looking = typeof import("./looking.ts");

const input = byId<HTMLTextAreaElement>("input");
const file = byId<HTMLInputElement>("file");
const form = byId<HTMLFormElement>("input-form");
const problem = byId("input-problem");

const looking = (): Promise<Looking> => import("./looking.ts");
/** Counts what was asked for: what is loaded after something else was asked for is not shown. */
let turn = 0;

listen();
if (location.hash !== "") {
  look(({ lookAtAddress }) => lookAtAddress());
  // It comes with the first package; asked for here, it is on its way at the same time as what shows the bytes.
  void import("./judging.ts").catch(() => undefined);
}
startShell(whenIdle().then(async () => (await looking()).loadAll()));

function listen(): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value;
    look(({ lookAtText }) => lookAtText(text));
  });
  input.addEventListener("paste", inspectSoon);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  byId("choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    takeFiles(file.files);
    // The same one may be chosen again when it has been edited.
    file.value = "";
  });
  // Text goes where it is dropped, as everywhere.
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", () => form.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    form.classList.remove("over");
    const files = event.dataTransfer?.files ?? null;
    if (files !== null && files.length > 0) {
      event.preventDefault();
      takeFiles(files);
    } else if (event.target === input) inspectSoon();
  });
  for (const button of byId("samples").querySelectorAll("button")) {
    const name = button.dataset.sample ?? "";
    button.addEventListener("click", () => takeSample(name));
  }
  window.addEventListener("hashchange", () => {
    // Another part of the page, which gives nothing to look at.
    if (!location.hash.includes("kp=")) return;
    input.value = "";
    look(({ lookAtAddress }) => lookAtAddress());
  });
}

/** When the text is there. */
function inspectSoon(): void {
  setTimeout(() => form.requestSubmit());
}

function takeFiles(files: FileList | null): void {
  const all = [...(files ?? [])];
  if (all.length === 0) return;
  const before = input.value;
  look(async ({ lookAtFiles }, isLast) => {
    // It is not what is shown any more; what was typed meanwhile is for later.
    if ((await lookAtFiles(all, isLast)) && input.value === before) input.value = "";
  });
}

function takeSample(name: string): void {
  const before = input.value;
  look(async ({ lookAtSample }, isLast) => {
    const hex = await lookAtSample(name, isLast);
    // Not over what was typed meanwhile.
    if (hex !== undefined && input.value === before) input.value = hex;
  });
}

/** Looks at what was given, once there is what does that. `isLast` tells whether nothing else was given since. */
function look(at: (module: Looking, isLast: () => boolean) => void | Promise<void>): void {
  turn += 1;
  const own = turn;
  const isLast = () => own === turn;
  void looking().then(
    (module) => (isLast() ? at(module, isLast) : undefined),
    () => {
      if (isLast()) problem.textContent = "Not all of the page could be loaded. Is there a network?";
    },
  );
}
