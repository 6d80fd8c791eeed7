import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { descendants } from "../../../tools/lib/process-tree.ts";
import { newSigner, type SampleSigner, sampleKeyPackages } from "../../../tools/lib/sample-packages.ts";
import { call, claimer, owner } from "../support/publisher-and-claimer.ts";
import { freePort, type Server, startServer, until, untilEnded } from "../support/started-directory.ts";

let state: string;
let server: Server;
let signer: SampleSigner;
let hundred: string[];

const fresh = (identity: string, count: number, lastResort = false) =>
  sampleKeyPackages({ identity, signer, count, lastResort });

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), "kpd-e2e-"));
  signer = await newSigner();
  hundred = await fresh("carol", 100);
  server = await startServer(state);
});

afterAll(async () => {
  await server?.kill();
  rmSync(state, { recursive: true, force: true });
});

describe("a started directory", () => {
  it("prints an address, tokens, and three curl lines that work when they are pasted", async () => {
    const lines = server
      .printed()
      .split("\n")
      .filter((line) => line.startsWith("curl "));
    expect(lines).toHaveLength(3);
    const outputs: string[] = [];
    for (const line of lines) {
      const shell = spawn("bash", ["-c", line], { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      shell.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
      await once(shell, "close");
      outputs.push(output);
    }
    const [published, inventory, claimed] = outputs.map((output) => JSON.parse(output));
    expect(published.results.map((result: { code: string }) => result.code)).toEqual(Array(10).fill("stored"));
    expect(inventory.inventory).toContainEqual(
      expect.objectContaining({ ciphersuite: 1, available: 9, last_resort: expect.objectContaining({ uses: 0 }) }),
    );
    expect(claimed).toMatchObject({ user: "alice", status: "ok", clients: [{ client: "phone", status: "claimed" }] });
  });

  it("gives 150 claims at once 100 different packages and then the last resort 50 times", async () => {
    const carol = await owner(server, "carol", signer);
    const published = await carol.publish(hundred);
    expect(published.body.results.every((result) => result.code === "stored")).toBe(true);
    await carol.publish(await fresh("carol", 1, true));
    const claim = await claimer(server, "carol");
    const claims = await Promise.all(Array.from({ length: 150 }, () => claim()));
    const oneTime = claims.filter((entry) => entry.status === "claimed");
    expect(oneTime).toHaveLength(100);
    expect(new Set(oneTime.map((entry) => entry.key_package_ref)).size).toBe(100);
    expect(claims.filter((entry) => entry.status === "last_resort")).toHaveLength(50);
  });

  it("answers exhausted when there is no last resort", async () => {
    const dave = await owner(server, "dave", signer);
    await dave.publish(await fresh("dave", 100));
    const claim = await claimer(server, "dave");
    const claims = await Promise.all(Array.from({ length: 150 }, () => claim()));
    const refs = claims.flatMap((entry) => (entry.status === "claimed" ? [entry.key_package_ref] : []));
    expect(refs).toHaveLength(100);
    expect(new Set(refs).size).toBe(100);
    expect(claims.filter((entry) => entry.status === "exhausted")).toHaveLength(50);
  });

  it("stores 93 of 100 packages of which 7 in the middle are bad, and names the 7", async () => {
    const erin = await owner(server, "erin", signer);
    const batch = await fresh("erin", 100);
    const bad = [40, 41, 42, 43, 44, 45, 46];
    for (const index of bad) batch[index] = breakSignature(batch[index] ?? "");
    batch[43] = "AAEAAQ";
    const { body } = await erin.publish(batch);
    expect(body.results.map((result) => result.index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(body.results.flatMap((result) => (result.ok ? [] : [[result.index, result.code]]))).toEqual(
      bad.map((index) => [index, index === 43 ? "malformed" : "invalid_signature"]),
    );
    expect(body.inventory).toContainEqual(expect.objectContaining({ ciphersuite: 1, available: 93 }));
  });

  it("keeps what it acknowledged and hands out nothing twice when it is killed and started again", async () => {
    const frank = await owner(server, "frank", signer);
    await frank.publish(await fresh("frank", 20));
    const claim = await claimer(server, "frank");
    const before = await Promise.all(Array.from({ length: 7 }, (_, index) => claim(`key-${index}`)));
    await server.kill();
    server = await startServer(state);
    const again = await claimer(server, "frank");
    expect((await again("key-3")).key_package).toBe(before[3]?.key_package);
    const after = await Promise.all(Array.from({ length: 14 }, () => again()));
    const refs = [...before, ...after].flatMap((entry) => (entry.status === "claimed" ? [entry.key_package_ref] : []));
    expect(refs).toHaveLength(20);
    expect(new Set(refs).size).toBe(20);
    expect(after.filter((entry) => entry.status === "exhausted")).toHaveLength(1);
  });

  it("registers a client with what the command for it prints, again with the same key", async () => {
    const token = await server.token("grace", "tablet", "key-packages:publish");
    const keyFile = join(state, "tablet.json");
    const args = ["--user", "grace", "--client", "tablet", "--key-file", keyFile];
    const statuses = [];
    for (let run = 0; run < 2; run++) {
      const printed = spawnSync("npm", ["run", "-s", "registration", "--", ...args], { encoding: "utf8" });
      const body: unknown = JSON.parse(printed.stdout);
      statuses.push((await call(server, "PUT", "/v1/users/grace/clients/tablet", token, body)).status);
    }
    expect(statuses).toEqual([201, 200]);
  });

  it("says plainly that a port is in use", async () => {
    const second = spawn("node", ["tools/start.ts"], {
      env: { ...process.env, PORT: String(server.port), STATE_DIR: join(state, "second") },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let message = "";
    second.stderr.setEncoding("utf8").on("data", (text: string) => {
      message += text;
    });
    const [code] = await once(second, "close");
    expect(code).toBe(1);
    expect(message).toContain(`Port ${server.port} is in use`);
  });

  it("ends everything it started when it is stopped before it is ready", async () => {
    const early = spawn("node", ["tools/start.ts"], {
      env: { ...process.env, PORT: String(await freePort()), STATE_DIR: join(state, "early") },
      stdio: "ignore",
    });
    await until(() => early.exitCode !== null || descendants(early.pid).length > 1);
    const tree = descendants(early.pid);
    expect(tree.length).toBeGreaterThan(1);
    const ended = once(early, "exit");
    early.kill("SIGTERM");
    await ended;
    await untilEnded(tree);
  });

  it("ends everything it started on Ctrl-C", async () => {
    const tree = descendants(server.process.pid);
    expect(tree.length).toBeGreaterThan(2);
    await server.stop();
    await untilEnded(tree);
  });
});

/** Changes the last byte of the package's own signature. */
function breakSignature(message: string): string {
  const bytes = Buffer.from(message, "base64url");
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
  return bytes.toString("base64url");
}
