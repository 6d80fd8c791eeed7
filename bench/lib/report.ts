/** What a run found: rows with their spread, the JSON of them, and the table. */
import { cpus, totalmem } from "node:os";
import type { Spread } from "./rounds.ts";

export type Row = {
  readonly name: string;
  readonly unit: string;
  /** Whether more of the unit is better: claims a second, but not milliseconds. */
  readonly moreIsBetter: boolean;
  readonly ours: Spread;
  readonly against: string;
  readonly other: Spread;
  readonly rounds: number;
};

/** One object of the JSON file; `ratio` > 1: ours is better. */
type Measurement = {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly against: string;
  readonly other: number;
  readonly ratio: number;
  readonly rounds: number;
};

/** What one measure returns: rows, and what was left out and why. */
export type Outcome = { readonly rows: readonly Row[]; readonly notes: readonly string[] };

/** A figure that does not vary, such as a size. */
export const exactly = (value: number): Spread => ({ median: value, least: value, greatest: value });

/** Ours against each of several others. */
export function rowsAgainst(
  base: Pick<Row, "name" | "unit" | "moreIsBetter" | "ours" | "rounds">,
  others: Readonly<Record<string, Spread>>,
): Row[] {
  return Object.entries(others).map(([against, other]) => ({ ...base, against, other }));
}

export function measurement(row: Row): Measurement {
  return {
    name: row.name,
    unit: row.unit,
    ours: rounded(row.ours.median),
    against: row.against,
    other: rounded(row.other.median),
    ratio: rounded(ratio(row)),
    rounds: row.rounds,
  };
}

/** A Markdown table: medians with the least and greatest of the rounds. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(
    (row) =>
      `| ${row.name} | ${row.unit} | ${described(row.ours)} | ${row.against} | ${described(row.other)} | ` +
      `**${figure(ratio(row))}** |`,
  );
  return ["| measure | unit | ours | against | other | ratio |", "|---|---|---|---|---|---|", ...lines].join("\n");
}

/** The machine and the versions that the figures hold for. */
export function surroundings(versions: Readonly<Record<string, string>>): string {
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const parts = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${machine}; ${process.platform}; ${parts.join(", ")}`;
}

const ratio = (row: Row): number =>
  row.moreIsBetter ? row.ours.median / row.other.median : row.other.median / row.ours.median;

const described = ({ median, least, greatest }: Spread): string =>
  least === greatest ? figure(median) : `${figure(median)} (${figure(least)}–${figure(greatest)})`;

const figure = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

const rounded = (value: number): number => Number(value.toPrecision(5));
