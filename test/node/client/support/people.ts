/** Clients of a fake directory: no real time, no real network. */
import {
  type DirectoryOptions,
  KeyPackageDirectory,
  type Platform,
  type TokenRequest,
} from "../../../../src/client/index.ts";
import {
  BasicCredential,
  type Ciphersuite,
  ciphersuiteInfo,
  InMemoryKeyPackageStorage,
  KeyPackage,
  Lifetime,
  nobleCrypto,
  SignatureKeyPair,
} from "../../../../src/mls/index.ts";
import type { FakeDirectory } from "./fake-directory.ts";

export const NOW = 1_800_000_000;

/** A platform whose clock is that of the directory, moved by `offsetMs`, and whose pauses take no time. */
export function testPlatform(directory: FakeDirectory, offsetMs = 0): Platform & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    fetch: directory.fetch,
    now: () => directory.now + offsetMs,
    jitter: () => 0.5,
    randomBytes: (length) => nobleCrypto.random(length),
    sleep: async (ms) => void slept.push(ms),
    breathe: async () => {},
    deadline: () => () => {},
  };
}

export function person(directory: FakeDirectory, user: string, options: Partial<DirectoryOptions> = {}) {
  const asked: TokenRequest[] = [];
  const platform = testPlatform(directory);
  const sdk = new KeyPackageDirectory({
    url: "https://directory.test",
    audience: "mls-key-directory",
    user,
    client: "phone",
    token: async (request) => {
      asked.push(request);
      return "good";
    },
    platform,
    ...options,
  });
  return { sdk, asked, slept: platform.slept };
}

/** Makes packages of a user, and keeps nothing of them. */
export async function packagesOf(user: string, ciphersuite: Ciphersuite = 1) {
  const signer = await SignatureKeyPair.generate(nobleCrypto, ciphersuiteInfo(ciphersuite).signatureScheme);
  const make = async ({ lastResort = false, now = NOW, seconds = 86_400 * 30, identity = user } = {}) => {
    const provider = { crypto: nobleCrypto, storage: new InMemoryKeyPackageStorage(), now: () => now };
    const credential = new BasicCredential(identity).toCredential();
    const builder = KeyPackage.builder().keyPackageLifetime(Lifetime.new(BigInt(seconds), now));
    const built = await (lastResort ? builder.markAsLastResort() : builder).build(ciphersuite, provider, signer, {
      credential,
      signatureKey: signer.publicKey(),
    });
    if (!built.ok) throw new Error(built.error.message);
    return built.value.keyPackage().toMlsMessage();
  };
  const key = {
    scheme: "ed25519" as const,
    publicKey: signer.publicKey().asSlice(),
    sign: (message: Uint8Array) => signer.sign(message),
  };
  return { key, make };
}

/** A user with a registered phone and this many packages in stock. */
export async function stockedUser(directory: FakeDirectory, user: string, count: number) {
  const { sdk } = person(directory, user);
  const packages = await packagesOf(user);
  await sdk.register([packages.key]);
  for (let made = 0; made < count; made++) await sdk.publish([await packages.make()]);
  return { sdk, ...packages };
}
