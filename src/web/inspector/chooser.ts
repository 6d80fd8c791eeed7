/** Which of several packages is shown: each with its verdict, and how many there are of each verdict. */
import type { Item } from "../../inspect/items.ts";
import type { Answer } from "../../inspect/judge.ts";
import { likelyProfile } from "../../inspect/likely-profile.ts";
import { isForDirectories, open } from "../../inspect/open.ts";
import { PROFILES } from "../../mls/named-profiles.ts";
import { countBy } from "../../shared/count-by.ts";
import { h } from "../dom.ts";
import type { Place } from "./link.ts";

/** More are not judged before they are chosen: a page that is asked for a thousand verdicts stands still. */
const MOST_JUDGED = 200;

/** What a verdict depends on, beside the package. */
type Basis = Pick<Place, "at" | "policy" | "profile">;

export type Chooser = {
  readonly element: HTMLElement;
  /** Judges them by this, but those that are judged by it already, and first the one at `index`, which may have been changed. */
  readonly judge: (by: Basis, index: number, bytes: Uint8Array) => void;
};

export function chooser(given: readonly Item[], chosen: number, choose: (index: number) => void): Chooser {
  const items = [...given];
  const answers = items.map(unjudged);
  const nameOf = (index: number): string => {
    const changed = items[index] === given[index] ? "" : " · changed";
    const answer = answers[index] === undefined ? "" : ` · ${answers[index]}`;
    return `${index + 1} of ${items.length} · ${given[index]?.where}${changed}${answer}`;
  };
  const select = h("select", { id: "chosen" });
  const options = items.map(({ ok }, index) =>
    h("option", { value: index, selected: index === chosen, disabled: !ok }, nameOf(index)),
  );
  // One by one: as arguments, many of them take more stack than there is.
  for (const option of options) select.append(option);
  select.addEventListener("change", () => choose(Number(select.value)));
  const counts = h("span", { class: "note", id: "verdict-counts" });
  let judgedBy: Basis | undefined;
  let turn = 0;

  function put(index: number, answer: string | undefined): void {
    answers[index] = answer;
    const option = options[index];
    if (option) option.textContent = nameOf(index);
  }

  function count(): void {
    const found = answers.filter((answer) => answer !== undefined);
    const left = items.length - found.length;
    counts.textContent = `${[...summed(found), ...(left > 0 ? [`${left} not judged yet`] : [])].join(", ")}.`;
  }

  async function judgeAll({ at, policy, profile }: Basis, first: number, own: number): Promise<void> {
    const { answerOn } = await import("./judging.ts");
    const time = at ?? Math.floor(Date.now() / 1000);
    const named = PROFILES.find(({ name }) => name === profile);
    for (const index of [first, ...items.slice(0, MOST_JUDGED).keys()]) {
      const item = items[index];
      if (!item?.ok || answers[index] !== undefined) continue;
      const readWith = named ?? likelyProfile(item.bytes);
      const opened = open(item.bytes, readWith);
      const answer = isForDirectories(opened)
        ? verdictOf(await answerOn(item.bytes, time, { policy, profile: readWith }))
        : opened.name;
      // Something else was asked for meanwhile.
      if (own !== turn) return;
      put(index, answer);
    }
    count();
  }

  const element = h("div", { class: "row chooser" }, h("label", { for: "chosen" }, "Shown"), select, counts);
  return {
    element,
    judge: ({ at, policy, profile }, index, bytes) => {
      const isSame = judgedBy && judgedBy.at === at && judgedBy.policy === policy && judgedBy.profile === profile;
      if (!isSame) for (const [other, item] of items.entries()) put(other, unjudged(item));
      const item = items[index];
      if (item?.ok && item.bytes !== bytes) {
        const original = given[index];
        items[index] = original?.ok === true && original.bytes === bytes ? original : { ...item, bytes };
        put(index, undefined);
      }
      if (answers[index] !== undefined) return;
      judgedBy = { at, policy, profile };
      turn += 1;
      count();
      // Where there is no verdict, that of the one that is shown says why; when that is shown again, it is tried again.
      void judgeAll(judgedBy, index, turn).catch(() => undefined);
    },
  };
}

const CANNOT_BE_READ = "cannot be read";

const unjudged = ({ ok }: Item): string | undefined => (ok ? undefined : CANNOT_BE_READ);

const verdictOf = (answer: Answer | undefined): string | undefined => (answer?.ok ? "accepted" : answer?.code);

/** Most frequent first: "98 accepted, 2 invalid_signature". */
const summed = (found: readonly string[]): string[] =>
  Object.entries(countBy(found))
    .sort(([, a], [, b]) => b - a)
    .map(([answer, count]) => `${count} ${answer}`);
