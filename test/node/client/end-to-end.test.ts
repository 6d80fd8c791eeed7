/** Two people with ts-mls and a directory as it is started on one's own machine. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CiphersuiteImpl,
  type ClientState,
  createApplicationMessage,
  createGroup,
  decodeMlsMessage,
  defaultCapabilities,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  processPrivateMessage,
} from "ts-mls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { messenger } from "../../../docs/examples/sdk/messenger.ts";
import { memoryStorage, type Platform, type Scope, type Storage, selfCheck } from "../../../src/client/index.ts";
import { type Server, startServer } from "../support/server.ts";

const TARGET = 4;
/** Of messenger.ts and ts-mls-maker.ts, without imports, comments and empty lines; docs/sdk.md says the same. */
const MOST_LINES = { "messenger.ts": 60, "ts-mls-maker.ts": 60 };

let folder: string;
let server: Server;
let suite: CiphersuiteImpl;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kpd-sdk-"));
  server = await startServer(folder, {
    STOCK_TARGET: String(TARGET),
    STOCK_LOW_WATERMARK: "2",
    STOCK_CAP: "8",
    MAX_KEY_PACKAGES_PER_REQUEST: "3",
  });
  suite = await getCiphersuiteImpl(getCiphersuiteFromName("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"));
});
afterAll(async () => {
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
});

type PersonOptions = { storage?: Storage; keys?: Keys; takeOver?: boolean; platform?: Partial<Platform> };
type Keys = Awaited<ReturnType<CiphersuiteImpl["signature"]["keygen"]>>;

async function person(user: string, { storage = memoryStorage(), ...options }: PersonOptions = {}) {
  const keys = options.keys ?? (await suite.signature.keygen());
  const saved: ClientState[] = [];
  const app = messenger({
    url: server.address,
    audience: "mls-key-directory",
    user,
    client: "phone",
    token: ({ scope }: { scope: Scope }) => server.token(user, "phone", scope),
    storage,
    keys,
    suite,
    saveGroup: async (state) => void saved.push(state),
    ...(options.takeOver === undefined ? {} : { takeOver: options.takeOver }),
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  });
  return { ...app, keys, storage };
}

/** A group of one. */
async function newGroup(user: string, keys: Keys): Promise<ClientState> {
  const credential = { credentialType: "basic", identity: new TextEncoder().encode(user) } as const;
  const now = BigInt(Math.floor(Date.now() / 1000));
  const lifetime = { notBefore: now - 60n, notAfter: now + 86_400n };
  const own = await generateKeyPackageWithKey(credential, defaultCapabilities(), lifetime, [], keys, suite);
  return createGroup(new TextEncoder().encode(`${user}'s`), own.publicPackage, own.privatePackage, [], suite);
}

/** Whether what one says in a group is what the other reads. */
async function canTalk(from: ClientState, to: ClientState | undefined, text: string): Promise<boolean> {
  if (!to) return false;
  const { privateMessage } = await createApplicationMessage(from, new TextEncoder().encode(text), suite);
  const sent = encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage });
  const received = decodeMlsMessage(sent, 0)?.[0];
  if (received?.wireformat !== "mls_private_message") return false;
  const read = await processPrivateMessage(to, received.privateMessage, emptyPskIndex, suite);
  return read.kind === "applicationMessage" && new TextDecoder().decode(read.message) === text;
}

const suite1 = (inventory: readonly { ciphersuite: number; available: number; last_resort: object | null }[]) =>
  inventory.find(({ ciphersuite }) => ciphersuite === 1);

