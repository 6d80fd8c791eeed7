/** A struct as fields with names, which people read as indented lines and programs as JSON. */
import { toHex } from "../mls/codec/byte-strings.ts";

/** JSON in what is `json`; in lines what is `text`. */
export type Leaf = { readonly json: string | number | boolean | readonly number[]; readonly text: string };
export type Field = Leaf | View | readonly View[];
export type View = { readonly [name: string]: Field };

export const leaf = (json: Leaf["json"], text = String(json)): Leaf => ({ json, text });

export const opaque = (bytes: Uint8Array): Leaf =>
  leaf(toHex(bytes), `${toHex(bytes)}${bytes.length > 0 ? " " : ""}(${bytes.length} bytes)`);

const isLeaf = (field: Field): field is Leaf => "json" in field && "text" in field && typeof field.text === "string";
const isList = (field: Field): field is readonly View[] => Array.isArray(field);

export function toLines(view: View): string[] {
  return Object.entries(view).flatMap(([name, field]) => {
    if (isLeaf(field)) return [`${name}: ${field.text}`];
    if (isList(field))
      return field.length === 0 ? [`${name}: none`] : [`${name}:`, ...field.flatMap(toLines).map(indent)];
    return [`${name}:`, ...toLines(field).map(indent)];
  });
}

export function toJson(view: View): unknown {
  return Object.fromEntries(
    Object.entries(view).map(([name, field]) => [
      name,
      isLeaf(field) ? field.json : isList(field) ? field.map(toJson) : toJson(field),
    ]),
  );
}

const indent = (line: string): string => `  ${line}`;
