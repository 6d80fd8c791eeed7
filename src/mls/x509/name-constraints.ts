/**
 * Name constraints (RFC 5280 §4.2.1.10, §6.1.4 (g)): which names an authority may certify, it and those below it. Pure.
 * Of each form: a name is inside one of the permitted subtrees, if there is one of its form, and inside none that is
 * excluded. What cannot be compared is not inside what is permitted, and counts as inside what is excluded.
 */
import { equalBytes } from "../codec/byte-strings.ts";
import type { DirectoryName, GeneralName } from "./general-names.ts";

/** The base of a subtree. Of an IP address: address and mask. */
export type Subtree = Exclude<GeneralName, { form: "unsupported" }>;

export type NameConstraints = { readonly permitted: readonly Subtree[]; readonly excluded: readonly Subtree[] };

/** The first name that the constraints do not allow, with why; undefined if all may stand. */
export function forbiddenName(
  { permitted, excluded }: NameConstraints,
  names: readonly GeneralName[],
): { readonly name: GeneralName; readonly problem: string } | undefined {
  for (const name of names) {
    const ofForm = permitted.filter(({ form }) => form === name.form);
    if (excluded.some((subtree) => isWithin(name, subtree) !== false)) return { name, problem: "is excluded" };
    if (ofForm.length > 0 && !ofForm.some((subtree) => isWithin(name, subtree) === true)) {
      return { name, problem: "is outside of what is permitted" };
    }
  }
  return undefined;
}

/** Whether a name is inside a subtree; undefined if it is of the form and cannot be compared. */
function isWithin(name: GeneralName, subtree: Subtree): boolean | undefined {
  if (name.form === "dns" && subtree.form === "dns") return hostIsWithin(name.text, subtree.text, true);
  if (name.form === "uri" && subtree.form === "uri") return uriIsWithin(name.text, subtree.text);
  if (name.form === "email" && subtree.form === "email") return mailboxIsWithin(name.text, subtree.text);
  if (name.form === "ip" && subtree.form === "ip") return addressIsWithin(name.bytes, subtree.bytes);
  if (name.form === "directory" && subtree.form === "directory") return startsWith(name.name, subtree.name);
  return false;
}

const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?";
const HOST = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
/** A last label of digits makes an address of IPv4, not a name. */
const ADDRESS = /(?:^|\.)\d+$/;

/** Whether the base of a subtree is one: a host, one behind a dot, or nothing, which is every host. */
export const isHostConstraint = (base: string): boolean => base === "" || HOST.test(base.replace(/^\./, ""));

/** Of a DNS name all hosts below a base are inside; of URIs and mail only where the base begins with a dot. */
function hostIsWithin(host: string, base: string, below: boolean): boolean | undefined {
  if (!HOST.test(host)) return undefined;
  const [name, suffix] = [host.toLowerCase(), base.toLowerCase()];
  if (suffix === "" || name === suffix) return true;
  return name.endsWith(suffix.startsWith(".") ? suffix : `.${suffix}`) && (below || suffix.startsWith("."));
}

/** The authority of a URI that RFC 3986 §3.2 allows, without the user before the host. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?([A-Za-z0-9._-]+)(?::\d*)?(?:[/?#].*)?$/;

/** By its host, which has to be a name (RFC 5280 §4.2.1.10): URIs without one, or with an address, cannot be compared. */
function uriIsWithin(uri: string, base: string): boolean | undefined {
  const host = URI.exec(uri)?.[1];
  return host === undefined || ADDRESS.test(host) ? undefined : hostIsWithin(host, base, false);
}

const MAILBOX = /^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+)@([^@]+)$/;

/** Whether the base of a subtree of mail is one: an address, or what a host may be. */
export const isMailConstraint = (base: string): boolean => MAILBOX.test(base) || isHostConstraint(base);

/** A base is one mailbox, all of a host, or of all hosts below one. */
function mailboxIsWithin(mailbox: string, base: string): boolean | undefined {
  const [, local, host] = MAILBOX.exec(mailbox) ?? [];
  if (local === undefined || host === undefined || !HOST.test(host)) return undefined;
  const [, baseLocal, baseHost] = MAILBOX.exec(base) ?? [];
  if (baseLocal === undefined || baseHost === undefined) return hostIsWithin(host, base, false);
  return local === baseLocal && host.toLowerCase() === baseHost.toLowerCase();
}

/** Whether it is an address of IPv4 or IPv6 and a mask whose ones come first. */
export function isAddressConstraint(base: Uint8Array): boolean {
  if (base.length !== 8 && base.length !== 32) return false;
  const mask = [...base.subarray(base.length / 2)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return !mask.includes("01");
}

function addressIsWithin(address: Uint8Array, base: Uint8Array): boolean | undefined {
  if (address.length !== 4 && address.length !== 16) return undefined;
  if (2 * address.length !== base.length) return false;
  const mask = base.subarray(address.length);
  const masked = (bytes: Uint8Array) => bytes.map((byte, i) => byte & (mask[i] ?? 0));
  return equalBytes(masked(address), masked(base.subarray(0, address.length)));
}

const startsWith = (name: DirectoryName, base: DirectoryName): boolean => base.every((part, i) => part === name[i]);
