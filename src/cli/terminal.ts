/** How things look on a terminal: tables and colours. */
import { printable } from "../inspect/text.ts";
import type { CommandIo } from "./command.ts";

const COLOURS = { good: "32", bad: "31", note: "33", faint: "2", strong: "1" } as const;

/** The text in a colour, where colours are wanted. */
export function paint(io: Pick<CommandIo, "colour">, colour: keyof typeof COLOURS, text: string): string {
  return io.colour ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
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
