/**
 * What draft-ietf-mls-extensions puts into extensions: components of an AppDataDictionary, media types and wire formats. It
 * is shown beside the bytes and never judged: an application decides what its components mean, and where they may be.
 */
import { toHex } from "../mls/codec/byte-strings.ts";
import { ExtensionType } from "../mls/codec/code-points.ts";
import { Reader } from "../mls/codec/reader.ts";
import { AppDataDictionary, type ComponentData } from "../mls/leaf-node/app-data-dictionary.ts";
import { computed, type Field, leaf, opaque } from "./field.ts";
import { codePoint, DraftExtensionType, list } from "./names.ts";
import { printable } from "./text.ts";

const SOURCE = "draft-ietf-mls-extensions-10";

/** Suggested by draft-ietf-mls-extensions and draft-ietf-mimi-protocol; IANA has assigned none. */
const COMPONENTS: Readonly<Record<number, string>> = {
  1: "app_components",
  2: "safe_aad",
  3: "content_media_types",
  4: "last_resort_key_package",
  5: "app_ack",
  32: "frank_aad",
  33: "franking_signature_key",
  34: "participant_list",
  35: "room_metadata",
};

/** Fields that follow from the data of an extension; none for other types, and for data of another form. */
export function appDataFields(extensionType: number, data: Uint8Array): readonly Field[] {
  switch (extensionType) {
    case ExtensionType.AppDataDictionary: {
      const dictionary = AppDataDictionary.fromExtensionData(data);
      if (dictionary === undefined) return [];
      return [{ kind: "list", name: "components", source: SOURCE, items: dictionary.components().map(component) }];
    }
    case DraftExtensionType.SupportedWireFormats:
    case DraftExtensionType.RequiredWireFormats:
      return whole(data, (reader) => [computed("wire_formats", list(reader.u16s(), codePoint))]);
    default:
      return [];
  }
}

function component({ componentId, data }: ComponentData): Field[] {
  const name = COMPONENTS[componentId];
  const id = name === undefined ? codePoint(componentId) : leaf(componentId, `${componentId} ${name}`);
  return [computed("component_id", id), computed("data", opaque(data)), ...meaningOf(componentId, data)];
}

function meaningOf(componentId: number, data: Uint8Array): readonly Field[] {
  if (componentId === 1 || componentId === 2) {
    const named = (id: number) =>
      leaf(id, COMPONENTS[id] === undefined ? codePoint(id).text : `${id} ${COMPONENTS[id]}`);
    return whole(data, (reader) => [computed("component_ids", list(reader.u16s(), named))]);
  }
  return componentId === 3 ? whole(data, (reader) => [mediaTypes(reader)]) : [];
}

/** `MediaType { opaque media_type<V>; Parameter parameters<V>; } media_types<V>`, of which a parameter is two opaque<V>. */
function mediaTypes(reader: Reader): Field {
  const items: Field[][] = [];
  const types = reader.vector();
  while (types.remaining > 0) {
    const type = text(types.opaque());
    const parameters: string[] = [];
    const pairs = types.vector();
    while (pairs.remaining > 0) parameters.push(`${text(pairs.opaque())}=${quoted(text(pairs.opaque()))}`);
    const whole = [type, ...parameters].join(";");
    items.push([computed("media_type", leaf(whole, printable(whole)))]);
  }
  return { kind: "list", name: "media_types", source: SOURCE, items };
}

/** The value of a parameter is sent without the quotes that RFC 2045 §5.1 wants around all but a token. */
const quoted = (value: string): string =>
  /^[!#$%&'*+.^_`{|}~0-9A-Za-z-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;

/** Media types are ASCII; what is not even UTF-8 is shown in hex. */
function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return `0x${toHex(bytes)}`;
  }
}

/** The fields, if they take all of the data. */
function whole(data: Uint8Array, read: (reader: Reader) => readonly Field[]): readonly Field[] {
  const reader = Reader.over(data);
  const fields = read(reader);
  reader.expectEnd();
  return reader.failure === undefined ? fields : [];
}
