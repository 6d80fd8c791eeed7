/**
 * What can be read of an MLSMessage that is not a KeyPackage (RFC 9420 §6): everything that is not encrypted. Nothing is
 * verified; only a member of the group can.
 */
import { Reader } from "../mls/codec/reader.ts";
import type { DecodeError } from "../mls/errors.ts";
import { MLS_MESSAGE_HEADER_BYTES } from "../mls/key-package/mls-message.ts";
import { PROFILES } from "../mls/named-profiles.ts";
import { RFC_9420, type SuiteProfile, suiteOf } from "../mls/suite-profile.ts";
import { type Field, type Leaf, leaf } from "./field.ts";
import { type Body, FieldReader, leafOfLength } from "./field-reader.ts";
import { codePoint, extensionType, suite, version } from "./names.ts";

export type OtherMessage = {
  readonly wireFormat: keyof typeof MESSAGES;
  /** That of its struct. */
  readonly name: string;
  /** Who can read what. */
  readonly note: string;
  /** `version` and `wire_format`. */
  readonly header: readonly Field[];
  /** Where there is a failure, those up to it. */
  readonly fields: readonly Field[];
  readonly failure: DecodeError | undefined;
};

const WIRE_FORMATS = {
  1: "mls_public_message",
  2: "mls_private_message",
  3: "mls_welcome",
  4: "mls_group_info",
} as const;

const MESSAGES = {
  mls_public_message: {
    name: "PublicMessage",
    body: () => publicMessage,
    makesSense: hasEpoch,
    note: "signed, not encrypted: whoever carries it can read all of it",
  },
  mls_private_message: {
    name: "PrivateMessage",
    body: () => privateMessage,
    makesSense: hasEpoch,
    note: "sender and content are encrypted; only members can read them",
  },
  mls_welcome: {
    name: "Welcome",
    body: welcome,
    makesSense: hasSuite,
    note: "whose packages were used is public; the rest is encrypted for them",
  },
  mls_group_info: {
    name: "GroupInfo",
    body: groupInfo,
    makesSense: hasVersion,
    note: "signed, not encrypted: whoever has it can read all of it",
  },
} as const;

const SENDER_TYPES = ["", "member", "external", "new_member_proposal", "new_member_commit"];
const CONTENT_TYPES = ["", "application", "proposal", "commit"];
/** Of the senders, the first two are followed by an index. */
const LAST_SENDER_WITH_INDEX = 2;

/** `version` and `wire_format` of an MLSMessage, RFC 9420 §6. */
export function* messageHeader(reader: FieldReader): Iterable<Field> {
  yield reader.u16("version", "RFC 9420 §6", version);
  yield reader.u16("wire_format", "RFC 9420 §6", wireFormat);
}

const wireFormat = (value: number): Leaf =>
  value === 5
    ? leaf(5, "5 mls_key_package")
    : value in WIRE_FORMATS
      ? leaf(value, `${value} ${WIRE_FORMATS[value as keyof typeof WIRE_FORMATS]}`)
      : codePoint(value);

/**
 * Undefined if the bytes do not begin as one of these messages. A bare KeyPackage of suite 1 to 4 begins so too: where the
 * bytes are not a whole message, they are one only if what comes first in it makes sense.
 */
export function readOtherMessage(bytes: Uint8Array, profile: SuiteProfile = RFC_9420): OtherMessage | undefined {
  const reader = FieldReader.over(bytes);
  const header = reader.fields(messageHeader);
  const [first, second] = header;
  const format = second?.kind === "value" ? Number(second.json) : 0;
  if (first?.kind !== "value" || first.json !== 1 || !(format in WIRE_FORMATS)) return undefined;
  const wireFormat = WIRE_FORMATS[format as keyof typeof WIRE_FORMATS];
  const { name, body, makesSense, note } = MESSAGES[wireFormat];
  const fields = reader.fields(body(profile));
  reader.expectEnd();
  const { failure } = reader;
  if (failure !== undefined && !makesSense(bytes)) return undefined;
  return { wireFormat, name, note, header, fields, failure };
}

/** Where a KeyPackage has the length of its init key, a Welcome has a suite that somebody knows. */
function hasSuite(bytes: Uint8Array): boolean {
  const [high, low] = bytes.subarray(MLS_MESSAGE_HEADER_BYTES);
  return low !== undefined && PROFILES.some((profile) => suiteOf(profile, (high ?? 0) * 256 + low) !== undefined);
}

