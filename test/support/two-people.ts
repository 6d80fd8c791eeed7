/**
 * A messenger of two people with ts-mls, from registration to revocation, wherever it runs: in Node and in a page. It
 * gives back what happened as plain data, so that both compare it with the same expectation.
 */
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
import { messenger } from "../../docs/examples/sdk/messenger.ts";
import { DirectoryError, type Platform, type Scope, type Storage, selfCheck } from "../../src/client/index.ts";

export const TARGET = 4;

/** Of the directory that they use. */
export const DIRECTORY_SETTINGS = {
  STOCK_TARGET: String(TARGET),
  STOCK_LOW_WATERMARK: "2",
  STOCK_CAP: "8",
  MAX_KEY_PACKAGES_PER_REQUEST: "3",
};

export type Scene = {
  readonly url: string;
  readonly token: (user: string, scope: Scope) => Promise<string>;
  /** An empty one that nobody else uses: an installation of its own. */
  readonly newStorage: () => Promise<Storage>;
};

type Keys = Awaited<ReturnType<CiphersuiteImpl["signature"]["keygen"]>>;
type PersonOptions = { storage?: Storage; keys?: Keys; takeOver?: boolean; platform?: Partial<Platform> };

export async function people(scene: Scene) {
  const suite = await getCiphersuiteImpl(getCiphersuiteFromName("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"));

  async function person(user: string, options: PersonOptions = {}) {
    const keys = options.keys ?? (await suite.signature.keygen());
    const storage = options.storage ?? (await scene.newStorage());
    const app = messenger({
      url: scene.url,
      audience: "mls-key-directory",
      user,
      client: "phone",
      token: ({ scope }) => scene.token(user, scope),
      storage,
      keys,
      suite,
      saveGroup: async () => {},
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

  return { person, newGroup, canTalk };
}

type SuiteStock = { readonly ciphersuite: number; readonly available: number; readonly last_resort: object | null };

/** What is in stock of ciphersuite 1. */
export function stockOf(inventory: readonly SuiteStock[]): string {
  const suite = inventory.find(({ ciphersuite }) => ciphersuite === 1);
  return `${suite?.available ?? 0} and ${suite?.last_resort ? "a" : "no"} last resort`;
}

/** The code that a call was refused with. */
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "no refusal",
    (error: unknown) => (error instanceof DirectoryError ? error.code : String(error)),
  );

/** Fill, claim, join, talk, drain to the last resort, replenish, rotate, reinstall, revoke. */
export async function twoPeople(scene: Scene) {
  const { person, newGroup, canTalk } = await people(scene);
  const anna = await person("anna");
  const bob = await person("bob");
  const add = async () => bob.add("anna", await newGroup("bob", bob.keys));
  await bob.replenisher.replenish();

  const filled = stockOf((await anna.replenisher.replenish()).inventory);
  const { reachable, problems } = await selfCheck(anna.replenisher);
  const clients = (await bob.directory.listClients("anna")).clients.map(({ client }) => client);

  const added = await add();
  const talk = await canTalk(added.state, await anna.join(added.welcome), "hello");
  const joinedAgain = (await anna.join(added.welcome)) !== undefined;

  const drained: Awaited<ReturnType<typeof add>>[] = [];
  for (let claim = 0; claim < TARGET + 1; claim++) drained.push(await add());
  const empty = stockOf(await anna.directory.inventory());
  const journal = (await anna.directory.journal()).entries.map(({ event }) => event);
  const talkDrained: boolean[] = [];
  for (const { welcome, state } of drained) talkDrained.push(await canTalk(state, await anna.join(welcome), "hi"));

  const replenished = await anna.replenisher.replenish();
  const madeAgain = (await anna.replenisher.replenish()).made;
  // A Welcome that was under way when the last resort was replaced.
  const late = drained.at(-1);
  const talkLate = late !== undefined && (await canTalk(late.state, await anna.join(late.welcome), "late"));

  const rotated = await person("anna", { storage: anna.storage });
  const beforeRotation = await add();
  const madeRotated = (await rotated.replenisher.replenish()).made;
  const withNewKey = await add();
  const talkNewKey = await canTalk(withNewKey.state, await rotated.join(withNewKey.welcome), "new key");
  const talkOldKey = await canTalk(beforeRotation.state, await anna.join(beforeRotation.welcome), "old key");

  const reinstalled = await person("anna", { takeOver: true });
  const madeReinstalled = (await reinstalled.replenisher.replenish()).made;
  const afterReinstall = await add();
  const talkReinstalled = await canTalk(afterReinstall.state, await reinstalled.join(afterReinstall.welcome), "back");
  const formerInstallation = await codeOf(rotated.replenisher.replenish());

  await reinstalled.replenisher.revoke();
  const addRevoked = await codeOf(add());
  const revoked = await codeOf(reinstalled.directory.getClient());
  const { users, retryLater } = await bob.directory.claimMany(["bob", "anna", "nobody"]);
  return {
    filled,
    selfCheck: { reachable, problems },
    clients,
    talk,
    joinedAgain,
    empty,
    journal,
    talkDrained,
    replenished: { made: replenished.made, stock: stockOf(replenished.inventory), madeAgain, talkLate },
    rotated: { made: madeRotated, talkNewKey, talkOldKey },
    reinstalled: { made: madeReinstalled, talk: talkReinstalled, formerInstallation },
    revoked: { add: addRevoked, client: revoked },
    afterwards: users.map(({ user, status }) => `${user} ${status}`),
    retryLater,
  };
}

export const EXPECTED: Awaited<ReturnType<typeof twoPeople>> = {
  filled: `${TARGET} and a last resort`,
  selfCheck: { reachable: true, problems: [] },
  clients: ["phone"],
  talk: true,
  joinedAgain: false,
  empty: "0 and a last resort",
  journal: [...Array(TARGET).fill("claimed"), "last_resort", "last_resort"],
  talkDrained: Array(TARGET + 1).fill(true),
  replenished: { made: TARGET + 1, stock: `${TARGET} and a last resort`, madeAgain: 0, talkLate: true },
  rotated: { made: TARGET + 1, talkNewKey: true, talkOldKey: true },
  reinstalled: { made: TARGET + 1, talk: true, formerInstallation: "signature_key_conflict" },
  revoked: { add: "Error: anna cannot be added now", client: "client_not_registered" },
  afterwards: ["bob none", "anna none", "nobody unknown_user"],
  retryLater: [],
};
