/** What an operator does: asked first, said while it is under way, and what came of it. */
import { type Child, h, save } from "../dom.ts";
import { focusOn } from "../keep-focus.ts";
import { type Answer, unexpected } from "./api.ts";
import { newOutcome, setUnsettled } from "./outcomes.ts";
import { failure } from "./pieces.ts";
import { confirmed, type Question } from "./question.ts";

/** What a change is about. Whoever shows that when the change is over shows it anew, whoever began it. */
export type Subject = { readonly user: string } | "keys" | "epoch";

/** What is to be filed, as a file. */
type Receipt = { readonly name: string; readonly content: string };

export type Change<T> = {
  /** None where nothing is changed that anybody would miss. */
  readonly question?: Question;
  /** What is under way, about whom. */
  readonly doing: readonly Child[];
  /** `progress` says how far it is. */
  readonly call: (reason: string, progress: (text: string) => void) => Promise<Answer<T>>;
  /** What came of it, about whom. */
  readonly done: (value: T) => readonly Child[];
  /** Where there is one, what came of it stays until it is closed, and not just until the next change. */
  readonly receipt?: (value: T) => Receipt;
};

/** Whether the directory was asked, whatever it answered. */
export async function change<T>(made: Change<T>): Promise<boolean> {
  const { question, doing } = made;
  const reason = question === undefined ? "" : await confirmed(question);
  if (reason === undefined) return false;
  const from = document.activeElement;
  const progress = h("span", {}, "…");
  const line = newOutcome(h("p", {}, h("span", { class: "pulse", "aria-hidden": "true" }), ...doing, progress));
  const answer = await outcomeOf(made, reason, (text) => {
    progress.textContent = `: ${text}`;
  });
  setUnsettled(line, false);
  // The session has ended, and what came of it with that.
  if (!line.isConnected) return true;
  const close = h("button", { type: "button", class: "quiet" }, "Close");
  close.addEventListener("click", () => {
    setUnsettled(line, false);
    line.remove();
    if (from instanceof HTMLElement && from.isConnected) from.focus({ preventScroll: true });
    else focusOn(headingInView(), { preventScroll: true });
  });
  const receipt = answer.ok ? answer.value.receipt : undefined;
  line.replaceChildren(
    answer.ok
      ? h("p", { class: "verdict good" }, ...answer.value.said, receipt !== undefined && saveButton(receipt, line))
      : h("div", {}, h("p", {}, ...doing, ":"), failure(answer.refusal)),
    close,
  );
  setUnsettled(line, receipt !== undefined);
  line.classList.toggle("over", receipt === undefined);
  return true;
}

type Outcome = { readonly said: readonly Child[]; readonly receipt: Receipt | undefined };

/** An answer that cannot be told is a failure too: it may have something else in it than this page knows. */
async function outcomeOf<T>(
  { call, done, receipt }: Change<T>,
  reason: string,
  progress: (text: string) => void,
): Promise<Answer<Outcome>> {
  try {
    const answer = await call(reason, progress);
    if (!answer.ok) return answer;
    return { ok: true, value: { said: done(answer.value), receipt: receipt?.(answer.value) } };
  } catch {
    return unexpected("Something is missing in the answer.", "POST");
  }
}

function saveButton({ name, content }: Receipt, line: HTMLElement): HTMLElement {
  const button = h("button", { type: "button", class: "quiet" }, "Save the receipt");
  button.addEventListener("click", () => {
    save(name, content, "application/json");
    setUnsettled(line, false);
  });
  return button;
}

/** A button that asks for a change, once at a time. */
export function changeButton(
  name: string,
  key: string,
  begin: () => Promise<unknown>,
  classes = "",
): HTMLButtonElement {
  const button = h("button", { type: "button", class: classes }, name);
  const once = onceAtATime(button, key);
  button.addEventListener("click", () => void once(begin));
  return button;
}

/** What was begun by a button and is not over, by the page and the key of the button. */
const underWay = new Set<string>();

/**
 * What the button begins is not begun again before it is over, though the button be made anew meanwhile: it is known by
 * its key. Shown by `aria-disabled`: what is `disabled` loses the focus.
 */
export function onceAtATime(button: HTMLButtonElement, key: string): (begin: () => Promise<unknown>) => Promise<void> {
  const id = `${location.hash} ${key}`;
  button.dataset.focus = key;
  if (underWay.has(id)) button.setAttribute("aria-disabled", "true");
  const show = () => {
    for (const same of document.querySelectorAll(`[data-focus="${CSS.escape(key)}"]`)) {
      if (underWay.has(id)) same.setAttribute("aria-disabled", "true");
      else same.removeAttribute("aria-disabled");
    }
  };
  return async (begin) => {
    if (underWay.has(id)) return;
    underWay.add(id);
    show();
    try {
      await begin();
    } finally {
      underWay.delete(id);
      show();
    }
  };
}

const headingInView = (): HTMLElement =>
  document.getElementById("user-title") ?? document.querySelector("h1") ?? document.body;
