/** wrangler as it is installed here, with what it writes to its output file. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Entry, Ran } from "./rollout.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

/** `settings`: what the build of the pages reads from the environment. Runs it without asking anything: it has no terminal, so it takes its defaults and leaves wrangler.toml as it is. */
export async function runWrangler(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), "kpd-wrangler-"));
  const output = join(folder, "output.ndjson");
  try {
    const child = spawn(process.execPath, [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), ...args], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...settings, WRANGLER_SEND_METRICS: "false", WRANGLER_OUTPUT_FILE_PATH: output },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? 1, stdout, stderr, entries: existsSync(output) ? entriesOf(output) : [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const entriesOf = (file: string): Entry[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Entry);
