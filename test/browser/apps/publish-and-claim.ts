/** An app with the library's own packages: alice makes herself reachable, bob claims one of her packages. */
import { KeyPackageDirectory, libraryMaker, Replenisher, type Scope, selfCheck } from "../../../src/client/index.ts";
import { BasicCredential, nobleCrypto, SignatureKeyPair, SignatureScheme } from "../../../src/mls/index.ts";

type Tokens = Readonly<Record<Scope, string>>;
type Caller = { readonly user: string; readonly tokens: Tokens };

const directoryOf = (url: string, { user, tokens }: Caller) =>
  new KeyPackageDirectory({
    url,
    audience: "mls-key-directory",
    user,
    client: "phone",
    token: async ({ scope }) => tokens[scope],
  });

async function replenisherOf(url: string, owner: Caller): Promise<Replenisher> {
  const signer = await SignatureKeyPair.generate(nobleCrypto, SignatureScheme.ed25519);
  const credential = new BasicCredential(owner.user).toCredential();
  const maker = libraryMaker({ credential, signers: [signer], ciphersuites: [1] });
  return new Replenisher({ directory: directoryOf(url, owner), maker });
}

export const app = {
  /** Registers and publishes; how many packages. */
  publish: async (url: string, owner: Caller) => (await (await replenisherOf(url, owner)).replenish()).uploaded,

  /** Registers, publishes, claims, and finds the private keys of what was claimed. */
  publishAndClaim: async (url: string, owner: Caller, claimer: Caller) => {
    const replenisher = await replenisherOf(url, owner);
    const report = await replenisher.replenish();
    const { packages, rejected } = await directoryOf(url, claimer).claim(owner.user);
    const outcome = await replenisher.onWelcome(
      packages.map(({ ref }) => ref),
      async ({ keyPackage }) => keyPackage.length,
    );
    return {
      uploaded: report.uploaded,
      claimed: packages.length,
      rejected: rejected.length,
      opened: outcome.found,
      reachable: (await selfCheck(replenisher)).reachable,
    };
  },

  /** A request as an app without the SDK sends it: what the page may see of its answer. */
  request: async (url: string, init: RequestInit) => {
    const response = await fetch(url, init);
    const headers = Object.fromEntries([...response.headers].map(([name, value]) => [name.toLowerCase(), value]));
    return { status: response.status, headers, body: await response.text() };
  },
};

Object.assign(globalThis, { app });
