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
import { localError, unwrapped } from "../directory-error.ts";
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
export function libraryMaker({ crypto = nobleCrypto, signers, ...options }: LibraryMakerOptions): Maker {
  const { credential, capabilities, lastResortEncoding } = options;
  const suites = options.ciphersuites.map((suite) => ciphersuiteInfo(suite));
  return {
    ciphersuites: suites.map(({ ciphersuite }) => ciphersuite),
    signatureKeys: async () =>
      signers.map((signer) => ({
        scheme: signatureSchemeName(signer.signatureScheme),
        publicKey: signer.publicKey().asSlice(),
        sign: (message) => signer.sign(message),
      })),
    make: async ({ ciphersuite: wanted, lastResort, notBefore, notAfter }) => {
      const ciphersuite = suites.find((suite) => suite.ciphersuite === wanted);
      const signer = signers.find(({ signatureScheme }) => signatureScheme === ciphersuite?.signatureScheme);
      if (!ciphersuite || !signer) {
        throw localError("maker_failed", `expected a signer for ciphersuite ${wanted}, got none`);
      }
      const bundle = unwrapped(
        await KeyPackage.create({
          identity: { ciphersuite, credential, signer, signatureKey: signer.publicKey() },
          crypto,
          now: notBefore,
          lifetime: Lifetime.init(BigInt(notBefore), BigInt(notAfter)),
          lastResort,
          lastResortEncoding,
          capabilities,
        }),
      );
      return { keyPackage: bundle.keyPackage().toMlsMessage(), privateKeys: serializeKeyPackageBundle(bundle) };
    },
  };
}
