/** What xxd, hexdump -C and od -tx1 print: on each line an offset, some bytes in hex, and often the same bytes as text. */

const ROW = /^([0-9a-fA-F]{4,16})(:?)(?:\s+(.*))?$/;
/** The text stands between bars, or after two spaces and a colon before, or further away. */
const TEXT_AFTER = { ":": /\s{2}/, "": /\||\s{3}/ } as const;
/** Stands for rows that are as the one before it. */
const REPEATED = "*";

/** More than any message that is dumped, and little enough for every page: a line of a few characters may claim any size. */
const MOST_BYTES = 1024 * 1024;

type Row = { readonly offset: string; readonly digits: string } | typeof REPEATED;

/** The hex of it without the rest, or why it has not all of the bytes. */
export type Dump = { readonly hex: string } | { readonly problem: string };

/**
 * Undefined if the lines are no dump. They are one only if every offset is the number of bytes before it: no message
 * begins with the offset 0, as its version is 1.
 */
export function readDump(lines: readonly string[]): Dump | undefined {
  const [, first = ""] = ROW.exec(lines[0] ?? "") ?? [];
  if (!/^0+$/.test(first)) return undefined;
  const rows: Row[] = [];
  for (const line of lines) {
    const row = rowOf(line);
    if (row === undefined) return undefined;
    rows.push(row);
  }
  // od counts in octal, with seven digits. After a repetition both may be possible.
  const radices = first.length === 7 ? [8, 16] : [16, 8];
  const hex = hexIn(radices[0], rows) ?? hexIn(radices[1], rows);
  if (hex !== undefined) return hex === "" ? undefined : { hex };
  return rows.includes(REPEATED)
    ? { problem: `a dump that leaves rows out (${REPEATED}): make it with -v` }
    : undefined;
}

function rowOf(line: string): Row | undefined {
  if (line === REPEATED) return REPEATED;
  const [, offset, colon, rest = ""] = ROW.exec(line) ?? [];
  if (offset === undefined) return undefined;
  const [bytes = ""] = rest.split(TEXT_AFTER[colon === ":" ? ":" : ""]);
  return { offset, digits: bytes.replaceAll(/\s/g, "") };
}

/** All digits; undefined if the offsets are no such numbers, or rows that are left out cannot be told. */
function hexIn(radix: number | undefined, rows: readonly Row[]): string | undefined {
  let hex = "";
  let last = "";
  let isRepeated = false;
  for (const row of rows) {
    if (row === REPEATED) {
      isRepeated = true;
      continue;
    }
    const bytes = Number.parseInt(row.offset, radix);
    const missing = 2 * bytes - hex.length;
    if (isRepeated) {
      const times = missing / last.length;
      if (!(Number.isInteger(times) && times > 0 && bytes <= MOST_BYTES)) return undefined;
      hex += last.repeat(times);
      isRepeated = false;
    } else if (missing !== 0) return undefined;
    hex += row.digits;
    last = row.digits;
  }
  return isRepeated ? undefined : hex;
}
