/** How packages and their private keys are made: with this library's builder, or with any implementation of MLS. */
import {
  type Capabilities,
  type Credential,
  type CryptoProvider,
  ciphersuiteInfo,
  KeyPackage,
  type LastResortEncoding,
  Lifetime,
  nobleCrypto,
  type SignaturePublicKey,
  type Signer,
  type Suite,
  serializeKeyPackageBundle,
  signatureSchemeName,
} from "../../mls/index.ts";
import { localError } from "../directory-error.ts";
import type { RegistrationKey } from "../registration-body.ts";

export type WantedPackage = {
  readonly ciphersuite: number;
  /** Whether it must be marked as a last resort (extension 10 of the MLS extensions draft). */
  readonly lastResort: boolean;
  /** `leaf_node.lifetime`, unix seconds by the directory's clock. */
  readonly notBefore: number;
  readonly notAfter: number;
};

export type MadePackage = {
  /** Bare, or in an MLSMessage. */
  readonly keyPackage: Uint8Array;
  /** Whatever opens a Welcome later, in a form of the maker's own. It is stored and given back, and nothing else. */
  readonly privateKeys: Uint8Array;
};

export type Maker = {
  /** The suites to be offered. */
  readonly ciphersuites: readonly number[];
  /** The keys that packages are signed with, one for each scheme of the suites. Others than before are a rotation. */
  readonly signatureKeys: () => Promise<readonly RegistrationKey[]>;
  readonly make: (wanted: WantedPackage) => Promise<MadePackage>;
};

export type LibraryMakerOptions = {
  readonly credential: Credential;
  /** One for each signature scheme of the suites, such as a `SignatureKeyPair`. */
  readonly signers: readonly (Signer & { readonly publicKey: () => SignaturePublicKey })[];
  /** Suites of RFC 9420 by their numbers, and any others by their parts: see `suiteOf`. */
  readonly ciphersuites: readonly Suite[];
  /** What else the client supports. */
  readonly capabilities?: Capabilities;
  readonly lastResortEncoding?: LastResortEncoding;
  readonly crypto?: CryptoProvider;
};

/** Makes packages with `./mls`; their private keys are what `deserializeKeyPackageBundle` reads. */
export function libraryMaker({ crypto = nobleCrypto, ...options }: LibraryMakerOptions): Maker {
  const { credential, signers, capabilities, lastResortEncoding } = options;
  const suites = options.ciphersuites.map((suite) => ciphersuiteInfo(suite));
  return {
    ciphersuites: suites.map(({ ciphersuite }) => ciphersuite),
    signatureKeys: async () =>
      signers.map((signer) => ({
        scheme: signatureSchemeName(signer.signatureScheme),
        publicKey: signer.publicKey().asSlice(),
        sign: (message) => signer.sign(message),
      })),
    make: async ({ ciphersuite, lastResort, notBefore, notAfter }) => {
      const suite = suites.find((one) => one.ciphersuite === ciphersuite);
      const signer = signers.find((one) => one.signatureScheme === suite?.signatureScheme);
      if (!suite || !signer) {
        throw localError("maker_failed", `expected a signer for ciphersuite ${ciphersuite}, got none`);
      }
      const lifetime = Lifetime.init(BigInt(notBefore), BigInt(notAfter));
      let builder = KeyPackage.builder().keyPackageLifetime(lifetime);
      if (capabilities) builder = builder.leafNodeCapabilities(capabilities);
      if (lastResort) builder = builder.markAsLastResort(lastResortEncoding);
      const provider = { crypto, storage: STORED_BY_THE_REPLENISHER, now: () => notBefore };
      const built = await builder.build(suite, provider, signer, {
        credential,
        signatureKey: signer.publicKey(),
      });
      if (!built.ok) throw localError("maker_failed", `${built.error.code}: ${built.error.message}`);
      return {
        keyPackage: built.value.keyPackage().toMlsMessage(),
        privateKeys: serializeKeyPackageBundle(built.value),
      };
    },
  };
}

const STORED_BY_THE_REPLENISHER = {
  writeKeyPackage: async () => {},
  readKeyPackage: async () => undefined,
  deleteKeyPackage: async () => {},
};
