#!/usr/bin/env node
/** The command `kpd`: the process around `run`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
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
  const text = readFileSync(join(import.meta.dirname, "../../package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
