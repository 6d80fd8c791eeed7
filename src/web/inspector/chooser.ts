/** Which of several packages is shown: each with its verdict, and how many there are of each verdict. */
import type { Item } from "../../inspect/items.ts";
import { likelyProfile } from "../../inspect/likely-profile.ts";
import { open } from "../../inspect/open.ts";
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
  /** Judges all of them; if that is by something else than before, it begins anew. */
  readonly judge: (by: Basis) => void;
};

export function chooser(items: readonly Item[], chosen: number, choose: (index: number) => void): Chooser {
  const options = items.map((item, index) =>
    h(
      "option",
      { value: index, selected: index === chosen, disabled: !item.ok },
      item.ok ? nameOf(item, index, items.length) : `${nameOf(item, index, items.length)} · cannot be read`,
    ),
  );
  const select = h("select", { id: "chosen" }, ...options);
  select.addEventListener("change", () => choose(Number(select.value)));
  const counts = h("span", { class: "note", id: "verdict-counts" });
  let judgedBy: Basis | undefined;

  async function judge(by: Basis): Promise<void> {
    const { at, policy, profile } = by;
    const { answerOn } = await import("./judging.ts");
    const time = at ?? Math.floor(Date.now() / 1000);
    const named = PROFILES.find(({ name }) => name === profile);
    const found: string[] = [];
    for (const [index, item] of items.slice(0, MOST_JUDGED).entries()) {
      const option = options[index];
      if (!item.ok || option === undefined) {
        found.push("cannot be read");
        continue;
      }
      const readWith = named ?? likelyProfile(item.bytes);
      const answer =
        open(item.bytes, readWith).kind === "other"
          ? "another message"
          : verdictOf(await answerOn(item.bytes, time, { policy, profile: readWith }));
      // Something else was chosen meanwhile.
      if (by !== judgedBy) return;
      option.textContent = `${nameOf(item, index, items.length)} · ${answer}`;
      found.push(answer);
    }
    counts.textContent = `${summed(found)}${items.length > found.length ? `, ${items.length - found.length} not judged yet` : ""}.`;
  }

  const element = h("div", { class: "row chooser" }, h("label", { for: "chosen" }, "Shown"), select, counts);
  // Where the code for verdicts cannot be loaded, the verdict of the one that is shown says so.
  return {
    element,
    judge: ({ at, policy, profile }) => {
      if (judgedBy && judgedBy.at === at && judgedBy.policy === policy && judgedBy.profile === profile) return;
      const by = { at, policy, profile };
      judgedBy = by;
      void judge(by).catch(() => {
        // The next time it is tried again.
        if (judgedBy === by) judgedBy = undefined;
      });
    },
  };
}

const verdictOf = (answer: { readonly ok: true } | { readonly ok: false; readonly code: string }): string =>
  answer.ok ? "accepted" : answer.code;

const nameOf = ({ where }: Item, index: number, count: number): string => `${index + 1} of ${count} · ${where}`;

/** Most frequent first: "98 accepted, 2 invalid_signature". */
const summed = (found: readonly string[]): string =>
  Object.entries(countBy(found))
    .sort(([, a], [, b]) => b - a)
    .map(([answer, count]) => `${count} ${answer}`)
    .join(", ");
