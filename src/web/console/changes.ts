/** What an operator does: asked first, said while it is under way, and what came of it kept in view wherever the operator is by then. */
import { type Child, h } from "../dom.ts";
import { focusOn } from "../keep-focus.ts";
import type { Answer } from "./api.ts";
import { failure } from "./pieces.ts";
import { confirmed, type Question } from "./question.ts";

export type Change<T> = {
  /** None where nothing is changed that anybody would miss. */
  readonly question?: Question;
  /** What is under way, about whom. */
  readonly doing: readonly Child[];
  /** `progress` says how far it is. */
  readonly call: (reason: string, progress: (text: string) => void) => Promise<Answer<T>>;
  /** What came of it, about whom. */
  readonly done: (value: T) => readonly Child[];
  /** What came of it stays until it is closed, and not just until the next change. */
  readonly stays?: boolean;
};

/** Whether the directory was asked, whatever it answered. */
export async function change<T>({ question, doing, call, done, stays = false }: Change<T>): Promise<boolean> {
  const reason = question === undefined ? "" : await confirmed(question);
  if (reason === undefined) return false;
  const from = document.activeElement;
  for (const old of place().querySelectorAll(".over")) old.remove();
  const progress = h("span", {}, "…");
  const line = h(
    "div",
    { class: "outcome" },
    h("p", {}, h("span", { class: "pulse", "aria-hidden": "true" }), ...doing, progress),
  );
  place().append(line);
  const answer = await call(reason, (text) => {
    progress.textContent = `: ${text}`;
  });
  const close = h("button", { type: "button", class: "quiet" }, "Close");
  close.addEventListener("click", () => {
    line.remove();
    if (from instanceof HTMLElement && from.isConnected) from.focus({ preventScroll: true });
    else focusOn(headingInView(), { preventScroll: true });
  });
  line.replaceChildren(
    answer.ok
      ? h("p", { class: "verdict good" }, ...done(answer.value))
      : h("div", {}, h("p", {}, ...doing, ":"), failure(answer.refusal)),
    close,
  );
  line.classList.toggle("over", !(stays && answer.ok));
  return true;
}

/** A button that asks for a change; while that is under way, it is not asked for again. */
export function changeButton(
  name: string,
  key: string,
  begin: () => Promise<unknown>,
  classes = "",
): HTMLButtonElement {
  const button = h("button", { type: "button", class: classes, "data-focus": key }, name);
  button.addEventListener("click", () => void beginOnce(button, begin));
  return button;
}

/** By `aria-disabled`: what is `disabled` loses the focus. */
export async function beginOnce(button: HTMLButtonElement, begin: () => Promise<unknown>): Promise<void> {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  await begin();
  button.removeAttribute("aria-disabled");
}

/** At the end of the page, where it covers nothing; before that, at the lower edge of the window. */
function place(): HTMLElement {
  const known = document.getElementById("outcomes");
  if (known !== null) return known;
  const made = h("div", { id: "outcomes", role: "status" });
  document.querySelector("main")?.append(made);
  return made;
}

const headingInView = (): HTMLElement =>
  document.getElementById("user-title") ?? document.querySelector("h1") ?? document.body;
