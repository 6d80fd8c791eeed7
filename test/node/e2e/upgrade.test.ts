/**
 * Upgrade and rollback (docs/upgrades.md): the previous release's Worker, this one, and the previous one again, on one
 * state. PREVIOUS_WORKER names the previous one, a file that `npm run worker` made of it; without it this tree's stands in
 * for it, which shows nothing about another release.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalWorker, startWorker } from "../../../tools/lib/local-worker.ts";
import { NO_BUDGETS } from "../../../tools/lib/no-budgets.ts";
import { newSigner, type SampleSigner, sampleKeyPackages } from "../../../tools/lib/sample-packages.ts";
import { SERVED_ENTRY } from "../../../tools/lib/self-hosted/served-settings.ts";
import { keptIssuer } from "../../../tools/lib/tokens.ts";
import { bundle, readDeployment } from "../../../tools/lib/worker-deployment.ts";
import { call, claimer, owner } from "../support/publisher-and-claimer.ts";

const { PREVIOUS_WORKER } = process.env;

type Issuer = Awaited<ReturnType<typeof keptIssuer>>;
type Called = Parameters<typeof owner>[0];

let folder: string;
let issuer: Issuer;
let signer: SampleSigner;
let worker: LocalWorker | undefined;
const scripts = { previous: "", current: "" };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kpd-upgrade-"));
  issuer = await keptIssuer(join(folder, "token-key.json"));
  signer = await newSigner();
  scripts.current = bundle(SERVED_ENTRY);
  scripts.previous = PREVIOUS_WORKER ? readFileSync(PREVIOUS_WORKER, "utf8") : scripts.current;
});

afterAll(async () => {
  await worker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Ends what runs and starts this one on the same state. */
async function run(which: keyof typeof scripts): Promise<Called> {
  await worker?.stop();
  worker = await startWorker({
    deployment: readDeployment(),
    script: scripts[which],
    variables: { ...issuer.settings, ...NO_BUDGETS },
    state: join(folder, "storage"),
    showLogs: true,
  });
  return { address: worker.address, token: issuer.token } as Called;
}

/** What one Worker leaves for the next: users with a stock, one claim that can be repeated, and one user that is revoked. */
async function leave(server: Called, name: string) {
  const user = `${name}-user`;
  const one = await owner(server, user, signer);
  await one.publish(await sampleKeyPackages({ identity: user, signer, count: 5 }));
  await one.publish(await sampleKeyPackages({ identity: user, signer, count: 1, lastResort: true }));
  const claimed = await (await claimer(server, user))(`${name}-key`);
  expect(claimed.status).toBe("claimed");
  const gone = `${name}-gone`;
  await owner(server, gone, signer);
  const token = await issuer.token(gone, "phone", "key-packages:publish");
  expect((await remove(server, `/v1/users/${gone}/clients/phone`, token)).status).toBeLessThan(300);
  return { user, gone, key: `${name}-key`, package: claimed.key_package, taken: new Set([claimed.key_package_ref]) };
}

/** That is may answer without a body. */
const remove = (server: Called, path: string, token: string) =>
  fetch(server.address + path, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });

/** The other one's users are served as its own: nothing is lost, nothing is given twice, and D1 agrees. */
async function expectServed(server: Called, left: Awaited<ReturnType<typeof leave>>, count: number) {
  const again = await claimer(server, left.user);
  expect((await again(left.key)).key_package).toBe(left.package);
  const next = await again();
  expect(next.status).toBe("claimed");
  expect(left.taken).not.toContain(next.key_package_ref);
  left.taken.add(next.key_package_ref);
  const one = await owner(server, left.user, signer);
  const stock = (await one.inventory()).find(({ ciphersuite }) => ciphersuite === 1);
  expect(stock).toMatchObject({ available: count, last_resort: expect.anything() });
  const refill = await one.publish(await sampleKeyPackages({ identity: left.user, signer, count: 1 }));
  expect(refill.body.results.map(({ code }) => code)).toEqual(["stored"]);
  const asked = await issuer.token("bob", "laptop", "key-packages:claim");
  const peek = await call<{ clients: { client: string }[] }>(server, "GET", `/v1/users/${left.user}/clients`, asked);
  expect([peek.status, peek.body.clients.map(({ client }) => client)]).toEqual([200, ["phone"]]);
  const gone = await call<{ code: string }>(server, "POST", `/v1/users/${left.gone}/claims`, asked, {
    ciphersuites: [1],
  });
  expect(JSON.stringify(gone.body)).not.toContain("key_package_ref");
}

it(`serves what the previous release has stored, and is served by it (${PREVIOUS_WORKER ? "a release's Worker" : "this Worker in its place"})`, async () => {
  const before = await leave(await run("previous"), "before");

  const upgraded = await run("current");
  await expectServed(upgraded, before, 3);
  const after = await leave(upgraded, "after");

  const rolledBack = await run("previous");
  await expectServed(rolledBack, before, 3);
  await expectServed(rolledBack, after, 3);

  const forward = await run("current");
  await expectServed(forward, before, 3);
  await expectServed(forward, after, 3);
});
