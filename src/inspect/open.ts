/** What bytes are, and their fields: a KeyPackage, or another MLSMessage by what is public in it. */
import type { KeyPackageDecodeError } from "../mls/errors.ts";
import { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import { isMlsMessage, MLS_MESSAGE_HEADER_BYTES } from "../mls/key-package/mls-message.ts";
import { RFC_9420, type SuiteProfile } from "../mls/suite-profile.ts";
import type { Field } from "./field.ts";
import { FieldReader } from "./field-reader.ts";
import { keyPackageFields } from "./key-package-fields.ts";
import { messageHeader, type OtherMessage, readOtherMessage } from "./other-messages.ts";

export type Opened = {
  readonly what: string;
  /** `version` and `wire_format` of an MLSMessage; none of a bare KeyPackage. */
  readonly header: readonly Field[];
  readonly fields: readonly Field[];
} & (
  | { readonly kind: "key_package"; readonly received: KeyPackageIn }
  | { readonly kind: "other"; readonly note: string }
  /** Neither of them. The fields before the damage are those of a KeyPackage. */
  | { readonly kind: "malformed"; readonly code: string; readonly problem: string; readonly offset: number | undefined }
);

/** `profile` says what the numbers of suites mean. */
export function open(bytes: Uint8Array, profile: SuiteProfile = RFC_9420): Opened {
  const decoded = KeyPackageIn.fromBytes(bytes, profile);
  const isMessage = isMlsMessage(bytes);
  const what = isMessage ? "MLSMessage(mls_key_package)" : "KeyPackage";
  if (decoded.ok) return { kind: "key_package", what, received: decoded.value, ...fieldsOf(bytes, isMessage, profile) };
  const other = readOtherMessage(bytes, profile);
  if (other?.ok) return shownOther(other.value);
  const offset = offsetOf(decoded.error, isMessage);
  const where = offset === undefined ? "" : `, at byte ${offset}`;
  const problem = `${decoded.error.message}${where}${other === undefined ? "" : `; ${other.error}`}`;
  return { kind: "malformed", what, code: decoded.error.code, problem, offset, ...fieldsOf(bytes, isMessage, profile) };
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

const shownOther = ({ name, note, header, fields }: OtherMessage): Opened => ({
  kind: "other",
  what: `MLSMessage(${name})`,
  note,
  header,
  fields,
});

function fieldsOf(bytes: Uint8Array, isMessage: boolean, profile: SuiteProfile): Pick<Opened, "header" | "fields"> {
  const reader = FieldReader.over(bytes);
  const header = isMessage ? reader.fields(messageHeader) : [];
  return { header, fields: reader.fields(keyPackageFields(profile)) };
}

/** Errors count from the start of the KeyPackage, people from the start of what they gave. */
function offsetOf(error: KeyPackageDecodeError, isMessage: boolean): number | undefined {
  if (error.code === "UnknownCiphersuite") return undefined;
  return isMessage ? error.offset + MLS_MESSAGE_HEADER_BYTES : error.offset;
}
