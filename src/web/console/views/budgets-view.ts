/** The budgets of one user: which are spent from, and how an operator raises or resets them. */
import { type Child, h } from "../../dom.ts";
import { type Api, path } from "../api.ts";
import { budgetInWords } from "../budget-words.ts";
import { type Change, changeButton, onceAtATime } from "../changes.ts";
import type { RaisedBudgets, ResetBudgets, UserView } from "../operator-api-types.ts";
import { empty, table, when } from "../pieces.ts";
import type { Question } from "../question.ts";
import { counted, nameOf, say, userLink } from "../shown-name.ts";

const HOUR = 3_600;
/** What the directory takes. */
const MOST_TIMES = 100;
/** Longer than any trouble; who needs more changes the setting. */
const MOST_HOURS = 720;

/** Makes the change and shows the user as it is then. */
export type Act = <T>(made: Change<T>) => Promise<void>;

export function budgetsPanel(api: Api, view: UserView, act: Act, now: () => number): HTMLElement {
  const { user } = view;
  // A factor of 1 is how a raise is ended before its time.
  const raised = view.budgets_raised?.factor === 1 ? null : view.budgets_raised;
  // The least that raises anything.
  const times = number("times", "Times", 10, 2, MOST_TIMES);
  const hours = number("hours", "Hours", 24, 1, MOST_HOURS);
  const where = path`/v1/admin/users/${user}/budgets`;

  const raise = (factor: number, until: number, doing: readonly Child[], question: Question) =>
    act<RaisedBudgets>({
      question,
      doing,
      call: (reason) => api.call("PUT", where, { body: { factor, until }, reason }),
      done: (answer) =>
        answer.factor === 1
          ? say`The budgets of ${user} are as they were.`
          : [...say`The budgets of ${user} are raised: `, `${answer.factor} times, until ${when(answer.until)}.`],
    });
  const reset = () =>
    act<ResetBudgets>({
      question: {
        title: say`Reset the budgets of ${user}?`,
        text: ["What was spent counts no longer: claims, uploads and registrations may begin anew at once."],
        action: "Reset the budgets",
      },
      doing: say`Resetting the budgets of ${user}`,
      call: (reason) => api.call("DELETE", where, { reason }),
      done: ({ budgets }) => say`Reset: ${[budgets, "budget"]} of ${user}.`,
    });
  const resetOf: ResetOf = ({ client, claimer }) =>
    act<ResetBudgets>({
      question: {
        title: say`Reset what ${claimer} has spent at ${client}?`,
        text: say`${claimer} may claim from ${client} of ${user} at once again. Other budgets stay as they are.`,
        action: "Reset the budgets",
      },
      doing: say`Resetting what ${claimer} has spent at ${client} of ${user}`,
      call: (reason) => api.call("DELETE", `${where}?${new URLSearchParams({ client, claimer })}`, { reason }),
      done: ({ budgets }) => say`Reset: ${[budgets, "budget"]} of ${claimer} at ${client} of ${user}.`,
    });

  const lower = () =>
    raise(1, now() + HOUR, say`Lowering the budgets of ${user}`, {
      title: say`Lower the budgets of ${user} again?`,
      text: ["They are what the settings say."],
      action: "Lower the budgets",
    });
  const submit = h("button", { type: "submit" }, "Raise");
  const once = onceAtATime(submit, "raise");
  const form = h(
    "form",
    { class: "row" },
    h("span", { class: "pair" }, times.label, times.input),
    h("span", { class: "pair" }, hours.label, hours.input),
    submit,
    h("span", { class: "spacer" }),
    raised !== null && changeButton("Lower again", "raise", lower, "quiet"),
    changeButton("Reset all", "reset", reset, "quiet"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const factor = times.input.valueAsNumber;
    const forHours = hours.input.valueAsNumber;
    void once(() =>
      raise(factor, now() + forHours * HOUR, say`Raising the budgets of ${user}`, {
        title: say`Raise the budgets of ${user}?`,
        text: [
          `For ${counted(forHours, "hour")}, others may claim ${factor} times as many packages from this user, and the user’s clients may upload and register ${factor} times as often.`,
        ],
        action: "Raise the budgets",
      }),
    );
  });
  return h(
    "section",
    { class: "panel stack", "aria-labelledby": "budgets-title" },
    h("h3", { id: "budgets-title" }, "Budgets"),
    raised !== null && h("p", {}, `Raised ${raised.factor} times until ${when(raised.until)}.`),
    spent(view, resetOf),
    form,
  );
}

type ResetOf = (of: { readonly client: string; readonly claimer: string }) => Promise<void>;

function spent({ budgets, clients }: UserView, resetOf: ResetOf): HTMLElement {
  const rows = [
    ...budgets.map((one) => ({ ...one, client: undefined })),
    ...clients.flatMap(({ client, budgets: own }) => own.map((one) => ({ ...one, client }))),
  ];
  if (rows.length === 0) return empty("Nothing was spent lately: every budget is whole.");
  return table(
    "Budgets that are spent from",
    ["Client", "What is counted", "Whole again", "Change"],
    rows.map(({ client, name, empty_at }) => {
      const { text, claimer, capability } = budgetInWords(name, client !== undefined);
      const who = claimer === undefined ? undefined : userLink(claimer);
      return [
        client === undefined ? "all" : nameOf(client),
        h("span", { class: "prose" }, text, " ", who, capability !== undefined && nameOf(capability)),
        when(empty_at),
        client !== undefined &&
          claimer !== undefined &&
          changeButton("Reset", `reset ${client} ${name}`, () => resetOf({ client, claimer }), "quiet"),
      ];
    }),
  );
}

function number(id: string, name: string, value: number, least: number, most: number) {
  return {
    label: h("label", { for: id }, name),
    input: h("input", { id, type: "number", min: least, max: most, step: 1, required: true, value, class: "short" }),
  };
}
