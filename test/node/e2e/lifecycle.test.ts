import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort, isPortBusy } from "../../../tools/lib/ports.ts";
import { descendants, killNow } from "../../../tools/lib/process-tree.ts";
import { isAlive, type Server, startServer } from "../support/server.ts";

let state: string;
let server: Server;

beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), "kpd-lifecycle-"));
  server = await startServer(state);
});

afterEach(async () => {
  await server.kill();
  rmSync(state, { recursive: true, force: true });
});

const END = { timeout: 10_000 };

describe("a start", () => {
  it("leaves nothing behind, and its port and folder free, when its own process alone is killed", async () => {
    const tree = descendants(server.process.pid);
    server.process.kill("SIGKILL");
    await expect.poll(() => tree.filter(isAlive), END).toEqual([]);
    expect(await isPortBusy(server.port)).toBe(false);
    server = await startServer(state);
    expect((await fetch(`${server.address}/healthz`)).status).toBe(200);
  });

  it("ends, and ends workerd, when the process between the two is killed", async () => {
    const [, between, ...below] = descendants(server.process.pid);
    expect(below.length).toBeGreaterThan(0);
    const ended = once(server.process, "exit");
    killNow(between ?? 0);
    expect(await ended).toEqual([1, null]);
    await expect.poll(() => below.filter(isAlive), END).toEqual([]);
    expect(server.printed()).toContain("the directory ended by itself");
  });

  it("says plainly that a state folder is in use, and lets the first go on", async () => {
    const second = spawn("node", ["tools/start.ts"], {
      env: { ...process.env, PORT: String(await freePort()), STATE_DIR: state },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let message = "";
    second.stderr.setEncoding("utf8").on("data", (text: string) => {
      message += text;
    });
    const [code] = await once(second, "close");
    expect(code).toBe(1);
    expect(message).toContain(`${join(state, "storage")} is in use`);
    expect((await fetch(`${server.address}/healthz`)).status).toBe(200);
  });
});
