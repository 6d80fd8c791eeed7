/** The question before a change: what it does, why it is made, and for what cannot be undone a word to type. */
import { MAX_REASON_CHARACTERS } from "../../config/limits.ts";
import { type Child, h } from "../dom.ts";
import { nameOf } from "./shown-name.ts";
import { isTyped } from "./typed-word.ts";

export type Question = {
  readonly title: readonly Child[];
  /** What will happen, and what cannot be undone. */
  readonly text: readonly Child[];
  /** What has to be typed first; nothing for what can be taken back. */
  readonly word?: string;
  readonly action: string;
};

/** Resolves with the reason once it was confirmed. Escape and Cancel are no: undefined. */
export function confirmed({ title, text, word = "", action }: Question): Promise<string | undefined> {
  const typed = h("input", { id: "confirm-word", autocomplete: "off", spellcheck: "false" });
  const reason = h("input", { id: "confirm-reason", autocomplete: "off", maxlength: MAX_REASON_CHARACTERS });
  const go = h("button", { type: "submit", class: "danger", disabled: true }, action);
  const check = () => {
    go.disabled = !isTyped(typed.value, word) || reason.value.trim() === "";
  };
  const dialog = h(
    "dialog",
    { class: "question", "aria-labelledby": "confirm-title" },
    h(
      "form",
      { method: "dialog", oninput: check },
      h("h2", { id: "confirm-title" }, ...title),
      h("p", {}, ...text),
      h("label", { for: "confirm-reason" }, "Reason, for the record"),
      reason,
      word !== "" && h("label", { for: "confirm-word" }, "Type ", h("code", {}, nameOf(word)), " to go on"),
      word !== "" && typed,
      h(
        "div",
        { class: "row" },
        h("span", { class: "spacer" }),
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        go,
      ),
    ),
  );
  const form = dialog.querySelector("form");
  // The policy forbids forms that go anywhere, these included: it is closed by hand.
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!go.disabled) dialog.close(reason.value.trim());
  });
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "" ? undefined : dialog.returnValue);
    });
  });
}

/** Whoever leaves the page that a question is about has not said yes. */
export function withdrawQuestion(): void {
  document.querySelector<HTMLDialogElement>("dialog.question")?.close();
}
