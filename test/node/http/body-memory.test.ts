/** The worst bodies within the limit, many in a row, in a process with less memory than an isolate has. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

/** An isolate has 128 MB for everything; what reads the bodies and what they are made of takes the rest here. */
const HEAP_MIB = 64;

it("are refused one after the other, and none of them takes the memory of the next", () => {
  const script = join(import.meta.dirname, "../support/worst-bodies.ts");
  const run = spawnSync(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, "--expose-gc", script], {
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
  const lines = run.stdout.trim().split("\n");
  expect(lines.length).toBeGreaterThan(20);
  for (const line of lines) {
    const { name, code, heapMiB } = JSON.parse(line) as { name: string; code: string; heapMiB: number };
    expect(code, name).toMatch(/^(too_many_\w+|invalid_json|invalid_request|invalid_base64)$/);
    expect(heapMiB, name).toBeLessThan(16);
  }
});
