/**
 * Who reaches whom by way of a directory: the owner registers and publishes, the adder claims one package, adds its owner
 * to a new group and sends the Welcome and a message, the owner joins by the Welcome and reads the message.
 */
import { randomUUID } from "node:crypto";
import { LOCAL_AUDIENCE } from "../../../src/cli/remote/local-issuer.ts";
import { DirectoryError, KeyPackageDirectory, registrationKey, type Scope } from "../../../src/client/index.ts";
import {
  BasicCredential,
  Capabilities,
  type CiphersuiteInfo,
  CredentialType,
  KeyPackage,
  RFC_9420,
  SignatureKeyPair,
  type SuiteProfile,
  suiteOf,
} from "../../../src/mls/index.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { err, ok, type Result } from "../../../src/mls/result.ts";
import { unixSeconds } from "../../../src/shared/time.ts";
import { expandedKemKey } from "./expanded-kem-key.ts";
import { type PeerProcess, startPeer } from "./peer-process.ts";
import type { PeerProgram } from "./peer-programs.ts";

/** This library's name in the tables. It makes packages and has no groups: whoever adds has a peer that uses its keys. */
export const LIBRARY = "this library";

const TEXT = "welcome";

/** The only identities that core-crypto has: users are UUIDs, and clients numbers in hexadecimal. */
const CLIENT = "1";
export const CREDENTIAL_IDENTITY = "{user}:{client}@example.com";
const identityOf = (user: string): string => CREDENTIAL_IDENTITY.replace("{user}", user).replace("{client}", CLIENT);

/** An owner and an adder in one suite, and where it ended if the owner did not read the message. */
export type Meeting = {
  readonly suite: number;
  readonly owner: string;
  readonly adder: string;
  readonly failure: string | undefined;
};

export type Meetings = {
  /** Names of the implementations, in their order. */
  readonly names: readonly string[];
  /** Of the profile: those of RFC 9420 only where it has no others. */
  readonly suites: readonly number[];
  readonly meetings: readonly Meeting[];
  /** Suites that an implementation does not have, and what it says of them. */
  readonly lacking: readonly { readonly suite: number; readonly name: string; readonly why: string }[];
};

export type World = {
  readonly url: string;
  readonly profile: SuiteProfile;
  readonly token: (user: string, client: string, scope: Scope) => Promise<string>;
};

/** Both ends of an implementation are processes of their own, so that nothing is shared but what the directory carries. */
type Member = { readonly program: PeerProgram; readonly owner: PeerProcess; readonly adder: PeerProcess };

/** What an owner does. `open` is called with a package of its own. */
type Owner = {
  readonly name: string;
  readonly user: string;
  readonly make: () => Promise<Result<Uint8Array, string>>;
  /** Undefined if it signs nothing but what MLS has. */
  readonly sign: ((content: Uint8Array) => Promise<Uint8Array>) | undefined;
  readonly open: (by: Member, made: Uint8Array, welcome: Uint8Array, message: Uint8Array) => Promise<Answer>;
};
type Answer = Awaited<ReturnType<PeerProcess["ask"]>>;

/** The suites that a profile adds to RFC 9420, or those of RFC 9420 if it adds none. */
export function ownSuites(profile: SuiteProfile): readonly CiphersuiteInfo[] {
  const own = profile.suites.filter(({ ciphersuite }) => suiteOf(RFC_9420, ciphersuite) === undefined);
  return own.length > 0 ? own : profile.suites;
}

/** Every program with every other, and with packages of this library, in every suite of the profile that both have. */
export async function meetAll(world: World, programs: readonly PeerProgram[]): Promise<Meetings> {
  const members = programs.map((program): Member => {
    return { program, owner: startPeer(program), adder: startPeer(program) };
  });
  const meetings: Meeting[] = [];
  const lacking: Meetings["lacking"][number][] = [];
  try {
    for (const suite of ownSuites(world.profile)) {
      const having: Member[] = [];
      const owners: Owner[] = [];
      for (const member of members) {
        const owner = peerOwner(member, suite);
        const tried = await owner.make();
        if (!tried.ok) lacking.push({ suite: suite.ciphersuite, name: owner.name, why: tried.error });
        else {
          having.push(member);
          owners.push(owner);
        }
      }
      owners.push(await libraryOwner(suite, having));
      for (const owner of owners) meetings.push(...(await meetOwner(world, suite, owner, having)));
    }
  } finally {
    await Promise.all(members.flatMap(({ owner, adder }) => [owner.stop(), adder.stop()]));
  }
  const names = programs.map(({ name }) => name);
  return { names, suites: ownSuites(world.profile).map(({ ciphersuite }) => ciphersuite), meetings, lacking };
}

/** One client with a package for each adder. */
async function meetOwner(
  world: World,
  suite: CiphersuiteInfo,
  owner: Owner,
  adders: readonly Member[],
): Promise<readonly Meeting[]> {
  const stocked = await stock(world, owner, adders.length);
  const meetings: Meeting[] = [];
  for (const adder of adders) {
    const failure = stocked.ok ? await meet(world, suite, owner, adder, stocked.value) : stocked.error;
    meetings.push({ suite: suite.ciphersuite, owner: owner.name, adder: adder.program.name, failure });
  }
  return meetings;
}

