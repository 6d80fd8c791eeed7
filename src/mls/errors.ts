/**
 * Every expected failure of the library: a plain value with a discriminating `code`, named as the variant in OpenMLS
 * where it has one, a message, and the data that belongs to it. None carries key material.
 */

/** Why bytes are not the struct they should be; codes as in tls_codec. */
export type DecodeError = {
  readonly code: "EndOfStream" | "InvalidVectorLength" | "TrailingData" | "UnknownValue" | "DecodingError";
  readonly message: string;
  /** Bytes from the start of the input. */
  readonly offset: number;
};

/** A well-formed KeyPackage of a ciphersuite that the profile does not have: nothing in it can be verified. */
export type UnknownCiphersuiteError = {
  readonly code: "UnknownCiphersuite";
  readonly message: string;
  readonly ciphersuite: number;
};

/** Why bytes could not be decoded as a `KeyPackageIn`. */
export type KeyPackageDecodeError = DecodeError | UnknownCiphersuiteError;

/** Times in unix seconds. */
export type LifetimeError =
  | { readonly code: "Expired"; readonly message: string; readonly notAfter: bigint; readonly now: number }
  | { readonly code: "NotValidYet"; readonly message: string; readonly notBefore: bigint; readonly now: number };

/** Why `KeyPackageIn.validate` refuses; in the order in which the checks are made. */
export type KeyPackageVerifyError =
  | { readonly code: "InvalidLeafNodeSourceType"; readonly message: string }
  | { readonly code: "InvalidLeafNodeSignature"; readonly message: string }
  | { readonly code: "InvalidProtocolVersion"; readonly message: string; readonly version: number }
  | { readonly code: "InitKeyEqualsEncryptionKey"; readonly message: string }
  | { readonly code: "ExtensionTypeNotValidInKeyPackage"; readonly message: string; readonly extensionType: number }
  | { readonly code: "InvalidSignature"; readonly message: string }
  | { readonly code: "UnsupportedExtension"; readonly message: string; readonly extensionType: number }
  | { readonly code: "LifetimeError"; readonly message: string; readonly lifetime: LifetimeError };

/** The crypto provider lacks the suite, so that nothing of the package can be verified. */
export type UnsupportedByProviderError = {
  readonly code: "UnsupportedCiphersuite";
  readonly message: string;
  readonly ciphersuite: number;
};

/** Why `KeyPackageBuilder.build` failed. */
export type KeyPackageNewError =
  | { readonly code: "CiphersuiteSignatureSchemeMismatch"; readonly message: string }
  | UnsupportedByProviderError
  | { readonly code: "StorageError"; readonly message: string; readonly cause: unknown }
  | { readonly code: "SignatureError"; readonly message: string; readonly cause: unknown }
  | { readonly code: "LibraryError"; readonly message: string; readonly cause: unknown };

/** A required extension is not in `KeyPackage.extensions`. */
export type KeyPackageExtensionSupportError = {
  readonly code: "UnsupportedExtension";
  readonly message: string;
  readonly extensionType: number;
};

/** Why a list of extensions cannot be made or changed. */
export type InvalidExtensionError = {
  readonly code:
    | "Duplicate"
    | "NotFound"
    | "ExtensionTypeNotValidInKeyPackage"
    | "ExtensionTypeNotValidInLeafNode"
    | "InvalidExtensionData";
  readonly message: string;
  readonly extensionType: number;
};
