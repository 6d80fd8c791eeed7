/** Hex as people type it. */
import { toHex } from "../mls/codec/byte-strings.ts";

export const hexOf = toHex;

export const byteHex = (byte: number): string => byte.toString(16).padStart(2, "0");

/** The bytes, white space between them aside; undefined for anything that is not hex, and for nothing. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/\s/g, "");
  if (digits === "" || digits.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(digits)) return undefined;
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}
