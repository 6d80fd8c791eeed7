/** `npm run demo` as a user runs it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { descendants } from "../../../tools/lib/process-tree.ts";
import { until, untilEnded } from "../support/started-directory.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kpd-demo-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = () =>
  spawn("node", ["tools/demo.ts"], {
    // Node keeps compiled code in the temporary folder, too.
    env: { ...process.env, TMPDIR: folder, NODE_DISABLE_COMPILE_CACHE: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });

it("tells its story on a directory of its own, and leaves nothing", async () => {
  const demo = start();
  let out = "";
  demo.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  let address = "";
  await until(() => {
    address = /http:\/\/127\.0\.0\.1:\d+/.exec(out)?.[0] ?? "";
    return address !== "" || demo.exitCode !== null;
  });
  const tree = descendants(demo.pid);
  const [code] = demo.exitCode === null ? await once(demo, "close") : [demo.exitCode];
  expect(code).toBe(0);
  expect(out.match(/^\d\. /gm)).toHaveLength(8);
  expect(out).not.toContain("\u001b");
  await untilEnded(tree);
  await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  expect(readdirSync(folder)).toEqual([]);
});

it("ends all that it started, and leaves nothing, when it is stopped", async () => {
  const demo = start();
  await until(() => readdirSync(folder).length > 0 || demo.exitCode !== null);
  const tree = descendants(demo.pid);
  const ended = once(demo, "close");
  demo.kill("SIGTERM");
  expect(await ended).toEqual([130, null]);
  await untilEnded(tree);
  expect(readdirSync(folder)).toEqual([]);
});
