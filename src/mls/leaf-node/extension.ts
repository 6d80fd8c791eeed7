import { ExtensionType, LAST_RESORT_COMPONENT_ID } from "../codec/code-points.ts";
import type { Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";
import { Credential } from "../credentials/credential.ts";
import { AppDataDictionary } from "./app-data-dictionary.ts";

/** Structs that carry a list of extensions, as far as this library knows them (RFC 9420 §17.3, column Message(s)). */
export type Placement = "KeyPackage" | "LeafNode";

/**
 * ```
 * struct { ExtensionType extension_type; opaque extension_data<V>; } Extension;   // RFC 9420 §13
 * ```
 */
export type Extension = { readonly extensionType: number; readonly data: Uint8Array };

/** Reads one, and fails the reader where a known type does not hold its struct. */
export function decodeExtension(reader: Reader): Extension {
  const extensionType = reader.u16();
  const body = reader.vector();
  const start = body.position;
  const data = reader.slice(start, start + body.remaining);
  expectExtensionData(extensionType, body);
  return { extensionType, data };
}

/** Writes the struct. */
export function encodeExtension(writer: Writer, extension: Extension): void {
  writer.u16(extension.extensionType).opaque(extension.data);
}

/** Whether a type may stand there; types that nobody has defined may stand anywhere (RFC 9420 §13.4). */
export function isValidIn(placement: Placement, extensionType: number): boolean {
  switch (extensionType) {
    case ExtensionType.ApplicationId:
      return placement === "LeafNode";
    case ExtensionType.LastResort:
      return placement === "KeyPackage";
    case ExtensionType.RatchetTree:
    case ExtensionType.RequiredCapabilities:
    case ExtensionType.ExternalPub:
    case ExtensionType.ExternalSenders:
      return false;
    default:
      return true;
  }
}

/**
 * Fails the reader unless it holds exactly the struct of a known type. A ratchet tree stays opaque: it may stand
 * neither in a KeyPackage nor in a LeafNode, so nobody looks into it.
 */
export function expectExtensionData(extensionType: number, data: Reader): void {
  switch (extensionType) {
    case ExtensionType.ApplicationId:
    case ExtensionType.ExternalPub:
      data.opaque();
      break;
    case ExtensionType.RequiredCapabilities:
      data.u16s();
      data.u16s();
      data.u16s();
      break;
    case ExtensionType.ExternalSenders:
      skipExternalSenders(data);
      break;
    case ExtensionType.AppDataDictionary: {
      const marker = AppDataDictionary.decode(data).get(LAST_RESORT_COMPONENT_ID) ?? [];
      if (marker.length > 0) data.fail("DecodingError", "the last resort component must be empty");
      break;
    }
    case ExtensionType.LastResort:
      if (data.remaining > 0) data.fail("DecodingError", "the last resort extension must be empty");
      break;
    default:
      return;
  }
  data.expectEnd();
}

function skipExternalSenders(data: Reader): void {
  const senders = data.vector();
  while (senders.remaining > 0) {
    senders.opaque();
    Credential.decode(senders);
  }
}