describe("two people with ts-mls", () => {
  it("fill, claim, join, talk, drain to the last resort, replenish, rotate, reinstall and revoke", async () => {
    const anna = await person("anna");
    const bob = await person("bob");
    await bob.replenisher.replenish();

    const filled = await anna.replenisher.replenish();
    expect(suite1(filled.inventory)).toMatchObject({ available: TARGET, last_resort: expect.any(Object) });
    expect(await selfCheck(anna.replenisher)).toMatchObject({ reachable: true, problems: [] });
    expect((await bob.directory.listClients("anna")).clients.map(({ client }) => client)).toEqual(["phone"]);

    const added = await bob.add("anna", await newGroup("bob", bob.keys));
    const joined = await anna.join(added.welcome);
    expect(await canTalk(added.state, joined, "hello")).toBe(true);
    expect(await anna.join(added.welcome)).toBeUndefined();

    const drained: Awaited<ReturnType<typeof bob.add>>[] = [];
    for (let claim = 0; claim < TARGET + 1; claim++) {
      drained.push(await bob.add("anna", await newGroup("bob", bob.keys)));
    }
    expect(suite1(await anna.directory.inventory())).toMatchObject({ available: 0, last_resort: expect.any(Object) });
    const events = (await anna.directory.journal()).entries.map(({ event }) => event);
    expect(events).toEqual([...Array(TARGET).fill("claimed"), "last_resort", "last_resort"]);
    for (const { welcome, state } of drained) expect(await canTalk(state, await anna.join(welcome), "hi")).toBe(true);

    const replenished = await anna.replenisher.replenish();
    expect([replenished.made, suite1(replenished.inventory)?.available]).toEqual([TARGET + 1, TARGET]);
    expect((await anna.replenisher.replenish()).made).toBe(0);

    // A Welcome that was under way when the last resort was replaced.
    const late = drained.at(-1);
    expect(late && (await canTalk(late.state, await anna.join(late.welcome), "late"))).toBe(true);

    const rotated = await person("anna", { storage: anna.storage });
    const beforeRotation = await bob.add("anna", await newGroup("bob", bob.keys));
    expect((await rotated.replenisher.replenish()).made).toBe(TARGET + 1);
    const withNewKey = await bob.add("anna", await newGroup("bob", bob.keys));
    expect(await canTalk(withNewKey.state, await rotated.join(withNewKey.welcome), "new key")).toBe(true);
    expect(await canTalk(beforeRotation.state, await anna.join(beforeRotation.welcome), "old key")).toBe(true);

    const reinstalled = await person("anna", { takeOver: true });
    expect((await reinstalled.replenisher.replenish()).made).toBe(TARGET + 1);
    const afterReinstall = await bob.add("anna", await newGroup("bob", bob.keys));
    expect(await canTalk(afterReinstall.state, await reinstalled.join(afterReinstall.welcome), "back")).toBe(true);
    await expect(rotated.replenisher.replenish()).rejects.toMatchObject({ code: "signature_key_conflict" });

    await reinstalled.replenisher.revoke();
    await expect(bob.add("anna", await newGroup("bob", bob.keys))).rejects.toThrow();
    await expect(reinstalled.directory.getClient()).rejects.toMatchObject({ code: "client_not_registered" });
    const { users, retryLater } = await bob.directory.claimMany(["bob", "anna", "nobody"]);
    expect(users.map(({ user, status }) => `${user} ${status}`)).toEqual([
      "bob none",
      "anna none",
      "nobody unknown_user",
    ]);
    expect(retryLater).toEqual([]);
  });

  it("keep their packages when replies are lost, and claim the same one again", async () => {
    const lose = { publish: 0, claim: 0 };
    const lossy: Partial<Platform> = {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        const kind = url.endsWith("/claims") ? "claim" : url.endsWith("/key-packages") ? "publish" : undefined;
        if (kind === undefined || lose[kind]-- <= 0) return response;
        await response.arrayBuffer();
        throw new TypeError("reply lost");
      },
      sleep: async () => {},
    };
    const carol = await person("carol", { platform: lossy });
    lose.publish = 1;
    const { inventory } = await carol.replenisher.replenish();
    expect(suite1(inventory)).toMatchObject({ available: TARGET, last_resort: expect.any(Object) });

    const dave = await person("dave", { platform: lossy });
    lose.claim = 2;
    const claimed = await dave.directory.claim("carol");
    expect([claimed.packages.length, claimed.replayed]).toEqual([1, true]);
    expect(suite1(await carol.directory.inventory())?.available).toBe(TARGET - 1);

    // Another installation with the same signature key, and without private keys.
    const restored = await person("carol", { keys: carol.keys });
    expect(await restored.replenisher.replenish()).toMatchObject({ pruned: TARGET, made: TARGET + 1 });
    expect(await restored.directory.replace([], { allowEmpty: true })).toMatchObject({ results: [] });
    expect(await restored.directory.remove("all")).toMatchObject({ removed: 0 });
  });
});

describe("what an application writes itself", () => {
  it("is as short as the documentation says", () => {
    const guide = readFileSync("docs/sdk.md", "utf8");
    for (const [name, most] of Object.entries(MOST_LINES)) {
      const lines = countLines(readFileSync(`docs/examples/sdk/${name}`, "utf8"));
      expect(lines).toBeLessThanOrEqual(most);
      expect(guide).toContain(`| [${name}](examples/sdk/${name}) | ${lines} |`);
    }
  });
});

/** Lines of code: no imports, no comments, no empty lines. */
function countLines(source: string): number {
  const withoutImports = source.replace(/^import [^;]*;$/gm, "").replace(/\/\*\*[\s\S]*?\*\//g, "");
  return withoutImports.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length;
}
