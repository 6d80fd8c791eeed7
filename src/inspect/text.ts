/** Text of others and times of any size, as they can be shown. */

/** Control characters, and marks that turn the direction of writing, are shown and not obeyed. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A time in unix seconds as a date; lifetimes may lie beyond any calendar. */
export function dateOf(seconds: number | bigint): string {
  const milliseconds = BigInt(seconds) * 1000n;
  if (milliseconds > 8_640_000_000_000_000n) return String(seconds);
  return new Date(Number(milliseconds)).toISOString().replace(".000", "");
}
