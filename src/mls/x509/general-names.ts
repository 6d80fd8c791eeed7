/** Names in certificates, as constraints compare them (RFC 5280 §4.2.1.6, §7). Read from their bytes, not from text. */
import type { AsnType } from "asn1js";
import { toHex } from "../codec/byte-strings.ts";

/** A distinguished name: each part's attributes folded, so that equal text is an equal name (RFC 5280 §7.1). */
export type DirectoryName = readonly string[];

/** A GeneralName. `unsupported` has the forms that nothing here compares. */
export type GeneralName =
  | { readonly form: "email" | "dns" | "uri"; readonly text: string }
  | { readonly form: "ip"; readonly bytes: Uint8Array }
  | { readonly form: "directory"; readonly name: DirectoryName }
  | { readonly form: "unsupported"; readonly tag: number };

/** Any element of a decoded structure. */
export type Element = AsnType;

/** The elements inside one; none if it has no inside. */
export function elementsOf(element: Element | undefined): readonly Element[] {
  const value: unknown = (element as { valueBlock?: { value?: unknown } } | undefined)?.valueBlock?.value;
  return Array.isArray(value) ? (value as readonly Element[]) : [];
}

/** The bytes of an element with its tag and length. */
export const encodedElement = (element: Element): Uint8Array => new Uint8Array(element.valueBeforeDecodeView);

/** The bytes inside an element that has no elements in it. */
export function contentOf(element: Element): Uint8Array {
  const { idBlock, lenBlock, valueBeforeDecodeView } = element;
  return new Uint8Array(valueBeforeDecodeView.subarray(idBlock.blockLength + lenBlock.blockLength));
}

const UNIVERSAL = 1;
export const CONTEXT = 3;

const OBJECT_IDENTIFIER = 6;
const UTF8_STRING = 12;
const BMP_STRING = 30;
/** PrintableString, TeletexString, IA5String: a byte a letter, as far as names are compared here. */
const BYTE_STRINGS: readonly number[] = [19, 20, 22];

/** 1.2.840.113549.1.9.1, encoded. */
const EMAIL_ADDRESS = "2a864886f70d010901";

/** Throws RangeError for what is no name. */
export function directoryNameOf(name: Element): DirectoryName {
  return elementsOf(name).map((part) => {
    const attributes = elementsOf(part).map((attribute) => {
      const [type, value] = elementsOf(attribute);
      if (type?.idBlock.tagNumber !== OBJECT_IDENTIFIER || value === undefined) throw new RangeError("not a name");
      return `${toHex(contentOf(type))}=${foldedValue(value)}`;
    });
    return JSON.stringify(attributes.sort());
  });
}

/** The addresses among the attributes of a distinguished name, which constraints on mail are about too. */
export function emailAddressesOf(name: Element): readonly string[] {
  return elementsOf(name)
    .flatMap(elementsOf)
    .map(elementsOf)
    .filter(([type]) => type !== undefined && toHex(contentOf(type)) === EMAIL_ADDRESS)
    .flatMap(([, value]) => textOf(value) ?? []);
}

/** Case and runs of spaces make no difference in text; another value is compared as bytes. */
function foldedValue(value: Element): string {
  const text = textOf(value);
  if (text === undefined) return `#${toHex(encodedElement(value))}`;
  if (text.includes("\0")) throw new RangeError("a name with NUL in it");
  return text.normalize("NFKC").toLowerCase().trim().replace(/\s+/g, " ");
}

function textOf(value: Element | undefined): string | undefined {
  if (value === undefined || value.idBlock.tagClass !== UNIVERSAL) return undefined;
  const bytes = contentOf(value);
  const { tagNumber } = value.idBlock;
  if (tagNumber === UTF8_STRING) return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  if (tagNumber === BMP_STRING) {
    return String.fromCharCode(...Array.from({ length: bytes.length / 2 }, (_, i) => codeUnit(bytes, 2 * i)));
  }
  return BYTE_STRINGS.includes(tagNumber) ? String.fromCharCode(...bytes) : undefined;
}

const codeUnit = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

const TEXT_FORMS: Readonly<Record<number, "email" | "dns" | "uri">> = { 1: "email", 2: "dns", 6: "uri" };
const DIRECTORY = 4;
const IP = 7;

/**
 * A name in a certificate, or the base of a constraint. Throws RangeError for text with spaces, NUL or what is not
 * ASCII: it would read differently for others.
 */
export function generalNameOf(element: Element): GeneralName {
  const { tagClass, tagNumber } = element.idBlock;
  if (tagClass !== CONTEXT) throw new RangeError("not a name");
  if (tagNumber === IP) return { form: "ip", bytes: contentOf(element) };
  if (tagNumber === DIRECTORY) {
    const [name] = elementsOf(element);
    if (name === undefined) throw new RangeError("a name without content");
    return { form: "directory", name: directoryNameOf(name) };
  }
  const form = TEXT_FORMS[tagNumber];
  if (form === undefined) return { form: "unsupported", tag: tagNumber };
  const bytes = contentOf(element);
  if (bytes.some((byte) => byte <= 0x20 || byte >= 0x7f)) throw new RangeError("a name that is not visible ASCII");
  return { form, text: String.fromCharCode(...bytes) };
}
