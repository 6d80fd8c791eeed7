/** What a page bundles that only validates; it runs in Node too. */
import { generateKeyPackages, newIdentity, validateKeyPackages } from "mls-key-directory";

const now = 1_800_000_000;

newIdentity("alice")
  .then((identity) => generateKeyPackages({ identity, count: 2, now }))
  .then((made) => validateKeyPackages(made.ok ? made.value.map((bundle) => bundle.keyPackage().bytes) : [], { now }))
  .then((results) => console.log(results.map(({ ok }) => ok).join()))
  .catch((error: unknown) => console.error(error));
