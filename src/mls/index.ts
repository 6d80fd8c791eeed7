/**
 * KeyPackages of RFC 9420 §10: bytes in, verdict out. No I/O and no platform types; the clock is an argument and all
 * cryptography a port (`CryptoProvider`).
 */

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
} from "./codec/code-points.ts";
export { BasicCredential } from "./credentials/basic-credential.ts";
export { Credential } from "./credentials/credential.ts";
export type { CredentialWithKey } from "./credentials/credential-with-key.ts";
export { X509Credential } from "./credentials/x509-credential.ts";
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
export { KeyPackage } from "./key-package/key-package.ts";
export type { KeyPackageBuilder, KeyPackageProvider, LastResortEncoding } from "./key-package/key-package-builder.ts";
export { KeyPackageBundle } from "./key-package/key-package-bundle.ts";
export { deserializeKeyPackageBundle, serializeKeyPackageBundle } from "./key-package/key-package-bundle-codec.ts";
export { KeyPackageIn } from "./key-package/key-package-in.ts";
export { KeyPackageRef, makeKeyPackageRef } from "./key-package/key-package-ref.ts";
export { InMemoryKeyPackageStorage, type KeyPackageStorage } from "./key-package/key-package-storage.ts";
export type { KeyPackageTbs } from "./key-package/key-package-tbs.ts";
export { encodeMlsMessage, isMlsMessage, splitMlsMessages } from "./key-package/mls-message.ts";
export { HpkePrivateKey } from "./keys/hpke-private-key.ts";
export { HpkePublicKey } from "./keys/hpke-public-key.ts";
export { InitKey } from "./keys/init-key.ts";
export { hpkePublicKeyDefect, type PublicKeyDefect, signaturePublicKeyDefect } from "./keys/public-keys.ts";
export { SignaturePublicKey } from "./keys/signature-public-key.ts";
export { SignatureKeyPair, type Signer } from "./keys/signer.ts";
export { AppDataDictionary, type ComponentData } from "./leaf-node/app-data-dictionary.ts";
export { Capabilities, type CapabilityLists } from "./leaf-node/capabilities.ts";
export type { Extension, Placement } from "./leaf-node/extension.ts";
export { Extensions, type RequiredCapabilities } from "./leaf-node/extensions.ts";
export { LeafNode, type LeafNodeFields, type LeafNodeSource } from "./leaf-node/leaf-node.ts";
export {
  DEFAULT_LIFETIME_SECONDS,
  LIFETIME_MARGIN_SECONDS,
  Lifetime,
  MAX_LIFETIME_RANGE_SECONDS,
} from "./leaf-node/lifetime.ts";
export type { Result } from "./result.ts";
export { x509Verifier } from "./x509/x509-chain.ts";
export type { X509Error, X509Identity, X509Verifier } from "./x509/x509-verifier.ts";
