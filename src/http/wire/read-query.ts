/** The members of a query, for its schema to judge. */
import type * as z from "zod/mini";

/**
 * Texts become numbers where the schema wants a number. Non-numbers stay text and repeated names become lists; the
 * schema rejects both.
 */
export function readQuery(
  schema: z.ZodMiniObject,
  query: Readonly<Record<string, readonly string[]>>,
): Record<string, string | number | readonly string[]> {
  return Object.fromEntries(
    Object.entries(query).map(([name, texts]) => {
      const [text = ""] = texts;
      if (texts.length !== 1) return [name, texts];
      return [name, wantsNumber(schema, name) && /^[0-9]{1,16}$/.test(text) ? Number(text) : text];
    }),
  );
}

function wantsNumber(schema: z.ZodMiniObject, name: string): boolean {
  const member = Object.hasOwn(schema.def.shape, name) ? (schema.def.shape[name] as z.ZodMiniType) : undefined;
  const inner = member?.def.type === "optional" ? (member as z.ZodMiniOptional<z.ZodMiniType>).def.innerType : member;
  return inner?.def.type === "number";
}
