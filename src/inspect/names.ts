/** Code points with their names in RFC 9420 §17, as fields of a view. */

import { CredentialType, ExtensionType, isGrease } from "../mls/codec/code-points.ts";
import { RFC_9420, type SuiteProfile, suiteOf } from "../mls/suite-profile.ts";
import { type Leaf, leaf } from "./field.ts";
import { dateOf } from "./text.ts";

export const codePoint = (value: number): Leaf => leaf(value, isGrease(value) ? `${value} GREASE` : String(value));

export const version = (value: number): Leaf => (value === 1 ? leaf(1, "1 mls10") : codePoint(value));

export const suite = (value: number, profile: SuiteProfile = RFC_9420): Leaf => {
  const known = suiteOf(profile, value);
  return known === undefined ? codePoint(value) : leaf(value, `${value} ${known.name}`);
};

export const extensionType = (value: number): Leaf => named(value, ExtensionType);

export const credentialType = (value: number): Leaf => named(value, CredentialType);

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
