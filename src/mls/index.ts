/**
 * KeyPackages of RFC 9420 §10: bytes in, verdict out. No I/O and no platform types; the clock is an argument and all
 * cryptography a port (`CryptoProvider`).
 */

export {
  Aead,
  CIPHERSUITES,
  Ciphersuite,
  type CiphersuiteInfo,
  type CiphersuiteParts,
  ciphersuiteInfo,
  type HashAlgorithm,
  isCiphersuite,
  Kem,
  makeCiphersuite,
  SignatureScheme,
  type SignatureSchemeName,
  type Suite,
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
export { Reader } from "./codec/reader.ts";
export { Writer } from "./codec/writer.ts";
export { BasicCredential } from "./credentials/basic-credential.ts";
export { Credential, type CredentialWithKey } from "./credentials/credential.ts";
export { X509Credential } from "./credentials/x509-credential.ts";
export { nobleCrypto } from "./crypto/noble.ts";
export type {
  CryptoProvider,
  CryptoVerifier,
  HpkeKeyPairBytes,
  SignatureItem,
  SignatureKeyPairBytes,
  SignaturePolicy,
  SuiteUse,
} from "./crypto/provider.ts";
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
  UnsupportedByProviderError,
} from "./errors.ts";
export {
  type GenerateOptions,
  type GenerateProgress,
  generateKeyPackages,
  type Identity,
  newIdentity,
} from "./idioms/generate-key-packages.ts";
export { type InspectedKeyPackage, inspectKeyPackage } from "./idioms/inspect-key-package.ts";
export {
  type KeyPackageProblem,
  type ValidateOptions,
  validateKeyPackage,
  validateKeyPackages,
} from "./idioms/validate-key-packages.ts";
export {
  type CreateOptions,
  KeyPackage,
  type KeyPackageBuilder,
  KeyPackageBundle,
  type KeyPackageParts,
  type KeyPackageProvider,
  type KeyPackageSettings,
  type KeyPackageStorage,
  type KeyPackageTbs,
} from "./key-package/key-package.ts";
export { KeyPackageIn } from "./key-package/key-package-in.ts";
export { KeyPackageRef, makeKeyPackageRef } from "./key-package/key-package-ref.ts";
export {
  deserializeKeyPackageBundle,
  InMemoryKeyPackageStorage,
  serializeKeyPackageBundle,
} from "./key-package/key-package-storage.ts";
export { encodeMlsMessage, isMlsMessage, splitMlsMessages } from "./key-package/mls-message.ts";
export { HpkePrivateKey, HpkePublicKey, InitKey, type PublicKeyBytes, SignaturePublicKey } from "./keys/key-types.ts";
export { hpkePublicKeyDefect, type PublicKeyDefect, signaturePublicKeyDefect } from "./keys/public-keys.ts";
export { SignatureKeyPair, type Signer } from "./keys/signer.ts";
export { AppDataDictionary, type ComponentData } from "./leaf-node/app-data-dictionary.ts";
export { Capabilities, type CapabilitiesBuilder, type CapabilityLists } from "./leaf-node/capabilities.ts";
export {
  type Extension,
  Extensions,
  type LastResortEncoding,
  type Placement,
  type RequiredCapabilities,
} from "./leaf-node/extensions.ts";
export { LeafNode, type LeafNodeFields, type LeafNodeSource } from "./leaf-node/leaf-node.ts";
export {
  DEFAULT_LIFETIME_SECONDS,
  LIFETIME_MARGIN_SECONDS,
  Lifetime,
  MAX_LIFETIME_RANGE_SECONDS,
} from "./leaf-node/lifetime.ts";
export { PROFILES } from "./named-profiles.ts";
export { readProfile } from "./profile-table.ts";
export type { Result } from "./result.ts";
export { makeProfile, RFC_9420, type SuiteProfile, suiteOf } from "./suite-profile.ts";
