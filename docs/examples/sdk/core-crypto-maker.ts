/**
 * A maker with core-crypto, which keeps all private keys in a database of its own: the Replenisher stores only the names
 * of them.
 */
import type { CoreCrypto, CredentialRef, KeyPackage, KeyPackageRef } from "@wireapp/core-crypto/browser";
// Outside of this repository: "mls-key-directory/client".
import { type Maker, type ReplenisherEvent, registrationKey } from "../../../src/client/index.ts";

/** Makes packages of ciphersuite 1. core-crypto makes no last resorts: give the Replenisher `lastResort: false`. */
export function coreCryptoMaker(coreCrypto: CoreCrypto, credential: CredentialRef): Maker {
  const make = (seconds: number): Promise<KeyPackage> =>
    coreCrypto.transaction(async (context) => context.generateKeyPackage(credential, seconds * 1000));
  return {
    ciphersuites: [1],
    // core-crypto signs nothing but what MLS has: a package that is offered to nobody proves that it holds the key.
    signatureKeys: async () => {
      const proof = await make(3600);
      const keyPackage = proof.serialize();
      await coreCrypto.transaction((context) => context.removeKeyPackage(proof.ref()));
      return [registrationKey(keyPackage)];
    },
    make: async ({ lastResort, notAfter }) => {
      if (lastResort) throw new Error("core-crypto makes no last resorts");
      const made = await make(notAfter - Math.floor(Date.now() / 1000));
      return { keyPackage: made.serialize(), privateKeys: made.ref().hashRef() };
    },
  };
}

/** For `onEvent`: has core-crypto delete the private keys that no Welcome used and none can need any more. */
export async function deletePrivateKeys(coreCrypto: CoreCrypto, event: ReplenisherEvent): Promise<void> {
  if (event.kind !== "deleted" || event.reason === "used") return;
  await coreCrypto.transaction(async (context) => {
    const unneeded = (await context.getKeyPackages()).filter((ref) => event.refs.includes(nameOf(ref)));
    for (const ref of unneeded) await context.removeKeyPackage(ref);
  });
}

/** The reference in base64url, as the Replenisher names packages. */
const nameOf = (ref: KeyPackageRef): string =>
  btoa(String.fromCharCode(...ref.hashRef()))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
