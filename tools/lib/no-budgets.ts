/** Budgets as settings, for local use, load and tests that are about something else. */
import { SETTING_NAMES } from "../../src/config/settings.ts";

/** Every budget off but that of refused packages, which guards the machine that checks them. */
export const NO_BUDGETS: Readonly<Record<string, string>> = Object.fromEntries(
  SETTING_NAMES.filter((name) => /_BUDGET_(BURST|PER_HOUR|PER_DAY)$/.test(name) && name !== "PAIR_BUDGET_PER_HOUR").map(
    (name) => [name, "off"],
  ),
);
