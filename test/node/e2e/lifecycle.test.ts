import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort, isPortBusy } from "../../../tools/lib/ports.ts";
import { descendants, killNow, readProc } from "../../../tools/lib/process-tree.ts";
import { type Server, startServer, untilEnded } from "../support/started-directory.ts";

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

/** What runs of the start, by what it is. */
function processes() {
  const tree = descendants(server.process.pid);
  const named = (part: string) => {
    const pid = tree.find((one) => readProc(`${one}/cmdline`)?.includes(part));
    if (pid === undefined) throw new Error(`${part} does not run`);
    return pid;
  };
  return { tree, start: named("tools/start.ts"), server: named("serve-worker.ts"), workerd: named("workerd\0serve") };
}

/** That nothing of it is left, and that another can take its place. */
async function expectClean(tree: readonly number[]): Promise<void> {
  await untilEnded(tree);
  expect(await isPortBusy(server.port)).toBe(false);
  server = await startServer(state);
  expect((await fetch(`${server.address}/healthz`)).status).toBe(200);
}

describe("a start of which something is killed", () => {
  it("leaves nothing behind when its own process is", async () => {
    const { tree, start } = processes();
    killNow(start);
    await expectClean(tree);
  });

  it("leaves nothing behind when npm is, which started it", async () => {
    await server.kill();
    server = await startServer(state, {}, ["npm", "start"]);
    const { tree } = processes();
    expect(tree[0]).not.toBe(processes().start);
    server.process.kill("SIGKILL");
    await expectClean(tree);
  });

  it("ends, and ends workerd, when the process between the two is", async () => {
    const { tree, server: between } = processes();
    const ended = once(server.process, "exit");
    killNow(between);
    expect(await ended).toEqual([1, null]);
    expect(server.printed()).toContain("the directory ended by itself");
    await expectClean(tree);
  });

  it("ends when workerd is, instead of answering nobody", async () => {
    const { tree, workerd } = processes();
    const ended = once(server.process, "exit");
    killNow(workerd);
    expect(await ended).toEqual([1, null]);
    expect(server.printed()).toContain("the directory ended by itself");
    await expectClean(tree);
  });

  it("leaves no workerd behind when every other process is, all at once", async () => {
    const { tree, start, server: between } = processes();
    process.kill(start, "SIGSTOP");
    killNow(between);
    killNow(start);
    await expectClean(tree);
  });
});

describe("temporary files", () => {
  const left = () => readdirSync(join(state, "storage", "tmp"));

  it("are gone after an end in order, and those of a killed start with the next", async () => {
    expect(left()).toHaveLength(1);
    const [before] = left();
    await server.kill();
    expect(left()).toEqual([before]);
    server = await startServer(state);
    expect(left()).toEqual([expect.not.stringContaining(before ?? "")]);
    await server.stop();
    expect(left()).toEqual([]);
  });
});

describe("a second start on the same folder", () => {
  it("says so, changes nothing, and lets the first go on", async () => {
    const before = contents(state);
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
    expect(message).toContain(`${state} is in use`);
    expect(message).toContain("STATE_DIR=");
    expect(contents(state)).toEqual(before);
    expect((await fetch(`${server.address}/healthz`)).status).toBe(200);
  });
});

/** The files beside the storage, which the first start goes on writing to, with their bytes and inodes. */
function contents(folder: string): unknown[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => [name, statSync(join(folder, name)).ino, readFileSync(join(folder, name)).toString("base64")]);
}
