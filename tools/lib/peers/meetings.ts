/**
 * Who reaches whom by way of a directory: the owner registers and publishes, the adder claims one package, adds its owner
 * to a new group and sends the Welcome and a message, the owner joins by the Welcome and reads the message.
 */
import { LOCAL_AUDIENCE } from "../../../src/cli/local-issuer.ts";
import { KeyPackageDirectory, registrationKey, type Scope } from "../../../src/client/index.ts";
import {
  type CiphersuiteInfo,
  generateKeyPackages,
  newIdentity,
  RFC_9420,
  type SuiteProfile,
  suiteOf,
} from "../../../src/mls/index.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { err, ok, type Result } from "../../../src/mls/result.ts";
import { unixSeconds } from "../../../src/shared/time.ts";
import { type PeerProcess, startPeer } from "./peer-process.ts";
import type { PeerProgram } from "./peer-programs.ts";

/** This library's name in the tables. It makes packages and has no groups: whoever adds has a peer that uses its keys. */
export const LIBRARY = "this library";

const TEXT = "welcome";

/** An owner and an adder in one suite, and where it ended if the owner did not read the message. */
export type Meeting = {
  readonly suite: number;
  readonly owner: string;
  readonly adder: string;
  readonly failure: string | undefined;
};

export type Meetings = {
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
type Member = { readonly name: string; readonly owner: PeerProcess; readonly adder: PeerProcess };

/** What an owner does. `open` is called with a package of its own. */
type Owner = {
  readonly name: string;
  readonly make: (user: string) => Promise<Result<Uint8Array, string>>;
  readonly sign: (content: Uint8Array) => Promise<Uint8Array>;
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
    return { name: program.name, owner: startPeer(program), adder: startPeer(program) };
  });
  const meetings: Meeting[] = [];
  const lacking: Meetings["lacking"][number][] = [];
  try {
    for (const suite of ownSuites(world.profile)) {
      const having: Member[] = [];
      for (const member of members) {
        const tried = await peerOwner(member, suite).make(userOf(member.name, suite));
        if (tried.ok) having.push(member);
        else lacking.push({ suite: suite.ciphersuite, name: member.name, why: tried.error });
      }
      const owners = [...having.map((member) => peerOwner(member, suite)), await libraryOwner(suite)];
      for (const owner of owners) meetings.push(...(await meetOwner(world, suite, owner, having)));
    }
  } finally {
    await Promise.all(members.flatMap(({ owner, adder }) => [owner.stop(), adder.stop()]));
  }
  return { suites: ownSuites(world.profile).map(({ ciphersuite }) => ciphersuite), meetings, lacking };
}

const userOf = (name: string, { ciphersuite }: CiphersuiteInfo): string => `${name}, suite ${ciphersuite}`;

/** One client with a package for each adder. */
async function meetOwner(
  world: World,
  suite: CiphersuiteInfo,
  owner: Owner,
  adders: readonly Member[],
): Promise<readonly Meeting[]> {
  const user = userOf(owner.name, suite);
  const stocked = await stock(world, owner, user, adders.length);
  const meetings: Meeting[] = [];
  for (const adder of adders) {
    const failure = stocked.ok ? await meet(world, suite, owner, adder, user, stocked.value) : stocked.error;
    meetings.push({ suite: suite.ciphersuite, owner: owner.name, adder: adder.name, failure });
  }
  return meetings;
}

async function stock(
  world: World,
  owner: Owner,
  user: string,
  count: number,
): Promise<Result<readonly Uint8Array[], string>> {
  const packages: Uint8Array[] = [];
  while (packages.length < count) {
    const made = await owner.make(user);
    if (!made.ok) return err(`makes no package: ${made.error}`);
    packages.push(made.value);
  }
  const [first] = packages;
  if (!first) return ok([]);
  const directory = directoryOf(world, user);
  await directory.register([registrationKey(first, owner.sign, world.profile)]);
  const { results } = await directory.publish(packages);
  const refused = results.find((result) => !result.ok);
  return refused ? err(`its packages are refused: ${refused.code}, ${refused.detail}`) : ok(packages);
}

