#!/usr/bin/env node
/** The command `kpd`: the process around `run`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EXIT_USAGE } from "./command.ts";
import { nodeProblem } from "./node-version.ts";
import { processIo } from "./process-io.ts";
import { run } from "./run.ts";

const io = processIo();
const problem = nodeProblem(process.versions.node);
if (problem === undefined) {
  process.exitCode = await run(process.argv.slice(2), io, packageVersion());
} else {
  io.err(`${problem}\n`);
  process.exitCode = EXIT_USAGE;
}

function packageVersion(): string {
  // By the package's own name: this file is elsewhere in the package that is installed.
  const text = readFileSync(fileURLToPath(import.meta.resolve("mls-key-directory/package.json")), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
