/** The directory on a machine of one's own: `npm run serve`, its end, its backup and its restore, as processes. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../../tools/lib/ports.ts";
import { descendants } from "../../../tools/lib/process-tree.ts";
import { newSigner, type SampleSigner, sampleKeyPackages } from "../../../tools/lib/sample-packages.ts";
import { keptIssuer } from "../../../tools/lib/tokens.ts";
import { call, claimer, owner } from "../support/publisher-and-claimer.ts";
import { untilEnded } from "../support/started-directory.ts";

type Issuer = Awaited<ReturnType<typeof keptIssuer>>;

let folder: string;
let issuer: Issuer;
let signer: SampleSigner;
let child: ChildProcess | undefined;
let printed = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kpd-self-hosted-"));
  issuer = await keptIssuer(join(folder, "token-key.json"));
  signer = await newSigner();
});

afterEach(async () => {
  if (child && child.exitCode === null) await stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `npm run serve` runs, with these settings and no others. Resolves when it says that it serves. */
async function serve(state: string, settings: Readonly<Record<string, string>> = {}, cwd = process.cwd()) {
  const port = await freePort();
  printed = "";
  const started = spawn("node", ["tools/serve.ts"], {
    cwd,
    env: { ...process.env, ...issuer.settings, ...settings, PORT: String(port), STATE_DIR: join(folder, state) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child = started;
  await new Promise<void>((resolve, reject) => {
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        if (printed.includes("MLS Key Directory on")) resolve();
      });
    }
    started.once("close", (code) => reject(new Error(`it ended with ${code}:\n${printed}`)));
  });
  const address = `http://127.0.0.1:${port}`;
  return { address, port, token: issuer.token } as Parameters<typeof owner>[0];
}

/** As a service manager does. Returns how it ended, when nothing of it is left. */
async function stop(): Promise<number | null> {
  if (!child) return null;
  const tree = descendants(child.pid);
  child.kill("SIGTERM");
  await once(child, "exit");
  await untilEnded(tree);
  return child.exitCode;
}

const run = (script: string, ...args: readonly string[]) =>
  spawnSync("node", [`tools/${script}.ts`, ...args], { encoding: "utf8" });

describe("a directory of one's own", () => {
  it("stops in order, and has everything when it is started again", async () => {
    const first = await serve("kept");
    const alice = await owner(first, "alice", signer);
    await alice.publish(await sampleKeyPackages({ identity: "alice", signer, count: 5 }));
    const claimed = await (await claimer(first, "alice"))("key-1");
    expect(claimed.status).toBe("claimed");
    expect(await stop()).toBe(0);
    const second = await serve("kept");
    expect((await (await claimer(second, "alice"))("key-1")).key_package).toBe(claimed.key_package);
    expect((await (await owner(second, "alice", signer)).inventory())[0]?.available).toBe(4);
    // Each request is a line of the log, without names.
    expect(printed).toContain('"event":"request"');
    expect(printed).not.toContain("alice");
  });

  it("answers what is under way before it stops", async () => {
    const { port } = await serve("drained");
    const body = JSON.stringify({ ciphersuites: [1] });
    const token = await issuer.token("bob", "laptop", "key-packages:claim");
    const socket = connect(port, "127.0.0.1");
    const head = [
      "POST /v1/users/nobody/claims HTTP/1.1",
      "Host: directory.test",
      `Authorization: Bearer ${token}`,
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
      "",
      "",
    ].join("\r\n");
    let answer = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
    });
    socket.write(head + body.slice(0, 5));
    // A connection without a request is closed when the end begins.
    const idle = connect(port, "127.0.0.1");
    idle.write("GET /healthz HTTP/1.1\r\nHost: directory.test\r\n\r\n");
    await once(idle, "data");
    idle.resume();
    const ends = once(idle, "end");
    const stopped = stop();
    await ends;
    socket.write(body.slice(5));
    await once(socket, "close");
    expect(answer).toMatch(/^HTTP\/1.1 404 /);
    expect(answer).toContain("unknown_user");
    expect(await stopped).toBe(0);
  });

  it("does not start without an issuer, with a wrong setting, or where another is running, and says why", async () => {
    await expect(serve("closed", { AUTH_JWKS: "" })).rejects.toThrow("neither AUTH_JWKS_URL nor AUTH_JWKS is set");
    await expect(serve("closed", { STOCK_CAP: "many" })).rejects.toThrow("setting STOCK_CAP must be a whole number");
    await serve("closed");
    const second = run("restore", "--from", join(folder, "none"), "--state", join(folder, "closed"));
    expect([second.status, second.stderr]).toEqual([1, expect.stringContaining("is not a whole backup")]);
  });
});

