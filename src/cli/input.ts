/** Packages as lines of text: hex or base64url, one each. */
import { readFileSync } from "node:fs";
import { UsageError } from "./usage.ts";

const STANDARD_INPUT = "-";

/** The non-empty lines of all files in order; no file, or `-`, is standard input. */
export function readLines(files: readonly string[]): string[] {
  return (files.length > 0 ? files : [STANDARD_INPUT]).flatMap((file) =>
    readText(file)
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== ""),
  );
}

/**
 * The bytes that a line stands for, or undefined. A KeyPackage begins with 0x0001, so hex begins with "0001" and
 * base64url with "AAE": text that is both by its alphabet is told apart by that.
 */
export function decodeLine(line: string): Uint8Array | undefined {
  if (/^(?:[0-9a-fA-F]{2})+$/.test(line) && !line.startsWith("AAE")) return Buffer.from(line, "hex");
  const text = line.replace(/={1,2}$/, "");
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

function readText(file: string): string {
  try {
    return readFileSync(file === STANDARD_INPUT ? 0 : file, "utf8");
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
