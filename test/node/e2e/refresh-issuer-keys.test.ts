/** An issuer that is asked over HTTP by a directory in workerd, where each request has its own I/O. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, expect, it } from "vitest";
import { JWKS_FETCH_SPACING_MS } from "../../../src/config/limits.ts";
import { type LocalWorker, startWorker } from "../../../tools/lib/local-worker.ts";
import { bundle, readDeployment } from "../../../tools/lib/worker-deployment.ts";

const script = bundle("src/worker.ts");
const AUDIENCE = "directory";
const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
const published = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "published" }] });

let folder: string;
let keyServer: Server;
let issuer: string;
let worker: LocalWorker;
/** Requests for the keys; the test answers them. */
let asked: ServerResponse[];

beforeEach(async () => {
  asked = [];
  keyServer = createServer((_request, response) => {
    asked.push(response);
    keyServer.emit("asked");
  });
  keyServer.listen(0, "127.0.0.1");
  await once(keyServer, "listening");
  issuer = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}`;
  folder = mkdtempSync(join(tmpdir(), "kpd-issuer-"));
  worker = await startWorker({
    deployment: readDeployment(),
    script,
    variables: { AUTH_ISSUER: issuer, AUTH_AUDIENCE: AUDIENCE, AUTH_JWKS_URL: `${issuer}/keys` },
    state: join(folder, "storage"),
  });
});

afterEach(async () => {
  await worker.stop();
  keyServer.closeAllConnections();
  keyServer.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(kid: string, signal?: AbortSignal): Promise<number> {
  const jwt = await new SignJWT({ sub: "alice", device_id: "phone", scope: "key-packages:claim" })
    .setProtectedHeader({ alg: "ES256", kid })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setExpirationTime("1h")
    .sign(privateKey);
  const headers = { Authorization: `Bearer ${jwt}` };
  const response = await fetch(`${worker.address}/v1/users/nobody/clients`, { headers, ...(signal ? { signal } : {}) });
  await response.arrayBuffer();
  return response.status;
}

const answerAll = (status: number) => {
  for (const response of asked) {
    if (!response.writableEnded) response.writeHead(status, { "Content-Type": "application/json" }).end(published);
  }
};

/** What the budget allows in the time that has passed, on whatever machine. */
const allowedSince = (startMs: number) => 1 + Math.floor((performance.now() - startMs) / JWKS_FETCH_SPACING_MS);

it("is asked once by 200 forged and 20 true tokens at the same time, and all of them get their answer", async () => {
  const startMs = performance.now();
  keyServer.on("asked", () => setImmediate(() => answerAll(200)));
  const kids = Array.from({ length: 220 }, (_, index) => (index % 11 === 0 ? "published" : `forged-${index}`));
  const statuses = await Promise.all(kids.map((kid) => ask(kid)));
  expect(statuses).toEqual(kids.map((kid) => (kid === "published" ? 404 : 401)));
  for (let index = 0; index < 50; index++) expect(await ask(`later-${index}`)).toBe(401);
  expect(asked.length).toBeLessThanOrEqual(allowedSince(startMs));
});

it("is asked once while it fails", async () => {
  const startMs = performance.now();
  keyServer.on("asked", () => answerAll(500));
  const statuses = await Promise.all(Array.from({ length: 100 }, () => ask("published")));
  for (let index = 0; index < 50; index++) statuses.push(await ask(`forged-${index}`));
  expect(new Set(statuses)).toEqual(new Set([503]));
  expect(asked.length).toBeLessThanOrEqual(allowedSince(startMs));
});

it("serves whoever waits although the request that asked it has gone away", async () => {
  const leaving = new AbortController();
  const left = ask("published", leaving.signal).catch(() => "left");
  if (asked.length === 0) await once(keyServer, "asked");
  leaving.abort();
  expect(await left).toBe("left");
  const waiting = Promise.all([ask("published"), ask("published")]);
  answerAll(200);
  expect(await waiting).toEqual([404, 404]);
});
