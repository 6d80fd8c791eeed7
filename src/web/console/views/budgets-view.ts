/** The budgets of one user: which are spent from, and how an operator raises or resets them. */
import { h } from "../../dom.ts";
import { type Answer, type Api, path } from "../api.ts";
import type { RaisedBudgets, ResetBudgets, UserView } from "../operator-api-types.ts";
import { empty, type Question, table, when } from "../pieces.ts";

const HOUR = 3_600;
/** What the directory takes. */
const MOST_TIMES = 100;
/** Longer than any trouble; who needs more changes the setting. */
const MOST_HOURS = 720;

/** Asks, calls, says what came of it, and loads the user again. */
export type Act = <T>(
  question: Question,
  call: (reason: string) => Promise<Answer<T>>,
  done: (value: T) => string,
) => Promise<void>;

export function budgetsPanel(api: Api, view: UserView, act: Act, now: () => number): HTMLElement {
  const { user } = view;
  // A factor of 1 is how a raise is ended before its time.
  const raised = view.budgets_raised?.factor === 1 ? null : view.budgets_raised;
  const times = number("times", "Times", 10, MOST_TIMES);
  const hours = number("hours", "Hours", 24, MOST_HOURS);
  const where = path`/v1/admin/users/${user}/budgets`;

  const raise = (factor: number, until: number, question: Question) =>
    act<RaisedBudgets>(
      question,
      (reason) => api.call("PUT", where, { body: { factor, until }, reason }),
      (answer) =>
        answer.factor === 1
          ? "Budgets are as they were."
          : `Budgets are ${answer.factor} times as large until ${when(answer.until)}.`,
    );
  const reset = () =>
    act<ResetBudgets>(
      {
        title: `Reset the budgets of ${user}?`,
        text: "What was spent counts no longer: claims, uploads and registrations may begin anew at once.",
        action: "Reset the budgets",
      },
      (reason) => api.call("DELETE", where, { reason }),
      ({ budgets }) => `${budgets} budgets are whole again.`,
    );

  const form = h(
    "form",
    { class: "row" },
    h("span", { class: "pair" }, times.label, times.input),
    h("span", { class: "pair" }, hours.label, hours.input),
    h("button", { type: "submit" }, "Raise"),
    h("span", { class: "spacer" }),
    raised !== null &&
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          onclick: () =>
            void raise(1, now() + HOUR, {
              title: `Lower the budgets of ${user} again?`,
              text: "They are what the settings say.",
              action: "Lower the budgets",
            }),
        },
        "Lower again",
      ),
    h("button", { type: "button", class: "quiet", onclick: () => void reset() }, "Reset all"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const factor = times.input.valueAsNumber;
    const forHours = hours.input.valueAsNumber;
    void raise(factor, now() + forHours * HOUR, {
      title: `Raise the budgets of ${user}?`,
      text: `Claims from, uploads of and registrations of this user may be ${factor} times as many for ${forHours} hours.`,
      action: "Raise the budgets",
    });
  });
  return h(
    "section",
    { class: "panel stack", "aria-labelledby": "budgets-title" },
    h("h3", { id: "budgets-title" }, "Budgets"),
    raised !== null && h("p", {}, `Raised ${raised.factor} times until ${when(raised.until)}.`),
    spent(view),
    form,
  );
}

function spent({ budgets, clients }: UserView): HTMLElement {
  const rows = [
    ...budgets.map((one) => ({ ...one, client: "–" })),
    ...clients.flatMap(({ client, budgets: own }) => own.map((one) => ({ ...one, client }))),
  ];
  if (rows.length === 0) return empty("Nothing was spent lately: every budget is whole.");
  return table(
    "Budgets that are spent from",
    ["Client", "Budget", "Whole again"],
    rows.map(({ client, name, empty_at }) => [client, h("code", {}, name), when(empty_at)]),
  );
}

function number(id: string, name: string, value: number, most: number) {
  return {
    label: h("label", { for: id }, name),
    input: h("input", { id, type: "number", min: 1, max: most, step: 1, required: true, value, class: "short" }),
  };
}
