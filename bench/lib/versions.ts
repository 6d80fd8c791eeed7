/** Versions of what a run compares. */
import { readFile } from "node:fs/promises";

const PACKAGES = ["workerd", "@noble/curves", "ts-mls", "hono", "pg"] as const;

export async function versions(): Promise<Record<string, string>> {
  const found: Record<string, string> = { node: process.versions.node };
  for (const name of PACKAGES) {
    const manifest = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8")) as { version: string };
    found[name] = manifest.version;
  }
  return found;
}
