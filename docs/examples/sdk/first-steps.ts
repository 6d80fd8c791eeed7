/**
 * Alice's phone publishes, Bob claims one of its packages, and Alice's phone opens it. It runs beside `npm start`:
 * `npx node docs/examples/sdk/first-steps.ts [URL]`.
 */
import { execFileSync } from "node:child_process";
// Outside of this repository: "mls-key-directory/client".
import { KeyPackageDirectory, libraryMaker, Replenisher } from "../../../src/client/index.ts";
// Outside of this repository: "mls-key-directory/mls".
import { BasicCredential, ciphersuiteInfo, nobleCrypto, SignatureKeyPair } from "../../../src/mls/index.ts";

const CIPHERSUITE = 1;
const url = process.argv[2] ?? "http://127.0.0.1:8787";

/** Of the key in the state folder of the local directory. In an app, your backend gives its users their tokens. */
const kpd = (...args: string[]) =>
  execFileSync("npm", ["run", "-s", "kpd", "--", ...args], { encoding: "utf8" }).trim();

const directoryOf = (user: string) =>
  new KeyPackageDirectory({
    url,
    audience: "mls-key-directory",
    user,
    client: "phone",
    token: async ({ scope }) =>
      kpd("token", "--user", user, "--client", "phone", "--scope", scope, "--state", process.env.STATE_DIR ?? ".kpd"),
  });

// A name of its own, so that it can be run again: the directory knows the first one's keys by then.
const alice = `alice-${Date.now()}`;
const signer = await SignatureKeyPair.generate(nobleCrypto, ciphersuiteInfo(CIPHERSUITE).signatureScheme);
const credential = new BasicCredential(alice).toCredential();
const phone = new Replenisher({
  directory: directoryOf(alice),
  maker: libraryMaker({ credential, signers: [signer], ciphersuites: [CIPHERSUITE] }),
  target: 10,
});
const { uploaded } = await phone.replenish();
console.log(`${alice}'s phone is registered and has published ${uploaded} packages`);

const { packages, rejected } = await directoryOf("bob").claim(alice);
for (const { client, ref, lastResort } of packages) {
  console.log(`bob has claimed ${lastResort ? "the last resort" : "a package"} of ${alice}/${client}: ${ref}`);
}
if (rejected.length > 0) throw new Error(`expected packages that can be used, got ${JSON.stringify(rejected)}`);

// With an implementation of MLS the references are those of a Welcome: `welcomeRefs(welcome)`.
const opened = await phone.onWelcome(
  packages.map(({ ref }) => ref),
  async ({ privateKeys }) => `${privateKeys.length} bytes of private keys`,
);
console.log(opened.found ? `${alice}'s phone has found ${opened.joined}, and deleted them` : "it has no private keys");
