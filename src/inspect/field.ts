/** A struct as fields with names, each with the bytes that it was read from: for people, for programs, and for pages. */
import { toHex } from "../mls/codec/byte-strings.ts";
import { counted } from "../mls/codec/counted.ts";

/** Offsets from the start of the input; `end` is the byte after the last. */
export type Span = { readonly start: number; readonly end: number };

/** JSON in what is `json`; in lines what is `text`. */
export type Leaf = { readonly json: string | number | boolean | readonly number[]; readonly text: string };

type Named = {
  /** As in the RFC. */
  readonly name: string;
  /** Where the field is defined, such as "RFC 9420 §7.2". */
  readonly source?: string;
  /** With its length header. Left out of what is not in the input but computed from it. */
  readonly span?: Span;
};

export type Field = Named &
  (
    | ({ readonly kind: "value" } & Leaf)
    | { readonly kind: "struct"; readonly fields: readonly Field[] }
    /** Its items are structs. */
    | { readonly kind: "list"; readonly items: readonly (readonly Field[])[] }
  );

export const leaf = (json: Leaf["json"], text = String(json)): Leaf => ({ json, text });

export const opaque = (bytes: Uint8Array): Leaf =>
  leaf(toHex(bytes), `${toHex(bytes)}${bytes.length > 0 ? " " : ""}(${counted(bytes.length, "byte")})`);

/** A value that is computed and has no bytes in the input. */
export const computed = (name: string, value: Leaf): Field => ({ kind: "value", name, ...value });

export function toLines(fields: readonly Field[]): string[] {
  return fields.flatMap((field) => {
    const { name } = field;
    if (field.kind === "value") return [`${name}: ${field.text}`];
    if (field.kind === "struct") return [`${name}:`, ...toLines(field.fields).map(indent)];
    return field.items.length === 0 ? [`${name}: none`] : [`${name}:`, ...field.items.flatMap(toLines).map(indent)];
  });
}

export function toJson(fields: readonly Field[]): unknown {
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      field.kind === "value" ? field.json : field.kind === "struct" ? toJson(field.fields) : field.items.map(toJson),
    ]),
  );
}

const indent = (line: string): string => `  ${line}`;
