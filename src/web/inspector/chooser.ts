/** Which of several packages is shown: each with its verdict, and how many there are of each verdict. */
import type { Item } from "../../inspect/items.ts";
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
  /** Judges all of them by this, but those that are judged by it already. The one at `index` may have been changed. */
  readonly judge: (by: Basis, index: number, bytes: Uint8Array) => void;
};

export function chooser(given: readonly Item[], chosen: number, choose: (index: number) => void): Chooser {
  const items = [...given];
  const answers: (string | undefined)[] = items.map(() => undefined);
  const nameOf = (index: number, answer: string | undefined): string => {
    const changed = items[index] === given[index] ? "" : " · changed";
    return `${index + 1} of ${items.length} · ${given[index]?.where}${changed}${answer === undefined ? "" : ` · ${answer}`}`;
  };
  const options = items.map(({ ok }, index) =>
    h(
      "option",
      { value: index, selected: index === chosen, disabled: !ok },
      nameOf(index, ok ? undefined : CANNOT_BE_READ),
    ),
  );
  const select = h("select", { id: "chosen" }, ...options);
  select.addEventListener("change", () => choose(Number(select.value)));
  const counts = h("span", { class: "note", id: "verdict-counts" });
  let judgedBy: Basis | undefined;
  let turn = 0;

  async function judgeAll({ at, policy, profile }: Basis, own: number): Promise<void> {
    const { answerOn } = await import("./judging.ts");
    const time = at ?? Math.floor(Date.now() / 1000);
    const named = PROFILES.find(({ name }) => name === profile);
    for (const [index, item] of items.slice(0, MOST_JUDGED).entries()) {
      if (answers[index] !== undefined) continue;
      let answer = CANNOT_BE_READ;
      if (item.ok) {
        const readWith = named ?? likelyProfile(item.bytes);
        const opened = open(item.bytes, readWith);
        answer = isForDirectories(opened)
          ? verdictOf(await answerOn(item.bytes, time, { policy, profile: readWith }))
          : opened.name;
      }
      // Something else was asked for meanwhile.
      if (own !== turn) return;
      answers[index] = answer;
      const option = options[index];
      if (option) option.textContent = nameOf(index, answer);
    }
    const found = answers.filter((answer) => answer !== undefined);
    counts.textContent = `${summed(found)}${items.length > found.length ? `, ${items.length - found.length} not judged yet` : ""}.`;
  }

  const element = h("div", { class: "row chooser" }, h("label", { for: "chosen" }, "Shown"), select, counts);
  // Where the code for verdicts cannot be loaded, the verdict of the one that is shown says so.
  return {
    element,
    judge: ({ at, policy, profile }, index, bytes) => {
      const isSame = judgedBy && judgedBy.at === at && judgedBy.policy === policy && judgedBy.profile === profile;
      const item = items[index];
      const isChanged = item?.ok === true && item.bytes !== bytes;
      if (isSame && !isChanged) return;
      if (!isSame) answers.fill(undefined);
      if (isChanged) {
        const original = given[index];
        items[index] = original?.ok === true && original.bytes === bytes ? original : { ...item, bytes };
        answers[index] = undefined;
      }
      judgedBy = { at, policy, profile };
      turn += 1;
      const own = turn;
      void judgeAll(judgedBy, own).catch(() => {
        // The next time it is tried again.
        if (own === turn) judgedBy = undefined;
      });
    },
  };
}

const CANNOT_BE_READ = "cannot be read";

const verdictOf = (answer: { readonly ok: true } | { readonly ok: false; readonly code: string }): string =>
  answer.ok ? "accepted" : answer.code;

/** Most frequent first: "98 accepted, 2 invalid_signature". */
const summed = (found: readonly string[]): string =>
  Object.entries(countBy(found))
    .sort(([, a], [, b]) => b - a)
    .map(([answer, count]) => `${count} ${answer}`)
    .join(", ");
