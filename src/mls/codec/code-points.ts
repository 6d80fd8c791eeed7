/** Registries of RFC 9420 §17 and of draft-ietf-mls-extensions, as plain 16-bit numbers: unknown values are legal. */

/** RFC 9420 §6. */
export const ProtocolVersion = { Mls10: 1 } as const;
/** The number of a version that this library knows. */
export type ProtocolVersion = (typeof ProtocolVersion)[keyof typeof ProtocolVersion];

/** RFC 9420 §17.2; this library needs only mls_key_package. */
export const WireFormat = { KeyPackage: 5 } as const;

/** RFC 9420 §17.5. */
export const CredentialType = { Basic: 1, X509: 2 } as const;

/** RFC 9420 §17.3; app_data_dictionary and last_resort from draft-ietf-mls-extensions (two of its versions). */
export const ExtensionType = {
  ApplicationId: 0x0001,
  RatchetTree: 0x0002,
  RequiredCapabilities: 0x0003,
  ExternalPub: 0x0004,
  ExternalSenders: 0x0005,
  AppDataDictionary: 0x0006,
  LastResort: 0x000a,
} as const;

/** Component of an AppDataDictionary that marks a last resort in later versions of draft-ietf-mls-extensions. */
export const LAST_RESORT_COMPONENT_ID = 0x0004;

/** Extension types 1 to 5, which every client supports and which must not be listed in capabilities (RFC 9420 §7.2). */
export function isDefaultExtensionType(type: number): boolean {
  return type >= 1 && type <= 5;
}

/** Proposal types 1 to 7, by the same rule. Credential types have no defaults. */
export function isDefaultProposalType(type: number): boolean {
  return type >= 1 && type <= 7;
}

/** The fifteen values of RFC 9420 §13.5: 0x0A0A, 0x1A1A … 0xEAEA. 0xFAFA is not one. */
export function isGrease(value: number): boolean {
  return value >> 8 === (value & 0xff) && (value & 0x0f) === 0x0a && value < 0xf000;
}
