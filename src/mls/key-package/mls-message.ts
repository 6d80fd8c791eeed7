import { ProtocolVersion, WireFormat } from "../codec/code-points.ts";
import { Reader } from "../codec/reader.ts";
import { Writer } from "../codec/writer.ts";
import type { DecodeError } from "../errors.ts";
import { err, ok, type Result } from "../result.ts";

/** Bytes of `version` and `wire_format` before the KeyPackage of an MLSMessage, RFC 9420 §6. */
export const MLS_MESSAGE_HEADER_BYTES = 4;

/** MLSMessage { version = mls10, wire_format = mls_key_package, key_package }, RFC 9420 §6. */
export function encodeMlsMessage(keyPackage: Uint8Array): Uint8Array {
  return new Writer().u16(ProtocolVersion.Mls10).u16(WireFormat.KeyPackage).raw(keyPackage).finish();
}

/**
 * Whether bytes are an MLSMessage rather than a bare KeyPackage. Never ambiguous: `0005 0001` at offset 2 of a bare
 * KeyPackage would be suite 5 with an init key of no bytes.
 */
export function isMlsMessage(bytes: Uint8Array): boolean {
  return bytes[2] === 0 && bytes[3] === WireFormat.KeyPackage && bytes[4] === 0 && bytes[5] === ProtocolVersion.Mls10;
}

/**
 * Cuts a body of `message/mls` (RFC 9420 §17.10), which is MLSMessages one after the other, into views of each.
 * Only the fields that determine its length are read of a message, so that one that is refused later does not affect the
 * others. Where such a field is wrong, the rest cannot be split: `error` has the offset and the index of the message.
 * After `most` messages the rest is left alone.
 */
export function splitMlsMessages(
  bytes: Uint8Array,
  most = Number.POSITIVE_INFINITY,
): Result<Uint8Array[], DecodeError & { readonly index: number }> {
  const messages: Uint8Array[] = [];
  const reader = Reader.over(bytes);
  while (reader.remaining > 0 && messages.length < most) {
    const start = reader.position;
    skipMlsMessage(reader);
    if (reader.failure !== undefined) return err({ ...reader.failure, index: messages.length });
    messages.push(reader.slice(start, reader.position));
  }
  return ok(messages);
}

function skipMlsMessage(reader: Reader): void {
  reader.u16();
  const wireFormat = reader.u16();
  if (wireFormat !== WireFormat.KeyPackage) {
    reader.fail("UnknownValue", `wire format ${wireFormat} is not mls_key_package`);
  }
  reader.take(4);
  reader.opaque();
  skipLeafNode(reader);
  reader.opaque();
  reader.opaque();
}

function skipLeafNode(reader: Reader): void {
  reader.opaque();
  reader.opaque();
  reader.u16();
  reader.opaque();
  for (let list = 0; list < 5; list++) reader.opaque();
  const source = reader.u8();
  if (source === 1) reader.take(16);
  else if (source === 3) reader.opaque();
  else if (source !== 2) reader.fail("UnknownValue", `unknown leaf_node_source ${source}`);
  reader.opaque();
  reader.opaque();
}
