/** How things look: tables, colours, and text of others that must not act on a terminal. */
import type { CommandIo } from "./command.ts";

const COLOURS = { good: "32", bad: "31", note: "33", faint: "2", strong: "1" } as const;

/** The text in a colour, where colours are wanted. */
export function paint(io: Pick<CommandIo, "colour">, colour: keyof typeof COLOURS, text: string): string {
  return io.colour ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}

/** Text of others: control characters, and marks that turn the direction of writing, are shown and not obeyed. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Columns in line; numbers to the right. */
export function table(
  io: Pick<CommandIo, "colour">,
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = rows.map((row) => row.map((cell) => printable(String(cell))));
  const widths = heads.map((head, column) => Math.max(head.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const isNumeric = heads.map(
    (_, column) =>
      rows.some((row) => typeof row[column] === "number") &&
      rows.every((row) => typeof row[column] === "number" || row[column] === "-"),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [paint(io, "strong", line(heads)), ...cells.map(line)].map((text) => `${text}\n`).join("");
}

/** A time in unix seconds as a date; lifetimes may lie beyond any calendar. */
export function dateOf(seconds: number | bigint): string {
  const milliseconds = BigInt(seconds) * 1000n;
  if (milliseconds > 8_640_000_000_000_000n) return String(seconds);
  return new Date(Number(milliseconds)).toISOString().replace(".000", "");
}
