/** The smoke test against directories on this machine: one that serves, and some of which a part is missing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { smoke, smokePassed } from "../../../tools/lib/deploy/smoke-test.ts";
import { type LocalWorker, startWorker } from "../../../tools/lib/local-worker.ts";
import { freePort } from "../../../tools/lib/ports.ts";
import { newIssuer } from "../../../tools/lib/tokens.ts";
import { bundle, readDeployment } from "../../../tools/lib/worker-deployment.ts";

const issuer = await newIssuer();
const folder = mkdtempSync(join(tmpdir(), "kpd-smoke-"));
const tokenFile = join(folder, "token");
let directory: LocalWorker;

beforeAll(async () => {
  directory = await startWorker({
    deployment: readDeployment(),
    script: bundle("src/worker.ts"),
    variables: { ...issuer.settings },
  });
  writeFileSync(tokenFile, await issuer.token("smoke", "test", "key-packages:claim"));
});

afterAll(async () => {
  await directory?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function command(...args: string[]) {
  const child = spawn("node", ["tools/smoke.ts", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const [code] = await once(child, "close");
  return { code, said };
}

it("passes a directory that serves, down to the pool of a user that does not exist", async () => {
  const { code, said } = await command("--url", `${directory.address}/`, "--claim-token-file", tokenFile);
  expect(said.trim().split("\n")).toEqual([
    "ok      it is ready",
    "ok      it is alive",
    "ok      its policy can be read",
    "ok      a claim without a token is refused",
    "ok      a claim with a token of nobody is refused",
    "ok      the operator's routes are closed",
    "ok      a claim reaches the pool of a user that does not exist",
  ]);
  expect(code).toBe(0);
});

it("fails a directory that does not accept the token it is given", async () => {
  const foreign = await (await newIssuer()).token("smoke", "test", "key-packages:claim");
  const checks = await smoke(
    { url: directory.address, claimToken: foreign, stranger: "nobody" },
    { fetch, pause: () => Promise.resolve() },
  );
  expect(checks.at(-1)?.fault).toMatch(/^expected 404 unknown_user, got 401/);
  expect(checks.filter(({ fault }) => fault !== undefined)).toHaveLength(1);
});

it("waits for one that is not ready, a dozen times, and then says which part is missing", async () => {
  const unready = await startWorker({ deployment: readDeployment(), script: bundle("src/worker.ts"), variables: {} });
  try {
    let pauses = 0;
    const checks = await smoke(
      { url: unready.address, stranger: "nobody" },
      {
        fetch,
        pause: () => {
          pauses += 1;
          return Promise.resolve();
        },
      },
    );
    expect(checks).toEqual([
      {
        name: "it is ready",
        fault:
          "expected 200, got 503 not_ready (expected every part to be ready, got: authentication: AUTH_ISSUER is not set)",
      },
    ]);
    expect([smokePassed(checks), pauses]).toEqual([false, 11]);
  } finally {
    await unready.stop();
  }
});

it("says that nothing answers, if so", async () => {
  const checks = await smoke(
    { url: `http://127.0.0.1:${await freePort()}`, stranger: "nobody" },
    { fetch, pause: () => Promise.resolve() },
  );
  expect(checks[0]?.fault).toContain("expected 200, got no answer");
});

/** A directory in which each answer is given by one of several versions, as `versionOf` says. */
function shared(versionOf: (nth: number, asked: string | null) => string | undefined) {
  const asked: (string | null)[] = [];
  const parts = {
    fetch: (url: string, init: RequestInit) => {
      asked.push(new Headers(init.headers).get("Cloudflare-Workers-Version-Overrides"));
      const version = versionOf(asked.length, asked.at(-1) ?? null);
      return Promise.resolve(Response.json(url.endsWith("/readyz") ? { status: "ready", version } : {}));
    },
    pause: () => Promise.resolve(),
  };
  return { asked, parts };
}

const NEW = { url: "https://directory.test", stranger: "nobody", version: { worker: "directory", id: "new" } };
const readiness = async (versionOf: (nth: number, asked: string | null) => string | undefined) =>
  (await smoke(NEW, shared(versionOf).parts))[0]?.fault;

it("asks the version of a gradual rollout, and no other", async () => {
  const { asked, parts } = shared((_, header) => (header === 'directory="new"' ? "new" : "old"));
  const [ready] = await smoke(NEW, parts);
  expect(ready).toEqual({ name: "it is ready", fault: undefined });
  expect([...new Set(asked)]).toEqual(['directory="new"']);
});

it("fails if another version answers in place of the one that is asked for", async () => {
  expect(await readiness(() => "old")).toBe("expected an answer of version new, got one of version old");
  expect(await readiness(() => undefined)).toBe("expected an answer of version new, got one that names none");
  // A header that nobody heeds: the new version answers half of the requests, as it would those of anyone.
  expect(await readiness((nth) => (nth % 2 === 1 ? "new" : "old"))).toContain("got one of version old");
});

it("waits until the version that is asked for is everywhere", async () => {
  expect(await readiness((nth) => (nth > 5 ? "new" : "old"))).toBeUndefined();
});

it("ends with its usage without an address", async () => {
  expect(await command("--url", "directory")).toEqual({
    code: 2,
    said: expect.stringContaining("usage: npm run smoke"),
  });
});
