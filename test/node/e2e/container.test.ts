/**
 * The image, by the commands of docs/self-hosted.md: built, run, stopped, backed up and restored. CONTAINER names the
 * container runtime, `docker` or one that takes its commands; without it nothing is run. CONTAINER_NETWORK=host is for a
 * runtime that has no network of its own.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pause } from "../../../src/shared/pause.ts";
import { smoke } from "../../../tools/lib/deploy/smoke-test.ts";
import { freePort } from "../../../tools/lib/ports.ts";
import { commandsOf } from "../../../tools/lib/rehearse/runbook-page.ts";
import { newSigner, sampleKeyPackages } from "../../../tools/lib/sample-packages.ts";
import { keptIssuer } from "../../../tools/lib/tokens.ts";
import { claimer, owner } from "../support/publisher-and-claimer.ts";

const { CONTAINER, CONTAINER_NETWORK } = process.env;
/** Building the image downloads its packages. */
const TIMEOUT_MS = 25 * 60_000;
const START_ATTEMPTS = 120;
const START_PAUSE_MS = 1_000;

/** In place of the page's, for the container, the image and the volumes. */
const NAME = `key-directory-test-${crypto.randomUUID().slice(0, 8)}`;
const VOLUMES = [NAME, `${NAME}-backup`, `${NAME}-restored`];

const page = commandsOf(readFileSync("docs/self-hosted.md", "utf8"));

describe.skipIf(!CONTAINER)("the image", () => {
  let folder: string;
  let issuer: Awaited<ReturnType<typeof keptIssuer>>;
  let server: Parameters<typeof owner>[0];
  let port: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "kpd-container-"));
    issuer = await keptIssuer(join(folder, "token-key.json"));
    port = await freePort();
    server = { address: `http://127.0.0.1:${port}`, token: issuer.token } as typeof server;
    // A setting that the plain Worker refuses.
    const settings = { ...issuer.settings, CLAIM_CAPABILITIES: "on" };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(folder, "settings.env"), lines.join(""));
  });

  afterAll(() => {
    run(`docker rm -f ${NAME}; docker volume rm -f ${VOLUMES.join(" ")}; docker rmi -f ${NAME}`);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Commands, with names, port and network of this test. */
  function run(commands: string) {
    const isOnHost = CONTAINER_NETWORK === "host";
    const text = commands
      .replaceAll(/\bkey-directory\b(?!-test)/g, NAME)
      .replace("settings.env", join(folder, "settings.env"))
      .replace("-p 127.0.0.1:8787:8787", isOnHost ? `--network host -e PORT=${port}` : `-p 127.0.0.1:${port}:8787`)
      .replace("docker build", isOnHost ? "docker build --network host" : "docker build")
      .replaceAll(/\bdocker /g, `${CONTAINER} `);
    return spawnSync("bash", ["-ec", text], { encoding: "utf8" });
  }

  /** Runs them, and throws with what was printed if one fails. */
  function mustRun(commands: string | undefined): string {
    const { status, stdout, stderr } = run(commands ?? "");
    if (commands === undefined || status !== 0) throw new Error(`${commands}: ${status}\n${stdout}${stderr}`);
    return stdout.trim();
  }

  async function untilReady(): Promise<void> {
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
      const isReady = await fetch(`${server.address}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReady) return;
      await pause(START_PAUSE_MS);
    }
    throw new Error(`it does not serve:\n${run("docker logs key-directory").stderr}`);
  }

  const exitCode = () => mustRun("docker inspect --format '{{.State.ExitCode}}' key-directory");

  it(
    "serves, stops in order, and comes back from a backup without handing out what that had in stock",
    async () => {
      mustRun(page.get("container-build"));
      mustRun(page.get("container-start"));
      await untilReady();
      const claimToken = await issuer.token("bob", "laptop", "key-packages:claim");
      const checks = await smoke({ url: server.address, claimToken, stranger: "nobody" }, { fetch, pause });
      expect(checks.filter(({ fault }) => fault !== undefined)).toEqual([]);
      const signer = await newSigner();
      const alice = await owner(server, "alice", signer);
      await alice.publish(await sampleKeyPackages({ identity: "alice", signer, count: 3 }));
      const claimed = await (await claimer(server, "alice"))("key-1");
      expect(claimed.status).toBe("claimed");
      mustRun(page.get("container-backup"));

      // What was answered outlives a stop, which is one in order, and a kill.
      mustRun("docker stop key-directory");
      expect(exitCode()).toBe("0");
      mustRun("docker start key-directory");
      await untilReady();
      mustRun("docker kill --signal KILL key-directory; docker wait key-directory; docker start key-directory");
      await untilReady();
      expect((await (await claimer(server, "alice"))("key-1")).key_package).toBe(claimed.key_package);

      mustRun(page.get("container-restore"));
      expect(exitCode()).toBe("0");
      mustRun("docker rm key-directory");
      mustRun(page.get("container-start")?.replace("-v key-directory:/data", "-v key-directory-restored:/data"));
      await untilReady();
      expect((await (await claimer(server, "alice"))("key-2")).status).toBe("exhausted");
      expect((await (await owner(server, "alice", signer)).inventory())[0]?.available).toBe(0);
    },
    2 * TIMEOUT_MS,
  );
});
