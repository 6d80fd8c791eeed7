/**
 * What can be read of an MLSMessage that is not a KeyPackage (RFC 9420 §6): everything that is not encrypted. Nothing is
 * verified; only a member of the group can.
 */
import { Reader } from "../mls/codec/reader.ts";
import type { Result, SuiteProfile } from "../mls/index.ts";
import { codePoint, extensionType, suite, version } from "./names.ts";
import { leaf, opaque, type View } from "./view.ts";

export type MessageView = {
  readonly name: keyof typeof VIEWS;
  /** Who can read what. */
  readonly note: string;
  readonly fields: View;
};

const WIRE_FORMATS = {
  1: "mls_public_message",
  2: "mls_private_message",
  3: "mls_welcome",
  4: "mls_group_info",
} as const;

const VIEWS = {
  mls_public_message: { read: publicMessage, note: "signed, not encrypted: whoever carries it can read all of it" },
  mls_private_message: { read: privateMessage, note: "sender and content are encrypted; only members can read them" },
  mls_welcome: { read: welcome, note: "whose packages were used is public; the rest is encrypted for them" },
  mls_group_info: { read: groupInfo, note: "signed, not encrypted: whoever has it can read all of it" },
} as const;

const SENDER_TYPES = ["", "member", "external", "new_member_proposal", "new_member_commit"];
const CONTENT_TYPES = ["", "application", "proposal", "commit"];
/** Of the senders, the first two are followed by an index. */
const LAST_SENDER_WITH_INDEX = 2;

/** Undefined if the bytes do not begin as one of these messages; an error if they begin so and do not go on so. */
export function viewMlsMessage(bytes: Uint8Array, profile?: SuiteProfile): Result<MessageView, string> | undefined {
  const reader = Reader.over(bytes);
  const isMls10 = reader.u16() === 1;
  const format = reader.u16();
  if (!isMls10 || !(format in WIRE_FORMATS)) return undefined;
  const name = WIRE_FORMATS[format as keyof typeof WIRE_FORMATS];
  const { read, note } = VIEWS[name];
  const fields = read(reader, profile);
  reader.expectEnd();
  const { failure } = reader;
  if (failure !== undefined)
    return { ok: false, error: `not a whole ${name}: ${failure.message}, at byte ${failure.offset}` };
  return { ok: true, value: { name, note, fields } };
}

function publicMessage(reader: Reader): View {
  const head = { group_id: opaque(reader.opaque()), epoch: leaf(String(reader.u64())) };
  const sender = enumerated(reader, "sender_type", SENDER_TYPES);
  const index = sender.json <= LAST_SENDER_WITH_INDEX ? { sender_index: leaf(u32(reader)) } : {};
  return {
    ...head,
    sender: { sender_type: sender, ...index },
    authenticated_data: opaque(reader.opaque()),
    content_type: enumerated(reader, "content_type", CONTENT_TYPES),
    content_and_signature: leafOfLength(reader.take(reader.remaining)),
  };
}

function privateMessage(reader: Reader): View {
  return {
    group_id: opaque(reader.opaque()),
    epoch: leaf(String(reader.u64())),
    content_type: enumerated(reader, "content_type", CONTENT_TYPES),
    authenticated_data: opaque(reader.opaque()),
    encrypted_sender_data: leafOfLength(reader.opaque()),
    ciphertext: leafOfLength(reader.opaque()),
  };
}

function welcome(reader: Reader, profile?: SuiteProfile): View {
  const ciphersuite = suite(reader.u16(), profile);
  const secrets: View[] = [];
  const vector = reader.vector();
  while (vector.remaining > 0) {
    secrets.push({
      new_member: opaque(vector.opaque()),
      kem_output: leafOfLength(vector.opaque()),
      ciphertext: leafOfLength(vector.opaque()),
    });
  }
  return { cipher_suite: ciphersuite, secrets, encrypted_group_info: leafOfLength(reader.opaque()) };
}

function groupInfo(reader: Reader, profile?: SuiteProfile): View {
  return {
    group_context: {
      version: version(reader.u16()),
      cipher_suite: suite(reader.u16(), profile),
      group_id: opaque(reader.opaque()),
      epoch: leaf(String(reader.u64())),
      tree_hash: opaque(reader.opaque()),
      confirmed_transcript_hash: opaque(reader.opaque()),
      extensions: extensions(reader),
    },
    extensions: extensions(reader),
    confirmation_tag: opaque(reader.opaque()),
    signer: leaf(u32(reader)),
    signature: opaque(reader.opaque()),
  };
}

/** By length alone: a ratchet tree may have megabytes. */
function extensions(reader: Reader): View[] {
  const found: View[] = [];
  const vector = reader.vector();
  while (vector.remaining > 0) {
    found.push({ extension_type: extensionType(vector.u16()), extension_data: leafOfLength(vector.opaque()) });
  }
  return found;
}

function enumerated(reader: Reader, what: string, names: readonly string[]) {
  const value = reader.u8();
  const name = names[value];
  if (!name) reader.fail("UnknownValue", `unknown ${what} ${value}`);
  return { json: value, text: name ? `${value} ${name}` : codePoint(value).text };
}

const leafOfLength = (bytes: Uint8Array) => leaf(bytes.length, `${bytes.length} bytes`);

const u32 = (reader: Reader): number => reader.u16() * 65_536 + reader.u16();
