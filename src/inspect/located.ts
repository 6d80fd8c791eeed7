/** Fields by their path, and the field of every byte. */
import type { Field, Span } from "./field.ts";

export type Located = {
  /** Names from the outside in, with the number of an item of a list: `leaf_node.extensions.0.extension_type`. */
  readonly path: string;
  readonly field: Field;
  readonly depth: number;
};

/** All of them, each before what is in it. */
export function locate(fields: readonly Field[], prefix = "", depth = 0): Located[] {
  return fields.flatMap((field) => {
    const path = `${prefix}${field.name}`;
    const own: Located = { path, field, depth };
    if (field.kind === "value") return [own];
    if (field.kind === "struct") return [own, ...locate(field.fields, `${path}.`, depth + 1)];
    return [own, ...field.items.flatMap((item, index) => locate(item, `${path}.${index}.`, depth + 1))];
  });
}

/** The innermost field of a byte. */
export function fieldAt(located: readonly Located[], offset: number): Located | undefined {
  return located.findLast(({ field: { span } }) => span !== undefined && contains(span, offset));
}

export const contains = ({ start, end }: Span, offset: number): boolean => start <= offset && offset < end;
