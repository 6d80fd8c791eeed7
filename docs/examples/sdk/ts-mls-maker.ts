/** A maker with ts-mls. */
import { type CiphersuiteImpl, encodeMlsMessage, generateKeyPackageWithKey } from "ts-mls";
// Outside of this repository: "mls-key-directory/client".
import type { Maker } from "../../../src/client/index.ts";

const LAST_RESORT = 0x000a;

export type SignatureKeys = { readonly signKey: Uint8Array; readonly publicKey: Uint8Array };

/** Makes packages of ciphersuite 1 for the user whose name is the identity in the credential. */
export function tsMlsMaker(user: string, keys: SignatureKeys, suite: CiphersuiteImpl): Maker {
  const credential = { credentialType: "basic", identity: new TextEncoder().encode(user) } as const;
  // The same in every package. ts-mls's own default differs at random, and a directory keeps a queue for each kind.
  // core-crypto adds only clients that list both types of credentials.
  const capabilities = {
    versions: ["mls10" as const],
    ciphersuites: [suite.name],
    extensions: [LAST_RESORT],
    proposals: [],
    credentials: ["basic" as const, "x509" as const],
  };
  return {
    ciphersuites: [1],
    signatureKeys: async () => [
      {
        scheme: "ed25519",
        publicKey: keys.publicKey,
        sign: (message) => suite.signature.sign(keys.signKey, message),
      },
    ],
    make: async ({ lastResort, notBefore, notAfter }) => {
      const lifetime = { notBefore: BigInt(notBefore), notAfter: BigInt(notAfter) };
      const extensions = lastResort ? [{ extensionType: LAST_RESORT, extensionData: new Uint8Array(0) }] : [];
      const made = await generateKeyPackageWithKey(credential, capabilities, lifetime, extensions, keys, suite);
      const { initPrivateKey, hpkePrivateKey } = made.privatePackage;
      return {
        keyPackage: encodeMlsMessage({
          version: "mls10",
          wireformat: "mls_key_package",
          keyPackage: made.publicPackage,
        }),
        privateKeys: Uint8Array.of(initPrivateKey.length, ...initPrivateKey, ...hpkePrivateKey),
      };
    },
  };
}

/** What `make` put together, as ts-mls takes it. The signature key is the device's own. */
export function tsMlsPrivateKeys(privateKeys: Uint8Array, { signKey }: SignatureKeys) {
  const [length = 0] = privateKeys;
  return {
    initPrivateKey: privateKeys.slice(1, 1 + length),
    hpkePrivateKey: privateKeys.slice(1 + length),
    signaturePrivateKey: signKey,
  };
}
