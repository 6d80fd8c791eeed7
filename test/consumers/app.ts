/**
 * An application as those who install the package write it: it makes and validates packages with the library, and with
 * the SDK it is reachable at a directory, claims from it, and joins. Its argument is the place, its output what it saw.
 */
import { KeyPackageDirectory, libraryMaker, memoryStorage, Replenisher, selfCheck } from "mls-key-directory/client";
import {
  BasicCredential,
  generateKeyPackages,
  newIdentity,
  nobleCrypto,
  SignatureKeyPair,
  SignatureScheme,
  validateKeyPackages,
} from "mls-key-directory/mls";

type Place = {
  readonly url: string;
  readonly audience: string;
  readonly owner: Person;
  readonly claimer: Person;
};

type Person = { readonly user: string; readonly client: string; readonly token: string };

/** Node's, which Deno and Bun have too. */
declare const process: { readonly argv: readonly string[] };

const place = JSON.parse(process.argv[2] ?? "") as Place;
const seen = { valid: await validPackages(), ...(await stockAndClaim(place)) };
console.log(JSON.stringify(seen));

async function validPackages(): Promise<number> {
  const now = Math.floor(Date.now() / 1000);
  const made = await generateKeyPackages({ identity: await newIdentity("alice"), count: 3, lastResort: true, now });
  if (!made.ok) throw new Error(made.error.message);
  const list = made.value.map((bundle) => bundle.keyPackage().toMlsMessage());
  return (await validateKeyPackages(list, { now })).filter(({ ok }) => ok).length;
}

async function stockAndClaim({ owner, claimer }: Place) {
  const signer = await SignatureKeyPair.generate(nobleCrypto, SignatureScheme.ed25519);
  const credential = new BasicCredential(owner.user).toCredential();
  const maker = libraryMaker({ credential, signers: [signer], ciphersuites: [1] });
  const replenisher = new Replenisher({ directory: directoryOf(owner), maker });
  await replenisher.replenish();
  const { packages } = await directoryOf(claimer).claim(owner.user);
  const refs = packages.map(({ ref }) => ref);
  const { found } = await replenisher.onWelcome(refs, async ({ privateKeys }) => privateKeys.length > 0);
  return { claimed: packages.length, opened: found, reachable: (await selfCheck(replenisher)).reachable };
}

function directoryOf({ user, client, token }: Person): KeyPackageDirectory {
  const { url, audience } = place;
  return new KeyPackageDirectory({ url, audience, user, client, token: async () => token, storage: memoryStorage() });
}
