/**
 * Publishers: each fills the stock of one client and thins it out. The destructive ones also replace all of it, remove
 * all of it, and now and then revoke; of the cooperative ones' packages it stays known what must be there in the end.
 */
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import type { Ciphersuite } from "../../src/mls/ciphersuite.ts";
import { localRegistration } from "../../tools/lib/registration-requests.ts";
import { type SampleSigner, sampleKeyPackages } from "../../tools/lib/sample-packages.ts";
import type { OfferedPackage } from "../history.ts";
import {
  call,
  type HandedCapability,
  isStopping,
  note,
  type Owner,
  orders,
  pause,
  pick,
  random,
  refOfPackage,
  spanOf,
} from "./caller-actor.ts";

/** They share a kind of signature key, so that one signer does for both. */
const SUITES: readonly Ciphersuite[] = [1, 3];
const LISTED_EXTENSION = 0xf001;
const LISTING_SHARE = 0.5;
const MESSAGE_HEADER_BYTES = 4;
const SAMPLE_LIFETIME_SECONDS = 30 * 24 * 3600;
const MAX_CAPABILITY_CLAIMS = 15;
const MAX_CAPABILITY_SECONDS = 40;
/** Some packages expire while the histories run. */
const SHORT_LIFE_SECONDS = 15;
const SHORT_LIFE_SHARE = 0.05;

type Made = OfferedPackage & { readonly message: string };

type Answer = { readonly results?: readonly { readonly code: string }[] };

async function own({ user, client, cooperative, sibling }: Owner): Promise<void> {
  const as = `${user}/${client}`;
  const path = `/v1/users/${user}/clients/${client}`;
  const signer = signerOf(as);
  const published: Made[] = [];
  const stored: Made[] = [];
  const capabilities: string[] = [];

  /** Packages of one suite and one set of capabilities. */
  const make = (count: number, suite = pick(SUITES)) =>
    makePackages({ user, signer, count, suite, short: !cooperative });
  const makeLastResort = (suite: Ciphersuite) => makePackages({ user, signer, count: 1, suite, lastResort: true });
  const makeLastResorts = async () => (await Promise.all(SUITES.map(makeLastResort))).flat();

  const register = async () => {
    const called = await call(as, "PUT", path, await localRegistration(user, client, signer), { repeat: true });
    note({ kind: "read", route: "register", ...spanOf(called) });
  };
  const publish = async (mode: "add" | "replace", packages: readonly Made[]) => {
    const body = { key_packages: packages.map(({ message }) => message) };
    const called = await call(as, mode === "add" ? "POST" : "PUT", `${path}/key-packages`, body, { repeat: true });
    const results = (called.reply?.body as Answer | undefined)?.results ?? [];
    note({
      kind: "publish",
      mode,
      user,
      client,
      packages: packages.map(({ message: _, ...offered }) => offered),
      codes: results.map(({ code }) => code),
      ...spanOf(called),
    });
    published.push(...packages);
    stored.push(...packages.filter((_, index) => results[index]?.code === "stored"));
  };
  /** Offers what was stored for this client as its sibling's: to take it in would be to have it twice. */
  const resend = async (to: string, packages: readonly Made[]) => {
    const body = { key_packages: packages.map(({ message }) => message) };
    const route = `/v1/users/${user}/clients/${to}/key-packages`;
    const called = await call(`${user}/${to}`, "POST", route, body, { repeat: true });
    const results = (called.reply?.body as Answer | undefined)?.results ?? [];
    note({
      kind: "resend",
      user,
      client: to,
      packages: packages.map(({ message: _, ...offered }) => offered),
      codes: results.map(({ code }) => code),
      ...spanOf(called),
    });
  };
  const remove = async (refs: readonly string[] | "all") => {
    const body = refs === "all" ? { all: true } : { refs };
    const called = await call(as, "DELETE", `${path}/key-packages`, body, { repeat: true });
    note({ kind: "remove", user, client, refs, ...spanOf(called) });
  };
  const read = async (route: string) => {
    const called = await call(as, "GET", `${path}/${route}`, undefined, { repeat: true });
    note({ kind: "read", route, ...spanOf(called) });
  };
  const revoke = async () => {
    const called = await call(as, "DELETE", path, undefined, { repeat: true });
    note({ kind: "revoke", user, client, ...spanOf(called) });
    await register();
    await publish("add", await makeLastResorts());
  };

  const makeCapability = async () => {
    const name = `door ${capabilities.length} of ${client}`;
    const secret = randomBytes(32);
    const maxClaims = 1 + Math.floor(random() * MAX_CAPABILITY_CLAIMS);
    const expiresAt = Math.floor(Date.now() / 1000) + 2 + Math.floor(random() * MAX_CAPABILITY_SECONDS);
    const body = {
      secret_sha256: createHash("sha256").update(secret).digest("base64url"),
      max_claims: maxClaims,
      expires_at: expiresAt,
    };
    const called = await call(as, "PUT", capabilityPath(name), body, { repeat: true });
    note({ kind: "make_capability", user, client, name, maxClaims, expiresAt, ...spanOf(called) });
    capabilities.push(name);
    const handed: HandedCapability = { user, name, secret: secret.toString("base64url") };
    appendFileSync(orders.capabilities, `${JSON.stringify(handed)}\n`);
  };
  const endCapability = async () => {
    const name = pick(capabilities.slice(-3));
    const called = await call(as, "DELETE", capabilityPath(name), undefined, { repeat: true });
    note({ kind: "end_capability", user, client, name, ...spanOf(called) });
  };
  const capabilityPath = (name: string) => `${path}/claim-capabilities/${encodeURIComponent(name)}`;

  await register();
  await makeCapability();
  await publish("add", [...(await make(8, 1)), ...(await make(8, 3)), ...(await makeLastResorts())]);
  while (!isStopping()) {
    await pause(orders.pauseMs * (0.5 + random()));
    const dice = random();
    if (dice < 0.53) await publish("add", await make(1 + Math.floor(random() * 15)));
    else if (dice < 0.58) await makeCapability();
    else if (dice < 0.6) await endCapability();
    else if (dice < 0.66) await publish("add", await makeLastResort(pick(SUITES)));
    else if (dice < 0.74) await publish("add", unexpired(published).slice(-20));
    else if (dice < 0.82) await remove([pick(published).ref, pick(published.slice(-10)).ref]);
    else if (dice < 0.9 && !cooperative) await destroy((dice - 0.82) / 0.08);
    else if (dice < 0.94 && sibling) await resend(sibling, unexpired(stored).slice(-40));
    else await read(random() < 0.5 ? "inventory" : "journal");
  }

  async function destroy(dice: number): Promise<void> {
    if (dice < 0.75) await publish("replace", [...(await make(5)), ...(await makeLastResorts())]);
    else if (dice < 0.87) await remove("all");
    else await revoke();
  }
}

