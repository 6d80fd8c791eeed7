/** What bytes are, and their fields: a KeyPackage, or another MLSMessage by what is public in it. */
import { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import { isMlsMessage } from "../mls/key-package/mls-message.ts";
import { RFC_9420, type SuiteProfile } from "../mls/suite-profile.ts";
import type { Field } from "./field.ts";
import { FieldReader } from "./field-reader.ts";
import { keyPackageFields } from "./key-package-fields.ts";
import { messageHeader, type OtherMessage, readOtherMessage } from "./other-messages.ts";

export type Opened = {
  readonly what: string;
  /** The name of its struct in the RFC. */
  readonly name: string;
  /** `version` and `wire_format` of an MLSMessage; none of a bare KeyPackage. */
  readonly header: readonly Field[];
  /** Of what is not whole, those before the damage. */
  readonly fields: readonly Field[];
} & (
  | { readonly kind: "key_package"; readonly received: KeyPackageIn }
  | { readonly kind: "other"; readonly note: string }
  | { readonly kind: "malformed"; readonly code: string; readonly problem: string; readonly offset: number | undefined }
);

/** Whether a directory would say anything of it: of what is, or should be, a KeyPackage. */
export const isForDirectories = ({ name }: Opened): boolean => name === KEY_PACKAGE;

const KEY_PACKAGE = "KeyPackage";

/** `profile` says what the numbers of suites mean. */
export function open(bytes: Uint8Array, profile: SuiteProfile = RFC_9420): Opened {
  const decoded = KeyPackageIn.fromBytes(bytes, profile);
  const isMessage = isMlsMessage(bytes);
  const what = isMessage ? "MLSMessage(mls_key_package)" : KEY_PACKAGE;
  const own = { what, name: KEY_PACKAGE, ...fieldsOf(bytes, isMessage, profile) };
  if (decoded.ok) return { ...own, kind: "key_package", received: decoded.value };
  const other = readOtherMessage(bytes, profile);
  if (other !== undefined) return shownOther(other);
  const { error } = decoded;
  const offset = error.code === "UnknownCiphersuite" ? undefined : error.offset;
  return { ...own, kind: "malformed", code: error.code, ...problemAt(error.message, offset) };
}

/** All fields, each with a path of its own: a KeyPackage has a version too, and so the header of an MLSMessage is apart. */
export function fieldsWithHeader({ header, fields }: Pick<Opened, "header" | "fields">): readonly Field[] {
  const end = header.at(-1)?.span?.end;
  if (end === undefined) return fields;
  return [
    { kind: "struct", name: "MLSMessage", source: "RFC 9420 §6", span: { start: 0, end }, fields: header },
    ...fields,
  ];
}

function shownOther({ wireFormat, name, note, header, fields, failure }: OtherMessage): Opened {
  const own = { what: `MLSMessage(${wireFormat})`, name, header, fields };
  if (failure === undefined) return { ...own, kind: "other", note };
  return { ...own, kind: "malformed", code: failure.code, ...problemAt(failure.message, failure.offset) };
}

const problemAt = (message: string, offset: number | undefined) => ({
  problem: offset === undefined ? message : `${message}, at byte ${offset}`,
  offset,
});

function fieldsOf(bytes: Uint8Array, isMessage: boolean, profile: SuiteProfile): Pick<Opened, "header" | "fields"> {
  const reader = FieldReader.over(bytes);
  const header = isMessage ? reader.fields(messageHeader) : [];
  return { header, fields: reader.fields(keyPackageFields(profile)) };
}
