/** One change to bytes, of the kinds that break decoders: chosen by numbers, so that a failure can be repeated. */
export type Mutation = {
  readonly kind: "flip" | "set" | "insert" | "remove" | "truncate" | "repeat" | "swap";
  /** Both are taken modulo what is there. */
  readonly at: number;
  readonly value: number;
};

export const MUTATION_KINDS: readonly Mutation["kind"][] = [
  "flip",
  "set",
  "insert",
  "remove",
  "truncate",
  "repeat",
  "swap",
];

export function mutate(bytes: Uint8Array, { kind, at, value }: Mutation): Uint8Array {
  const position = bytes.length === 0 ? 0 : at % bytes.length;
  const before = bytes.subarray(0, position);
  const after = bytes.subarray(position + 1);
  const byte = bytes[position] ?? 0;
  switch (kind) {
    case "flip":
      return Uint8Array.of(...before, byte ^ (1 << (value % 8)), ...after);
    case "set":
      return Uint8Array.of(...before, value % 256, ...after);
    case "insert":
      return Uint8Array.of(...before, value % 256, byte, ...after);
    case "remove":
      return Uint8Array.of(...before, ...after);
    case "truncate":
      return before.slice();
    case "repeat":
      return Uint8Array.of(...before, ...bytes.subarray(position, position + (value % 64)), byte, ...after);
    case "swap": {
      const other = (position + value) % Math.max(bytes.length, 1);
      const copy = bytes.slice();
      copy[position] = bytes[other] ?? 0;
      copy[other] = byte;
      return copy;
    }
  }
}