function signerOf(as: string): SampleSigner {
  const signer = orders.signers[as];
  if (!signer) throw new Error(`${as} has no signature key`);
  return { signKey: Buffer.from(signer.signKey, "base64url"), publicKey: Buffer.from(signer.publicKey, "base64url") };
}

function unexpired(packages: readonly Made[]): Made[] {
  return packages.filter(({ notAfter }) => notAfter > Date.now() / 1000 + 60);
}

type Making = {
  readonly user: string;
  readonly signer: SampleSigner;
  readonly count: number;
  readonly suite: Ciphersuite;
  readonly lastResort?: boolean;
  /** Whether some may live for seconds only. */
  readonly short?: boolean;
};

async function makePackages({ user, signer, count, suite, lastResort = false, short }: Making): Promise<Made[]> {
  const isShort = short && random() < SHORT_LIFE_SHARE;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const now = isShort ? nowSeconds - SAMPLE_LIFETIME_SECONDS + SHORT_LIFE_SECONDS : nowSeconds;
  const extensions = random() < LISTING_SHARE ? [LISTED_EXTENSION] : [];
  const what = { identity: user, signer, count, lastResort, now, ciphersuite: suite, extensions };
  return (await sampleKeyPackages(what)).map((message) => ({
    message,
    ref: refOfPackage(Buffer.from(message, "base64url").subarray(MESSAGE_HEADER_BYTES)),
    lastResort,
    notAfter: now + SAMPLE_LIFETIME_SECONDS,
    ciphersuite: suite,
    extensions,
  }));
}

await Promise.all(orders.owners.map((owner) => own(owner)));
