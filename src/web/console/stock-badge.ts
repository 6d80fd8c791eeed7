/** What is wrong with a stock, in the same words wherever stock is shown. */
import { h } from "../dom.ts";
import { type Stocked, type StockState, stockState } from "./stock-state.ts";

const WORDS: Readonly<Record<Exclude<StockState, "fine">, string>> = {
  low: "low",
  last_resort_only: "only a last resort",
  nothing_left: "nothing left",
};

export function stockBadge(stocked: Stocked): HTMLElement | undefined {
  const state = stockState(stocked);
  return state === "fine" ? undefined : h("span", { class: "badge bad" }, WORDS[state]);
}