async function stock(world: World, owner: Owner, count: number): Promise<Result<readonly Uint8Array[], string>> {
  const packages: Uint8Array[] = [];
  // One more, which says what the client's key is and stays here.
  while (packages.length < count + 1) {
    const made = await owner.make();
    if (!made.ok) return err(`makes no package: ${made.error}`);
    packages.push(made.value);
  }
  const [first, ...published] = packages;
  if (!first) throw new Error("expected a package");
  const directory = directoryOf(world, owner.user);
  const answer = await orRefusal(async () => {
    await directory.register([registrationKey(first, owner.sign, world.profile)]);
    return directory.publish(published);
  });
  if (!answer.ok) return err(`is refused: ${answer.error}`);
  const refused = answer.value.results.find((result) => !result.ok);
  return refused ? err(`its packages are refused: ${refused.code}, ${refused.detail}`) : ok(published);
}

/** What the directory answers, or why it refuses. */
async function orRefusal<T>(work: () => Promise<T>): Promise<Result<T, string>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof DirectoryError) return err(error.message);
    throw error;
  }
}

/** Where it ended, or nothing if the owner read the message. */
async function meet(
  world: World,
  { ciphersuite }: CiphersuiteInfo,
  owner: Owner,
  adder: Member,
  packages: readonly Uint8Array[],
): Promise<string | undefined> {
  const claimer = randomUUID();
  const { packages: claimed, rejected } = await directoryOf(world, claimer).claim(owner.user, {
    criteria: { ciphersuites: [ciphersuite] },
  });
  const given = claimed[0]?.mlsMessage;
  if (!given) return `the claim gave no package: ${JSON.stringify(rejected)}`;
  const made = packages.find((one) => Buffer.from(one).equals(given));
  if (!made) return "the claim gave a package that was not published";
  const identity = Buffer.from(identityOf(claimer));
  const added = await adder.adder.ask("add", ciphersuite, identity, given, Buffer.from(TEXT));
  if (!added.ok) return `is not added: ${added.error}`;
  const [welcome, message] = added.value;
  if (!welcome || !message) return "is not added: no Welcome and message";
  const read = await owner.open(adder, made, welcome, message);
  if (!read.ok) return `does not join: ${read.error}`;
  const [said] = read.value;
  const text = Buffer.from(said ?? []).toString();
  return text === TEXT ? undefined : `reads ${JSON.stringify(text)} instead of ${JSON.stringify(TEXT)}`;
}

function peerOwner({ program, owner }: Member, { ciphersuite }: CiphersuiteInfo): Owner {
  const { name } = program;
  const first = ({ value: [bytes] }: { value: readonly Uint8Array[] }): Uint8Array => {
    if (!bytes) throw new Error(`${name} answered without bytes`);
    return bytes;
  };
  const user = randomUUID();
  return {
    name,
    user,
    make: async () => {
      const made = await owner.ask("key-package", ciphersuite, Buffer.from(identityOf(user)));
      return made.ok ? ok(first(made)) : made;
    },
    sign: program.keepsKeys
      ? undefined
      : async (content) => {
          const signed = await owner.ask("sign", ciphersuite, content);
          if (!signed.ok) throw new Error(`${name} does not sign: ${signed.error}`);
          return first(signed);
        },
    open: (_, made, welcome, message) => owner.ask("join", ciphersuite, made, welcome, message),
  };
}

async function libraryOwner(suite: CiphersuiteInfo, having: readonly Member[]): Promise<Owner> {
  const takesKeys = having.find(({ program }) => !program.keepsKeys);
  const crypto = postQuantumCrypto;
  const signer = await SignatureKeyPair.generate(crypto, suite.signatureScheme);
  // core-crypto adds only clients that list both.
  const capabilities = Capabilities.builder().credentials([CredentialType.Basic, CredentialType.X509]).build();
  const privateKeys = new Map<Uint8Array, readonly [init: Uint8Array, encryption: Uint8Array]>();
  const user = randomUUID();
  return {
    name: LIBRARY,
    user,
    make: async () => {
      const credential = new BasicCredential(identityOf(user)).toCredential();
      const identity = { ciphersuite: suite, credential, signer, signatureKey: signer.publicKey() };
      const options = { identity, capabilities, now: unixSeconds(Date.now()), crypto };
      const made = await KeyPackage.create(options);
      if (!made.ok) return err(made.error.message);
      const bundle = made.value;
      const message = bundle.keyPackage().toMlsMessage();
      privateKeys.set(message, [bundle.initPrivateKey().asSlice(), bundle.encryptionPrivateKey().asSlice()]);
      return ok(message);
    },
    sign: (content) => signer.sign(content),
    open: async (by, made, welcome, message) => {
      const opener = by.program.keepsKeys ? takesKeys : by;
      if (!opener) return err("no implementation takes the private keys");
      const seeds = privateKeys.get(made);
      if (!seeds) throw new Error("expected a package that was made here");
      const keys = opener.program.expandsKemKeys ? seeds.map((seed) => expandedKemKey(suite.kem, seed)) : seeds;
      const imported = await opener.owner.ask("import", suite.ciphersuite, made, ...keys, signer.privateKey());
      return imported.ok ? opener.owner.ask("join", suite.ciphersuite, made, welcome, message) : imported;
    },
  };
}

function directoryOf({ url, profile, token }: World, user: string): KeyPackageDirectory {
  const client = CLIENT;
  return new KeyPackageDirectory({
    url,
    user,
    client,
    audience: LOCAL_AUDIENCE,
    token: ({ scope }) => token(user, client, scope),
    crypto: postQuantumCrypto,
    profile,
    expectations: {
      identity: ({ identity, user: owner }) => Buffer.from(identity ?? []).toString() === identityOf(owner),
    },
  });
}