/** Where it ended, or nothing if the owner read the message. */
async function meet(
  world: World,
  { ciphersuite }: CiphersuiteInfo,
  owner: Owner,
  adder: Member,
  user: string,
  packages: readonly Uint8Array[],
): Promise<string | undefined> {
  const { packages: claimed, rejected } = await directoryOf(world, `claimer ${adder.name}`).claim(user, {
    criteria: { ciphersuites: [ciphersuite] },
  });
  const given = claimed[0]?.mlsMessage;
  if (!given) return `the claim gave no package: ${JSON.stringify(rejected)}`;
  const made = packages.find((one) => Buffer.from(one).equals(given));
  if (!made) return "the claim gave a package that was not published";
  const added = await adder.adder.ask("add", ciphersuite, given, Buffer.from(TEXT));
  if (!added.ok) return `is not added: ${added.error}`;
  const [welcome, message] = added.value;
  if (!welcome || !message) return "is not added: no Welcome and message";
  const read = await owner.open(adder, made, welcome, message);
  if (!read.ok) return `does not join: ${read.error}`;
  const [said] = read.value;
  const text = Buffer.from(said ?? []).toString();
  return text === TEXT ? undefined : `reads ${JSON.stringify(text)} instead of ${JSON.stringify(TEXT)}`;
}

function peerOwner({ name, owner }: Member, { ciphersuite }: CiphersuiteInfo): Owner {
  const first = ({ value: [bytes] }: { value: readonly Uint8Array[] }): Uint8Array => {
    if (!bytes) throw new Error(`${name} answered without bytes`);
    return bytes;
  };
  return {
    name,
    make: async (user) => {
      const made = await owner.ask("key-package", ciphersuite, Buffer.from(user));
      return made.ok ? ok(first(made)) : made;
    },
    sign: async (content) => {
      const signed = await owner.ask("sign", ciphersuite, content);
      if (!signed.ok) throw new Error(`${name} does not sign: ${signed.error}`);
      return first(signed);
    },
    open: (_, made, welcome, message) => owner.ask("join", ciphersuite, made, welcome, message),
  };
}

async function libraryOwner(suite: CiphersuiteInfo): Promise<Owner> {
  const crypto = postQuantumCrypto;
  const { signer } = await newIdentity("", { ciphersuite: suite, crypto });
  const privateKeys = new Map<Uint8Array, readonly [init: Uint8Array, encryption: Uint8Array]>();
  return {
    name: LIBRARY,
    make: async (user) => {
      const { credential } = await newIdentity(user, { ciphersuite: suite, crypto });
      const identity = { ciphersuite: suite, credential, signer, signatureKey: signer.publicKey() };
      const made = await generateKeyPackages({ identity, count: 1, now: unixSeconds(Date.now()), crypto });
      if (!made.ok) return err(made.error.message);
      const [bundle] = made.value;
      if (!bundle) return err("expected a package");
      const message = bundle.keyPackage().toMlsMessage();
      privateKeys.set(message, [bundle.initPrivateKey().asSlice(), bundle.encryptionPrivateKey().asSlice()]);
      return ok(message);
    },
    sign: (content) => signer.sign(content),
    open: async ({ owner: peer }, made, welcome, message) => {
      const keys = privateKeys.get(made);
      if (!keys) throw new Error("expected a package that was made here");
      const imported = await peer.ask("import", suite.ciphersuite, made, ...keys, signer.privateKey());
      return imported.ok ? peer.ask("join", suite.ciphersuite, made, welcome, message) : imported;
    },
  };
}

function directoryOf({ url, profile, token }: World, user: string): KeyPackageDirectory {
  const client = "phone";
  return new KeyPackageDirectory({
    url,
    user,
    client,
    audience: LOCAL_AUDIENCE,
    token: ({ scope }) => token(user, client, scope),
    crypto: postQuantumCrypto,
    profile,
  });
}
