/** Code points with their names in RFC 9420 §17, as fields of a view. */

import { CredentialType, ExtensionType, isGrease } from "../mls/codec/code-points.ts";
import { RFC_9420, type SuiteProfile, suiteOf } from "../mls/suite-profile.ts";
import { type Leaf, leaf } from "./field.ts";
import { dateOf } from "./text.ts";

/** Of draft-ietf-mls-extensions-10, which IANA has not assigned: shown by name, and unknown to the library. */
export const DraftExtensionType = { SupportedWireFormats: 0x0007, RequiredWireFormats: 0x0008 } as const;

const EXTENSION_TYPES = { ...ExtensionType, ...DraftExtensionType };

/** multi and weak-multi are the draft's. */
const CREDENTIAL_TYPES = { ...CredentialType, Multi: 0x0003, WeakMulti: 0x0004 };

/** RFC 9420 §17.4, and from 8 the draft's. */
const PROPOSAL_TYPES = {
  Add: 0x0001,
  Update: 0x0002,
  Remove: 0x0003,
  Psk: 0x0004,
  Reinit: 0x0005,
  ExternalInit: 0x0006,
  GroupContextExtensions: 0x0007,
  AppDataUpdate: 0x0008,
  AppEphemeral: 0x0009,
  SelfRemove: 0x000a,
};

export const codePoint = (value: number): Leaf => leaf(value, isGrease(value) ? `${value} GREASE` : String(value));

export const version = (value: number): Leaf => (value === 1 ? leaf(1, "1 mls10") : codePoint(value));

export const suite = (value: number, profile: SuiteProfile = RFC_9420): Leaf => {
  const known = suiteOf(profile, value);
  return known === undefined ? codePoint(value) : leaf(value, `${value} ${known.name}`);
};

export const extensionType = (value: number): Leaf => named(value, EXTENSION_TYPES);

export const credentialType = (value: number): Leaf => named(value, CREDENTIAL_TYPES);

export const proposalType = (value: number): Leaf => named(value, PROPOSAL_TYPES);

export const list = (values: readonly number[], name: (value: number) => Leaf): Leaf =>
  leaf(values, values.length === 0 ? "none" : values.map((value) => name(value).text).join(", "));

/** Lifetimes may be larger than a number of JSON can hold: in JSON, they are text. */
export const time = (seconds: bigint): Leaf => {
  const date = dateOf(seconds);
  return leaf(String(seconds), date === String(seconds) ? date : `${seconds} ${date}`);
};

/** From the names in code: `LastResort` is last_resort. */
function named(value: number, names: Readonly<Record<string, number>>): Leaf {
  const name = Object.keys(names).find((candidate) => names[candidate] === value);
  if (name === undefined) return codePoint(value);
  return leaf(value, `${value} ${name.replace(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase()}`);
}
