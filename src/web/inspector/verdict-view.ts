/** What each policy says of the package, and every check of the one that is chosen. */
import type { CheckResult } from "../../inspect/checks.ts";
import { dateOf } from "../../inspect/text.ts";
import { PROFILES } from "../../mls/named-profiles.ts";
import { h } from "../dom.ts";
import { keepFocus } from "../keep-focus.ts";
import { sourceLink } from "./field-panel.ts";
import type { Verdict, Verdicts } from "./judging.ts";
import { LAST_SECOND } from "./link.ts";
import { POLICIES, POLICY_NAMES, type PolicyName } from "./policy-names.ts";
import { badge } from "./summary.ts";

export type VerdictEvents = {
  readonly choose: (policy: PolicyName) => void;
  /** The name of a profile; undefined for the likely one. */
  readonly chooseProfile: (profile: string | undefined) => void;
  readonly judgeAt: (at: number | undefined) => void;
  readonly selectField: (path: string) => void;
};

export type Judged = {
  readonly verdicts: Verdicts;
  readonly policy: PolicyName;
  /** The name of the profile that it was read with, and whether that was a guess. */
  readonly profile: string;
  readonly isLikely: boolean;
  /** Unix seconds. */
  readonly at: number;
  /** When its lifetime begins, if it has one. */
  readonly notBefore: number | undefined;
};

export type VerdictView = { readonly element: HTMLElement; readonly show: (judged: Judged) => void };

export function verdictView(events: VerdictEvents): VerdictView {
  const time = timeControl(events);
  const judgement = h("div", { class: "judgement" });
  const element = h(
    "section",
    { class: "panel verdicts", "aria-labelledby": "verdict-title" },
    h("h2", { id: "verdict-title" }, "Verdict"),
    time.element,
    judgement,
  );
  return {
    element,
    show: (judged) => {
      time.show(judged);
      const giveBack = keepFocus(judgement);
      judgement.replaceChildren(...judgementOf(judged, events));
      giveBack();
    },
  };
}

function judgementOf(judged: Judged, events: VerdictEvents): HTMLElement[] {
  const { verdicts, policy } = judged;
  const { answer, checks } = verdicts.byPolicy[policy];
  return [
    h(
      "fieldset",
      { class: "policies" },
      h("legend", {}, "Whose verdict"),
      ...POLICY_NAMES.map((name) => policyChoice(name, verdicts.byPolicy[name], name === policy, events)),
    ),
    profileChoice(judged, events),
    verdictLine(answer),
    h("ol", { class: "checks" }, ...checks.map((check) => checkLine(check, events))),
  ];
}

function policyChoice(name: PolicyName, { answer }: Verdict, isChosen: boolean, events: VerdictEvents): HTMLElement {
  const id = `policy-${name}`;
  const input = h("input", {
    type: "radio",
    name: "policy",
    id,
    checked: isChosen,
    onchange: () => events.choose(name),
  });
  return h(
    "div",
    { class: "policy" },
    input,
    h(
      "label",
      { for: id },
      h("strong", {}, POLICIES[name].name),
      h("span", { class: "note" }, POLICIES[name].note),
      badge(answer),
    ),
  );
}

/** Whose numbers of suites, with what a directory of each profile would say. */
function profileChoice({ verdicts, policy, profile, isLikely }: Judged, events: VerdictEvents): HTMLElement {
  const select = h(
    "select",
    { id: "profile" },
    h("option", { value: "", selected: isLikely }, `the likely ones: ${profile}`),
    ...PROFILES.map(({ name }) => h("option", { value: name, selected: !isLikely && name === profile }, name)),
  );
  select.addEventListener("change", () => events.chooseProfile(select.value === "" ? undefined : select.value));
  const rows = PROFILES.map(({ name }) => ({ name, answer: verdicts.byProfile.get(name) }));
  return h(
    "div",
    { class: "profiles" },
    h(
      "div",
      { class: "row" },
      h("label", { for: "profile" }, "Suite numbers of"),
      select,
      h("a", { href: "/docs/suites", class: "note" }, "Why numbers need an owner"),
    ),
    h("p", { class: "note" }, `What ${POLICIES[policy].name} says of it with the suite numbers of each profile:`),
    h(
      "dl",
      {},
      ...rows.map(({ name, answer }) =>
        h(
          "div",
          { class: name === profile ? "chosen" : "" },
          h("dt", {}, name),
          h("dd", {}, answer !== undefined && badge(answer)),
        ),
      ),
    ),
  );
}

function verdictLine(answer: Verdict["answer"]): HTMLElement {
  if (!answer.ok) {
    return h(
      "p",
      { class: "verdict bad", id: "verdict" },
      h("strong", {}, "Refused: "),
      h("a", { href: `/docs#result-${answer.code}` }, h("code", {}, answer.code)),
      ` · ${answer.detail}`,
    );
  }
  const warnings = answer.warnings.length > 0 ? ` · with a warning: ${answer.warnings.join(", ")}` : "";
  return h("p", { class: "verdict good", id: "verdict" }, h("strong", {}, "Accepted"), warnings);
}

const SIGNS = { passed: "✓", failed: "✕", "not reached": "–", "not checked here": "?" } as const;

function checkLine(check: CheckResult, { selectField }: VerdictEvents): HTMLElement {
  const { title, source, outcome, field } = check;
  return h(
    "li",
    { class: `check ${outcome.replaceAll(" ", "-")}` },
    h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[outcome]),
    h(
      "span",
      { class: "check-text" },
      // Seen by everybody: a package that is accepted here may be refused there.
      outcome === "not checked here" && "Not checked here: ",
      field === undefined
        ? title
        : h("button", { type: "button", class: "link", onclick: () => selectField(field) }, title),
      outcome !== "not checked here" && h("span", { class: "unseen" }, `: ${outcome}`),
      check.outcome === "failed" && h("span", { class: "came" }, h("code", {}, check.code), ` ${check.detail}`),
      check.outcome === "passed" && h("span", { class: "came note" }, `got ${check.came}`),
    ),
    h("span", { class: "note" }, sourceLink(source)),
  );
}

/** It stays while verdicts come: a time that is typed is whole, and judged, several times before it is the one that is meant. */
function timeControl({ judgeAt }: VerdictEvents): VerdictView {
  const input = h("input", {
    type: "datetime-local",
    id: "at",
    step: 1,
    min: "1970-01-01T00:00:00",
    max: inputOf(LAST_SECOND),
  });
  const start = h("button", { type: "button", class: "quiet" }, "Start of its lifetime");
  let last: Judged | undefined;
  input.addEventListener("change", () => {
    const chosen = Date.parse(`${input.value}Z`);
    if (input.validity.valid && Number.isFinite(chosen)) judgeAt(Math.floor(chosen / 1000));
  });
  // What is no time, or none that an address can carry, was not judged.
  input.addEventListener("blur", () => {
    if (last && !(input.validity.valid && input.value)) input.value = inputOf(last.at);
  });
  start.addEventListener("click", () => judgeAt(last?.notBefore));
  const element = h(
    "div",
    { class: "row time" },
    h("label", { for: "at" }, "Judged at (UTC)"),
    input,
    h("button", { type: "button", class: "quiet", onclick: () => judgeAt(undefined) }, "Now"),
    start,
  );
  return {
    element,
    show: (judged) => {
      last = judged;
      start.hidden = judged.notBefore === undefined;
      // Whoever types is ahead of the verdict.
      if (document.activeElement !== input) input.value = inputOf(judged.at);
    },
  };
}

/** As the control has it. */
const inputOf = (seconds: number): string => dateOf(seconds).replace("Z", "");