describe("the container", () => {
  it("has all that the directory needs: it serves from a folder with nothing but what the image copies", async () => {
    const image = join(folder, "image");
    const copied = readFileSync("Dockerfile", "utf8").matchAll(/^COPY (.+) \S+$/gm);
    for (const name of [...copied].flatMap(([, names = ""]) => names.split(" "))) {
      cpSync(name, join(image, name), { recursive: true });
    }
    // In place of npm ci.
    symlinkSync(resolve("node_modules"), join(image, "node_modules"));
    // A setting that the plain Worker refuses: the image runs the full one.
    const { address } = await serve("contained", { CLAIM_CAPABILITIES: "on" }, image);
    const answers = await Promise.all(["/readyz", "/docs", "/"].map((path) => fetch(address + path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe("backup and restore", () => {
  it("are made while it runs; what the copy has in stock is void, and what was registered is there", async () => {
    const server = await serve("original");
    const carol = await owner(server, "carol", signer);
    const packages = await sampleKeyPackages({ identity: "carol", signer, count: 3 });
    await carol.publish(packages);
    const backup = join(folder, "backup");
    const made = run("backup", "--to", backup, "--state", join(folder, "original"));
    expect([made.status, made.stderr]).toEqual([0, ""]);
    // After the copy: a restore must not hand this one out again.
    const taken = await (await claimer(server, "carol"))();
    expect(taken.status).toBe("claimed");
    const again = run("backup", "--to", backup, "--state", join(folder, "original"));
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("exists already")]);
    const over = run("restore", "--from", backup, "--state", join(folder, "original"));
    expect([over.status, over.stderr]).toEqual([1, expect.stringContaining("in use by a directory")]);
    await stop();
    const onto = run("restore", "--from", backup, "--state", join(folder, "original"));
    expect([onto.status, onto.stderr]).toEqual([1, expect.stringContaining("exists already")]);

    const restored = run("restore", "--from", backup, "--state", join(folder, "restored"));
    expect([restored.status, restored.stderr]).toEqual([0, ""]);
    const other = await serve("restored");
    expect((await (await claimer(other, "carol"))()).status).toBe("exhausted");
    const token = await issuer.token("carol", "phone", "key-packages:publish");
    const read = await call<{ client: string }>(other, "GET", "/v1/users/carol/clients/phone", token);
    expect(read.status).toBe(200);
    const refused = await (await owner(other, "carol", signer)).publish(packages);
    expect(new Set(refused.body.results.map(({ code }) => code))).toEqual(new Set(["already_removed"]));
    // A second start does not forget it.
    await stop();
    const later = await serve("restored");
    expect((await (await claimer(later, "carol"))()).status).toBe("exhausted");
  });

  it("refuse what is no directory, and leave nothing of what failed", () => {
    const to = join(folder, "never");
    const made = run("backup", "--to", to, "--state", join(folder, "nowhere"));
    expect([made.status, made.stderr]).toEqual([1, expect.stringContaining("holds no directory")]);
    expect(existsSync(to) || existsSync(`${to}.part`)).toBe(false);
    expect(run("backup").status).toBe(2);
    expect(run("restore").status).toBe(2);
  });
});
