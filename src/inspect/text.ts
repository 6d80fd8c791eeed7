/** Text of others and times of any size, as they can be shown. */

/**
 * Control characters, marks that turn the direction of writing and whatever else nobody would see are shown and not
 * obeyed. So is a backslash before `u{`: what is shown alike is alike.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|\\(?=u\{)/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A time in unix seconds as a date; lifetimes may lie beyond any calendar. */
export function dateOf(seconds: number | bigint): string {
  const milliseconds = BigInt(seconds) * 1000n;
  if (milliseconds > 8_640_000_000_000_000n) return String(seconds);
  return new Date(Number(milliseconds)).toISOString().replace(".000", "");
}
