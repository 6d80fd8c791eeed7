/** What xxd, hexdump -C and od -tx1 print: on each line an offset, some bytes in hex, and often the same bytes as text. */

const ROW = /^([0-9a-fA-F]{4,16})(:?)(?:\s+(.*))?$/;
/** The text stands between bars, or after two spaces and a colon before, or further away. */
const TEXT_AFTER = { ":": /\s{2}/, "": /\||\s{3}/ } as const;
/** od counts in octal. */
const RADICES = [16, 8];

/**
 * The hex of it without the rest; undefined if the lines are no dump. They are one only if every offset is the number of
 * bytes before it: no message begins with the offset 0, as its version is 1.
 */
export function hexOfDump(lines: readonly string[]): string | undefined {
  let hex = "";
  for (const line of lines) {
    const [, offset = "", colon, rest = ""] = ROW.exec(line) ?? [];
    if (!RADICES.some((radix) => Number.parseInt(offset, radix) === hex.length / 2)) return undefined;
    const [bytes = ""] = rest.split(TEXT_AFTER[colon === ":" ? ":" : ""]);
    hex += bytes.replaceAll(/\s/g, "");
  }
  return hex === "" ? undefined : hex;
}
