/**
 * Members of groups with different implementations of MLS, as the compatibility table names them. Each has a directory
 * and a Replenisher, adds a user to a new group of its own, joins by a Welcome, and talks. Runs in a page: core-crypto
 * for browsers needs one.
 */
import {
  CipherSuite,
  ClientId,
  ConversationId,
  CoreCrypto,
  type CoreCryptoContext,
  Credential,
  Database,
  DeviceId,
  Uuid,
  KeyPackage as WireKeyPackage,
  Welcome as WireWelcome,
} from "@wireapp/core-crypto/browser";
import {
  type CiphersuiteImpl,
  type ClientState,
  createApplicationMessage,
  createCommit,
  createGroup,
  decodeMlsMessage,
  emptyPskIndex,
  encodeMlsMessage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  type KeyPackage,
  processPrivateMessage,
} from "ts-mls";
import { coreCryptoMaker } from "../../docs/examples/sdk/core-crypto-maker.ts";
import { tsMlsMaker, tsMlsPrivateKeys } from "../../docs/examples/sdk/ts-mls-maker.ts";
import {
  KeyPackageDirectory,
  libraryMaker,
  type Maker,
  Replenisher,
  type Scope,
  type Storage,
  type WelcomedPackage,
  welcomeRefs,
} from "../../src/client/index.ts";
import {
  BasicCredential,
  Capabilities,
  deserializeKeyPackageBundle,
  nobleCrypto,
  SignatureKeyPair,
  SignatureScheme,
} from "../../src/mls/index.ts";

export type ImplementationName = "ts-mls" | "core-crypto" | "mls-key-directory";

export type World = {
  readonly url: string;
  readonly token: (user: string, client: string, scope: Scope) => Promise<string>;
  readonly newStorage: () => Promise<Storage>;
};

/** One end of a group. */
type Talk = {
  readonly say: (text: string) => Promise<Uint8Array>;
  readonly hear: (message: Uint8Array) => Promise<string>;
};

type Engine = {
  readonly maker: Maker;
  readonly lastResort: boolean;
  /** A group with the owner of this package: the Welcome, and this end. */
  readonly add: (keyPackage: Uint8Array) => Promise<{ readonly welcome: Uint8Array; readonly talk: Talk }>;
  readonly join: (welcome: Uint8Array, welcomed: WelcomedPackage) => Promise<Talk>;
};

export type Member = {
  readonly user: string;
  readonly replenisher: Replenisher;
  /** Claims a package of the user, and adds its owner to a new group. */
  readonly invite: (user: string) => Promise<{ readonly welcome: Uint8Array; readonly talk: Talk }>;
  readonly join: (welcome: Uint8Array) => Promise<Talk>;
};

/** The one client of each user; core-crypto writes its number in hexadecimal. */
const CLIENT = "1";
const DOMAIN = "example.com";

/** What core-crypto has as identity: `CREDENTIAL_IDENTITY` is `{user}:{client}@example.com`. */
const identityOf = (user: string): string => `${user}:${CLIENT}@${DOMAIN}`;

export async function newMember(world: World, name: ImplementationName): Promise<Member> {
  const user = crypto.randomUUID();
  const { add, join, maker, lastResort } = await ENGINES[name](user);
  const directory = new KeyPackageDirectory({
    url: world.url,
    audience: "mls-key-directory",
    user,
    client: CLIENT,
    token: ({ scope }) => world.token(user, CLIENT, scope),
    storage: await world.newStorage(),
    expectations: {
      identity: ({ identity, user: owner }) =>
        identity !== undefined && new TextDecoder().decode(identity) === identityOf(owner),
    },
  });
  const replenisher = new Replenisher({ directory, maker, lastResort });
  return {
    user,
    replenisher,
    invite: async (other) => {
      const { packages, rejected } = await directory.claim(other, { criteria: { ciphersuites: [1] } });
      const [claimed] = packages;
      if (!claimed) throw new Error(`expected a package, got ${JSON.stringify(rejected)}`);
      return add(claimed.keyPackage);
    },
    join: async (welcome) => {
      const outcome = await replenisher.onWelcome(welcomeRefs(welcome), (welcomed) => join(welcome, welcomed));
      if (!outcome.found) throw new Error("expected a Welcome to this client");
      return outcome.joined;
    },
  };
}

