/** What the rules of biome.json say of sources that this project does not have: one process over a folder of them. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const BIOME = join(ROOT, "node_modules/@biomejs/biome/bin/biome");

type Report = { diagnostics: readonly { category: string; location: { path: string; start?: { line: number } } }[] };

/** The places, as `path:line`, of which `rule` says something. Files are pairs of a path and a text. */
export function lint(files: readonly (readonly [string, string])[], rule: string): ReadonlySet<string> {
  const folder = mkdtempSync(join(tmpdir(), "lint-"));
  const at = (path: string): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    return join(folder, path);
  };
  try {
    const config = readFileSync(join(ROOT, "biome.json"), "utf8");
    writeFileSync(at("biome.json"), config);
    const { plugins } = JSON.parse(config) as { plugins: readonly { path: string }[] };
    for (const { path } of plugins) copyFileSync(join(ROOT, path), at(path));
    for (const [path, text] of files) writeFileSync(at(path), text);
    const args = ["lint", "--vcs-enabled=false", "--max-diagnostics=none", "--reporter=json", "."];
    const { stdout, stderr } = spawnSync(process.execPath, [BIOME, ...args], {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    if (!stdout.startsWith("{")) throw new Error(`Biome has reported nothing: ${stderr}`);
    const { diagnostics } = JSON.parse(stdout) as Report;
    const found = diagnostics.filter(({ category }) => category === rule);
    return new Set(found.map(({ location }) => `${location.path}:${location.start?.line}`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
