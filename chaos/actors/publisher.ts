/** Owners: each of its users has one client, whose stock it fills, replaces, thins out, and now and then revokes. */
import { newSigner, type SampleSigner, sampleKeyPackages } from "../../scripts/local/sample.ts";
import type { OfferedPackage } from "../history.ts";
import { call, isStopping, note, orders, pause, pick, random, refOfPackage, spanOf } from "./caller.ts";

const CLIENT = "phone";
const MESSAGE_HEADER_BYTES = 4;
const SAMPLE_LIFETIME_SECONDS = 30 * 24 * 3600;
/** Some packages expire while the histories run. */
const SHORT_LIFE_SECONDS = 15;
const SHORT_LIFE_SHARE = 0.05;

type Made = OfferedPackage & { readonly message: string };

type Answer = { readonly results?: readonly { readonly code: string }[] };

async function own(user: string): Promise<void> {
  const as = `${user}/${CLIENT}`;
  const path = `/v1/users/${user}/clients/${CLIENT}`;
  const signer = await newSigner();
  const published: Made[] = [];

  const register = async () => {
    const key = Buffer.from(signer.publicKey).toString("base64url");
    const called = await call(as, "PUT", path, { signature_keys: { ed25519: key } }, { repeat: true });
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
      client: CLIENT,
      packages: packages.map(({ ref, lastResort, notAfter }) => ({ ref, lastResort, notAfter })),
      codes: results.map(({ code }) => code),
      ...spanOf(called),
    });
    published.push(...packages);
  };
  const remove = async (refs: readonly string[] | "all") => {
    const body = refs === "all" ? { all: true } : { refs };
    const called = await call(as, "DELETE", `${path}/key-packages`, body, { repeat: true });
    note({ kind: "remove", user, client: CLIENT, refs, ...spanOf(called) });
  };
  const read = async (route: string) => {
    const called = await call(as, "GET", `${path}/${route}`, undefined, { repeat: true });
    note({ kind: "read", route, ...spanOf(called) });
  };
  const revoke = async () => {
    const called = await call(as, "DELETE", path, undefined, { repeat: true });
    note({ kind: "revoke", user, client: CLIENT, ...spanOf(called) });
    await register();
    await publish("add", await make(user, signer, 1, true));
  };

  await register();
  await publish("add", [...(await make(user, signer, 15)), ...(await make(user, signer, 1, true))]);
  while (!isStopping()) {
    await pause(orders.pauseMs * (0.5 + random()));
    const dice = random();
    if (dice < 0.6) await publish("add", await make(user, signer, 1 + Math.floor(random() * 15)));
    else if (dice < 0.66) await publish("add", await make(user, signer, 1, true));
    else if (dice < 0.74) await publish("add", unexpired(published).slice(-20));
    else if (dice < 0.8) {
      const fresh = await make(user, signer, 5);
      await publish("replace", [...fresh, ...(await make(user, signer, 1, true))]);
    } else if (dice < 0.88) await remove([pick(published).ref, pick(published.slice(-10)).ref]);
    else if (dice < 0.89) await remove("all");
    else if (dice < 0.9) await revoke();
    else await read(random() < 0.5 ? "inventory" : "journal");
  }
}

function unexpired(packages: readonly Made[]): Made[] {
  return packages.filter(({ notAfter }) => notAfter > Date.now() / 1000 + 60);
}

async function make(user: string, signer: SampleSigner, count: number, lastResort = false): Promise<Made[]> {
  const short = !lastResort && random() < SHORT_LIFE_SHARE;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const made = short ? nowSeconds - SAMPLE_LIFETIME_SECONDS + SHORT_LIFE_SECONDS : nowSeconds;
  const messages = await sampleKeyPackages({ identity: user, signer, count, lastResort, now: made });
  return messages.map((message) => ({
    message,
    ref: refOfPackage(Buffer.from(message, "base64url").subarray(MESSAGE_HEADER_BYTES)),
    lastResort,
    notAfter: made + SAMPLE_LIFETIME_SECONDS,
  }));
}

await Promise.all(orders.users.map((user) => own(user)));
