/** A value of a request as a refusal shows it: enough for its sender to recognise it. */
import { MAX_SHOWN_CHARACTERS } from "../../config/limits.ts";

export function shownValue(value: unknown): string {
  if (typeof value === "string") return shownText(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value === undefined) return "nothing";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** A text in quotes, and only so much of it. */
export function shownText(text: string): string {
  const more = text.length - MAX_SHOWN_CHARACTERS;
  const shown = JSON.stringify(text.slice(0, MAX_SHOWN_CHARACTERS));
  return more > 0 ? `${shown} and ${more} more characters` : shown;
}
