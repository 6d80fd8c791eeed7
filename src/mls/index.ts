/**
 * KeyPackages of RFC 9420 §10: bytes in, verdict out. No I/O and no platform types; the clock is an argument and all
 * cryptography a port (`CryptoProvider`).
 */
export { AppDataDictionary, type ComponentData } from "./app-data-dictionary.ts";
export { BasicCredential } from "./basic-credential.ts";
export { Capabilities, type CapabilityLists } from "./capabilities.ts";
export {
  CIPHERSUITES,
  Ciphersuite,
  type CiphersuiteInfo,
  ciphersuiteInfo,
  type HashAlgorithm,
  isCiphersuite,
  Kem,
  SignatureScheme,
  type SignatureSchemeName,
  signaturePublicKeyBytes,
  signatureSchemeName,
} from "./ciphersuite.ts";
export {
  CredentialType,
  ExtensionType,
  isDefaultExtensionType,
  isDefaultProposalType,
  isGrease,
  LAST_RESORT_COMPONENT_ID,
  ProtocolVersion,
} from "./code-points.ts";
export { Credential } from "./credential.ts";
export type { CredentialWithKey } from "./credential-with-key.ts";
export { nobleCrypto } from "./crypto/noble.ts";
export type { CryptoProvider, HpkeKeyPairBytes, SignatureItem, SignatureKeyPairBytes } from "./crypto/provider.ts";
export { webCrypto } from "./crypto/webcrypto.ts";
export type {
  DecodeError,
  InvalidExtensionError,
  KeyPackageDecodeError,
  KeyPackageExtensionSupportError,
  KeyPackageNewError,
  KeyPackageVerifyError,
  LifetimeError,
  UnknownCiphersuiteError,
} from "./errors.ts";
export type { Extension, Placement } from "./extension.ts";
export { Extensions, type RequiredCapabilities } from "./extensions.ts";
export { HpkePrivateKey } from "./hpke-private-key.ts";
export { HpkePublicKey } from "./hpke-public-key.ts";
export { InitKey } from "./init-key.ts";
export { KeyPackage } from "./key-package.ts";
export type { KeyPackageBuilder, KeyPackageProvider, LastResortEncoding } from "./key-package-builder.ts";
export { KeyPackageBundle } from "./key-package-bundle.ts";
export { deserializeKeyPackageBundle, serializeKeyPackageBundle } from "./key-package-bundle-codec.ts";
export { KeyPackageIn } from "./key-package-in.ts";
export { KeyPackageRef, makeKeyPackageRef } from "./key-package-ref.ts";
export { InMemoryKeyPackageStorage, type KeyPackageStorage } from "./key-package-storage.ts";
export type { KeyPackageTbs } from "./key-package-tbs.ts";
export { LeafNode, type LeafNodeFields, type LeafNodeSource } from "./leaf-node.ts";
export { DEFAULT_LIFETIME_SECONDS, LIFETIME_MARGIN_SECONDS, Lifetime, MAX_LIFETIME_RANGE_SECONDS } from "./lifetime.ts";
export { encodeMlsMessage, isMlsMessage, splitMlsMessages } from "./mls-message.ts";
export { hpkePublicKeyDefect, type PublicKeyDefect, signaturePublicKeyDefect } from "./public-keys.ts";
export type { Result } from "./result.ts";
export { SignaturePublicKey } from "./signature-public-key.ts";
export { SignatureKeyPair, type Signer } from "./signer.ts";
export { x509Verifier } from "./x509-chain.ts";
export { X509Credential } from "./x509-credential.ts";
export type { X509Error, X509Identity, X509Verifier } from "./x509-verifier.ts";