const text = new TextEncoder();
const readText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

// ---- ts-mls -----------------------------------------------------------------------------------------

const tsMlsSuite = (): Promise<CiphersuiteImpl> =>
  getCiphersuiteImpl(getCiphersuiteFromName("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"));

function decodeKeyPackage(bytes: Uint8Array): KeyPackage {
  // ts-mls decodes MLSMessages; a bare package is one without its first four bytes.
  const isMessage = bytes[2] === 0 && bytes[3] === 5;
  const message = decodeMlsMessage(isMessage ? bytes : Uint8Array.of(0, 1, 0, 5, ...bytes), 0)?.[0];
  if (message?.wireformat !== "mls_key_package") throw new Error("expected a KeyPackage");
  return message.keyPackage;
}

function decodeWelcome(bytes: Uint8Array) {
  const isMessage = bytes[0] === 0 && bytes[1] === 1 && bytes[2] === 0 && bytes[3] === 3;
  const message = decodeMlsMessage(isMessage ? bytes : Uint8Array.of(0, 1, 0, 3, ...bytes), 0)?.[0];
  if (message?.wireformat !== "mls_welcome") throw new Error("expected a Welcome");
  return message.welcome;
}

function tsMlsTalk(group: ClientState, suite: CiphersuiteImpl): Talk {
  let state = group;
  return {
    say: async (said) => {
      const { newState, privateMessage } = await createApplicationMessage(state, text.encode(said), suite);
      state = newState;
      return encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage });
    },
    hear: async (bytes) => {
      const received = decodeMlsMessage(bytes, 0)?.[0];
      if (received?.wireformat !== "mls_private_message") throw new Error("expected a private message");
      const read = await processPrivateMessage(state, received.privateMessage, emptyPskIndex, suite);
      if (read.kind !== "applicationMessage") throw new Error("expected an application message");
      state = read.newState;
      return readText(read.message);
    },
  };
}

type Keys = Awaited<ReturnType<CiphersuiteImpl["signature"]["keygen"]>>;

async function tsMlsAdd(user: string, keys: Keys, suite: CiphersuiteImpl, keyPackage: Uint8Array) {
  const now = Math.floor(Date.now() / 1000);
  const own = await tsMlsMaker(identityOf(user), keys, suite).make({
    ciphersuite: 1,
    lastResort: false,
    notBefore: now - 60,
    notAfter: now + 86_400,
  });
  const group = await createGroup(
    text.encode(user),
    decodeKeyPackage(own.keyPackage),
    tsMlsPrivateKeys(own.privateKeys, keys),
    [],
    suite,
  );
  const proposal = { proposalType: "add", add: { keyPackage: decodeKeyPackage(keyPackage) } } as const;
  const commit = await createCommit(
    { state: group, cipherSuite: suite },
    { extraProposals: [proposal], ratchetTreeExtension: true },
  );
  if (!commit.welcome) throw new Error("expected a Welcome");
  const welcome = encodeMlsMessage({ version: "mls10", wireformat: "mls_welcome", welcome: commit.welcome });
  return { welcome, talk: tsMlsTalk(commit.newState, suite) };
}

async function tsMls(user: string): Promise<Engine> {
  const suite = await tsMlsSuite();
  const keys = await suite.signature.keygen();
  return {
    maker: tsMlsMaker(identityOf(user), keys, suite),
    lastResort: true,
    add: (keyPackage) => tsMlsAdd(user, keys, suite, keyPackage),
    join: async (welcome, { keyPackage, privateKeys }) => {
      const ours = tsMlsPrivateKeys(privateKeys, keys);
      const group = await joinGroup(decodeWelcome(welcome), decodeKeyPackage(keyPackage), ours, emptyPskIndex, suite);
      return tsMlsTalk(group, suite);
    },
  };
}

