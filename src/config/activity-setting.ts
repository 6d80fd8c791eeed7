/** Whether anything is counted for operators: by the Worker, and by the pools. */
import { choiceOf } from "./auth-settings.ts";
import type { Variables } from "./settings.ts";

/** Throws SettingError for another word than `on` and `off`. */
export const countsActivity = (env: Variables): boolean =>
  choiceOf(env, "ACTIVITY_COUNTS", ["on", "off"], "on") === "on";
