import { printable } from "../../inspect/text.ts";

/**
 * Whether what was typed is the word that was to be typed. Blanks that nobody can count do not matter, and characters
 * that no keyboard has may be typed as they are shown.
 */
export function isTyped(typed: string, word: string): boolean {
  const wanted = plain(printable(word));
  return typed === word || (wanted !== "" && [typed, printable(typed)].map(plain).includes(wanted));
}

const plain = (text: string): string => text.normalize("NFC").replaceAll(/\s+/g, " ").trim();