/** There, the context of a GroupInfo has its version. */
function hasVersion(bytes: Uint8Array): boolean {
  const [high, low] = bytes.subarray(MLS_MESSAGE_HEADER_BYTES);
  return high === 0 && low === 1;
}

/** After a group id, which an init key may look like, comes an epoch that a group can reach; a key looks like none. */
function hasEpoch(bytes: Uint8Array): boolean {
  const reader = Reader.over(bytes);
  reader.take(MLS_MESSAGE_HEADER_BYTES);
  reader.opaque();
  const number = reader.u64();
  return reader.failure === undefined && number < LARGEST_EPOCH;
}

const LARGEST_EPOCH = 2n ** 48n;

function* publicMessage(reader: FieldReader): Iterable<Field> {
  yield reader.opaque("group_id", FRAMED);
  yield reader.value("epoch", FRAMED, epoch);
  yield reader.struct("sender", FRAMED, sender);
  yield reader.opaque("authenticated_data", FRAMED);
  yield reader.value("content_type", FRAMED, enumerated("content_type", CONTENT_TYPES));
  yield reader.value("content_and_signature", "RFC 9420 §6.1", (rest) => leafOfLength(rest.take(rest.remaining)));
}

function* sender(reader: FieldReader): Iterable<Field> {
  const type = reader.value("sender_type", FRAMED, enumerated("sender_type", SENDER_TYPES));
  yield type;
  if (type.json <= LAST_SENDER_WITH_INDEX) yield reader.value("sender_index", FRAMED, u32);
}

function* privateMessage(reader: FieldReader): Iterable<Field> {
  const source = "RFC 9420 §6.3";
  yield reader.opaque("group_id", source);
  yield reader.value("epoch", source, epoch);
  yield reader.value("content_type", source, enumerated("content_type", CONTENT_TYPES));
  yield reader.opaque("authenticated_data", source);
  yield reader.length("encrypted_sender_data", source);
  yield reader.length("ciphertext", source);
}

function welcome(profile: SuiteProfile): Body {
  const source = "RFC 9420 §12.4.3.1";
  return function* (reader) {
    yield reader.u16("cipher_suite", source, (value) => suite(value, profile));
    yield reader.list("secrets", source, function* (secret) {
      yield secret.opaque("new_member", source);
      yield secret.length("kem_output", source);
      yield secret.length("ciphertext", source);
    });
    yield reader.length("encrypted_group_info", source);
  };
}

function groupInfo(profile: SuiteProfile): Body {
  const source = "RFC 9420 §12.4.3";
  return function* (reader) {
    yield reader.struct("group_context", "RFC 9420 §8.1", groupContext(profile));
    yield reader.list("extensions", source, extension);
    yield reader.opaque("confirmation_tag", source);
    yield reader.value("signer", source, u32);
    yield reader.opaque("signature", source);
  };
}

function groupContext(profile: SuiteProfile): Body {
  const source = "RFC 9420 §8.1";
  return function* (reader) {
    yield reader.u16("version", source, version);
    yield reader.u16("cipher_suite", source, (value) => suite(value, profile));
    yield reader.opaque("group_id", source);
    yield reader.value("epoch", source, epoch);
    yield reader.opaque("tree_hash", source);
    yield reader.opaque("confirmed_transcript_hash", source);
    yield reader.list("extensions", source, extension);
  };
}

/** By length alone: a ratchet tree may have megabytes. */
const extension: Body = function* (reader) {
  yield reader.u16("extension_type", "RFC 9420 §17.3", extensionType);
  yield reader.length("extension_data", "RFC 9420 §13.4");
};

const FRAMED = "RFC 9420 §6";

const enumerated = (what: string, names: readonly string[]) => (reader: Reader) => {
  const value = reader.u8();
  const name = names[value];
  if (!name) reader.fail("UnknownValue", `unknown ${what} ${value}`);
  return { json: value, text: name ? `${value} ${name}` : codePoint(value).text };
};

const epoch = (reader: Reader): Leaf => leaf(String(reader.u64()));

const u32 = (reader: Reader): Leaf => leaf(reader.u16() * 65_536 + reader.u16());
