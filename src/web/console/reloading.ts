/** A place that is loaded, and loaded anew: what was asked for last is shown, and whoever had the focus in it keeps it. */
import { focusOn, keepFocus } from "../keep-focus.ts";
import { unexpected } from "./api.ts";
import { failure, showIn, startLoading } from "./pieces.ts";

export type Reloaded = {
  readonly place: HTMLElement;
  /** What is loaded, in words. */
  readonly what: string;
  /** Gets the focus where what had it is gone. */
  readonly heading: HTMLElement;
  /** What is drawn anew with the place, if that is more. */
  readonly around?: HTMLElement;
};

/** One load, as it is seen by what loads. */
export type Turn = {
  /** Whether nobody has asked anew since. */
  readonly isLast: () => boolean;
  /** Says how far it is, and returns whether to go on. */
  readonly progress: (what: string) => boolean;
  readonly again: () => void;
};

/** `isQuiet`: what is shown stays until there is something else. */
export type Reload = (how?: { readonly isQuiet: boolean }) => Promise<void>;

export function reloading(
  { place, what, heading, around = place }: Reloaded,
  load: (turn: Turn) => Promise<readonly HTMLElement[]>,
): Reload {
  let turns = 0;
  /** Of the loads that are not over: the first has taken the focus away, the last gives it back. */
  let giveBack: (() => void) | undefined;
  const reload: Reload = async ({ isQuiet } = { isQuiet: false }) => {
    turns += 1;
    const own = turns;
    const isLast = () => own === turns;
    const again = () => void reload();
    if (giveBack === undefined || around.contains(document.activeElement)) {
      giveBack = keepFocus(around, () => focusOn(heading));
    }
    if (!isQuiet) startLoading(place, what);
    const progress = (soFar: string) => {
      if (isLast()) startLoading(place, soFar);
      return isLast();
    };
    const shown = await load({ isLast, progress, again }).catch(() => [
      failure(unexpected("Something is missing in the answer.", "GET").refusal, again),
    ]);
    if (!isLast()) return;
    showIn(place, ...shown);
    giveBack?.();
    giveBack = undefined;
  };
  return reload;
}
