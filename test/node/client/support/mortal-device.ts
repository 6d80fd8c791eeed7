/** A device whose every call to the outside is counted, and may be the last one before it dies. */
import {
  KeyPackageDirectory,
  type Lock,
  libraryMaker,
  type Maker,
  memoryStorage,
  type Platform,
  Replenisher,
  type ReplenisherEvent,
  type ReplenisherOptions,
  type Storage,
} from "../../../../src/client/index.ts";
import {
  BasicCredential,
  type Ciphersuite,
  type CryptoProvider,
  nobleCrypto,
  SignatureKeyPair,
  SignatureScheme,
} from "../../../../src/mls/index.ts";
import type { FakeDirectory } from "./fake-directory.ts";
import { testPlatform } from "./people.ts";

/** Nothing of a device that died runs on. */
export class Died extends Error {}

/**
 * What happens to the call with this number: the device dies before it has taken effect, or after; or it fails, before
 * or after, and the device lives on.
 */
export type Fault = {
  readonly at: number;
  readonly how: "dies before" | "dies after" | "fails before" | "fails after";
};

export class Calls {
  readonly made: string[] = [];
  readonly #fault: Fault | undefined;

  constructor(fault?: Fault) {
    this.#fault = fault;
  }

  async call<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.made.push(name);
    const number = this.made.length;
    const { at, how } = this.#fault ?? { at: Number.POSITIVE_INFINITY, how: "dies before" };
    const dies = how.startsWith("dies");
    if (number > at && dies) throw new Died(`${name} after death`);
    if (number !== at) return work();
    if (how.endsWith("after")) await work();
    throw dies ? new Died(name) : new TypeError(`${name} failed`);
  }
}

const unlocked: Lock = (_name, work) => work();

export type DeviceOptions = {
  readonly storage?: Storage;
  readonly maker: Maker;
  readonly user?: string;
  readonly fault?: Fault;
  readonly offsetMs?: number;
  /** Two of them then share nothing but storage and the directory. */
  readonly unlocked?: boolean;
} & Partial<Omit<ReplenisherOptions, "directory" | "maker">>;

export function device(directory: FakeDirectory, options: DeviceOptions) {
  const { storage = memoryStorage(), maker, user = "alice", fault, offsetMs = 0, unlocked: free, ...rest } = options;
  const calls = new Calls(fault);
  const events: ReplenisherEvent[] = [];
  const platform: Platform = testPlatform(directory, offsetMs);
  const sdk = new KeyPackageDirectory({
    url: "https://directory.test",
    audience: "mls-key-directory",
    user,
    client: "phone",
    token: async () => "good",
    retries: { attempts: 1 },
    ...(free ? { lock: unlocked } : {}),
    storage: {
      get: (key) => calls.call("get", () => storage.get(key)),
      list: (prefix) => calls.call("list", () => storage.list(prefix)),
      write: (changes) => calls.call("write", () => storage.write(changes)),
    },
    platform: {
      ...platform,
      fetch: (url, init) => calls.call(`fetch ${init.method}`, () => directory.fetch(url, init)),
    },
  });
  const replenisher = new Replenisher({
    directory: sdk,
    maker: {
      ...maker,
      signatureKeys: () => calls.call("signatureKeys", () => maker.signatureKeys()),
      make: (wanted) => calls.call("make", () => maker.make(wanted)),
    },
    onEvent: (event) => events.push(event),
    ...rest,
  });
  return { sdk, replenisher, calls, events, storage };
}

export async function makerFor(
  user: string,
  ciphersuites: readonly Ciphersuite[] = [1],
  crypto: CryptoProvider = nobleCrypto,
): Promise<Maker> {
  const signers = [await SignatureKeyPair.generate(crypto, SignatureScheme.ed25519)];
  return libraryMaker({ credential: new BasicCredential(user).toCredential(), signers, ciphersuites, crypto });
}

/** References, in a storage, of packages whose private keys are there. */
export async function heldRefs(storage: Storage): Promise<Set<string>> {
  const keys = (await storage.list("")).keys();
  return new Set([...keys].flatMap((key) => (key.includes("/secret/") ? [key.slice(key.lastIndexOf("/") + 1)] : [])));
}