// ---- this library, whose packages are used with ts-mls, as it has no groups --------------------------

async function library(user: string): Promise<Engine> {
  const suite = await tsMlsSuite();
  const signer = await SignatureKeyPair.generate(nobleCrypto, SignatureScheme.ed25519);
  const credential = new BasicCredential(identityOf(user)).toCredential();
  // core-crypto adds only clients that list both types of credentials.
  const capabilities = Capabilities.builder().ciphersuites([1]).credentials([1, 2]).build();
  // ts-mls has the seed and the public key one after the other.
  const keys = { signKey: signer.privateKey(), publicKey: signer.publicKey().asSlice() };
  return {
    maker: libraryMaker({ credential, signers: [signer], ciphersuites: [1], capabilities }),
    lastResort: true,
    add: (keyPackage) => tsMlsAdd(user, keys, suite, keyPackage),
    join: async (welcome, { keyPackage, privateKeys }) => {
      const bundle = deserializeKeyPackageBundle(privateKeys);
      if (!bundle.ok) throw new Error(bundle.error.message);
      const ours = {
        initPrivateKey: bundle.value.initPrivateKey().asSlice(),
        hpkePrivateKey: bundle.value.encryptionPrivateKey().asSlice(),
        signaturePrivateKey: keys.signKey,
      };
      const group = await joinGroup(decodeWelcome(welcome), decodeKeyPackage(keyPackage), ours, emptyPskIndex, suite);
      return tsMlsTalk(group, suite);
    },
  };
}

// ---- core-crypto ------------------------------------------------------------------------------------

/** A core-crypto client of the user with one credential, and the Welcomes that it has sent. */
export async function newCoreCrypto(
  user: string,
  suite: CipherSuite = CipherSuite.Mls128Dhkemx25519Aes128gcmSha256Ed25519,
) {
  const client = CoreCrypto.new(await Database.inMemory());
  const id = new ClientId(new Uuid(user), new DeviceId(BigInt(`0x${CLIENT}`)), DOMAIN);
  const welcomes: Uint8Array[] = [];
  const credential = await client.transaction(async (context) => {
    await context.mlsInit(id, {
      sendCommitBundle: async ({ welcome }) => {
        if (welcome) welcomes.push(welcome.serialize());
      },
      prepareForTransport: async () => new Uint8Array(),
    });
    return context.addCredential(Credential.basic(suite, id));
  });
  return { client, credential, welcomes };
}

async function coreCrypto(user: string): Promise<Engine> {
  const { client, credential, welcomes } = await newCoreCrypto(user);
  const inside = <T>(work: (context: CoreCryptoContext) => Promise<T>): Promise<T> => client.transaction(work);
  const talk = (group: ConversationId): Talk => ({
    say: (said) => inside((context) => context.encryptMessage(group, text.encode(said))),
    hear: async (message) => {
      const read = await inside((context) => context.decryptMessage(group, message));
      if (read.tag !== "Text") throw new Error(`expected a text, got ${read.tag}`);
      return readText(read.inner.plaintext);
    },
  });
  return {
    maker: coreCryptoMaker(client, credential),
    lastResort: false,
    add: async (keyPackage) => {
      const group = new ConversationId(text.encode(crypto.randomUUID()));
      await inside(async (context) => {
        await context.createConversation(group, credential);
        await context.addClientsToConversation(group, [new WireKeyPackage(keyPackage)]);
      });
      const welcome = welcomes.pop();
      if (!welcome) throw new Error("expected a Welcome");
      return { welcome, talk: talk(group) };
    },
    join: async (welcome) => talk(await inside((context) => context.processWelcomeMessage(new WireWelcome(welcome)))),
  };
}

const ENGINES: Readonly<Record<ImplementationName, (user: string) => Promise<Engine>>> = {
  "ts-mls": tsMls,
  "core-crypto": coreCrypto,
  "mls-key-directory": library,
};
