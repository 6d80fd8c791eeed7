/** What is looked at, in the fragment of the address: browsers keep it to themselves. */

import { fromHex, hexOf } from "../../inspect/hex.ts";
import { PROFILES } from "../../mls/named-profiles.ts";
import { POLICY_NAMES, type PolicyName } from "./policy-names.ts";

export type Place = {
  readonly bytes: Uint8Array | undefined;
  /** Unix seconds at which it is judged; undefined for now. */
  readonly at: number | undefined;
  readonly policy: PolicyName;
  /** The name of the profile whose suite numbers it is read with; undefined for the likely one. */
  readonly profile: string | undefined;
  /** The path of a field, as `leaf_node.signature_key`. */
  readonly field: string | undefined;
};

/** Longer than any KeyPackage; addresses that are longer than that are cut somewhere on their way. */
const MOST_LINKED_BYTES = 16_384;
export const MOST_LINKED = `${MOST_LINKED_BYTES.toLocaleString("en")} bytes`;

export const isLinkable = (bytes: Uint8Array): boolean => bytes.length <= MOST_LINKED_BYTES;

/** Of the year 9999, the last that calendars and their controls have room for. In unix seconds. */
export const LAST_SECOND = 253_402_300_799;

/** `damage` says why there are no bytes, if there should be some. */
export type ReadPlace = Place & { readonly damage: string | undefined };

export function readPlace(fragment: string): ReadPlace {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const text = values.get("kp") ?? "";
  const at = values.get("at") ?? "";
  const policy = POLICY_NAMES.find((name) => name === values.get("policy")) ?? "directory";
  const bytes = text.length <= 2 * MOST_LINKED_BYTES ? fromHex(text) : undefined;
  const isDamaged = values.has("kp") && bytes === undefined;
  return {
    bytes,
    damage: isDamaged
      ? `expected pairs of hex digits, of at most ${MOST_LINKED}, got ${text.length.toLocaleString("en")} characters`
      : undefined,
    at: /^\d{1,12}$/.test(at) && Number(at) <= LAST_SECOND ? Number(at) : undefined,
    policy,
    profile: PROFILES.find(({ name }) => name === values.get("profile"))?.name,
    field: values.get("field") ?? undefined,
  };
}

export function writePlace({ bytes, at, policy, profile, field }: Place): string {
  if (bytes === undefined || !isLinkable(bytes)) return "";
  const values = new URLSearchParams({ kp: hexOf(bytes) });
  if (at !== undefined) values.set("at", String(at));
  if (policy !== "directory") values.set("policy", policy);
  if (profile !== undefined) values.set("profile", profile);
  if (field !== undefined) values.set("field", field);
  return `#${values}`;
}
