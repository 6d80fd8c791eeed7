/**
 * Reads fields and remembers where each of them was. It goes on until the first failure, so that of a damaged struct
 * everything before the damage is shown.
 */
import { counted } from "../mls/codec/counted.ts";
import { Reader } from "../mls/codec/reader.ts";
import type { DecodeError } from "../mls/errors.ts";
import { type Field, type Leaf, leaf, opaque, type Span } from "./field.ts";

/** The fields of a struct in the order of the wire. It is not asked for more after a failure. */
export type Body = (reader: FieldReader) => Iterable<Field>;

export class FieldReader {
  readonly #reader: Reader;
  /** Where in the input what is read begins. */
  readonly #start: number;

  constructor(reader: Reader, start = 0) {
    this.#reader = reader;
    this.#start = start;
  }

  static over(bytes: Uint8Array, start = 0): FieldReader {
    return new FieldReader(Reader.over(bytes), start);
  }

  get #position(): number {
    return this.#start + this.#reader.position;
  }

  get failure(): DecodeError | undefined {
    return this.#reader.failure;
  }

  get remaining(): number {
    return this.#reader.remaining;
  }

  expectEnd(): void {
    this.#reader.expectEnd();
  }

  value<L extends Leaf>(
    name: string,
    source: string,
    read: (reader: Reader) => L,
  ): Field & L & { kind: "value"; span: Span } {
    const start = this.#position;
    const value = read(this.#reader);
    const span = { start, end: this.#position };
    // Zeros that stand for bytes that are not there are no value; one that is unknown is.
    const text = this.failure === undefined || this.failure.code === "UnknownValue" ? value.text : CANNOT_BE_READ;
    return { kind: "value", name, source, ...value, text, span };
  }

  /** `opaque name<V>`. */
  opaque(name: string, source: string): Field {
    return this.value(name, source, (reader) => opaque(reader.opaque()));
  }

  /** `opaque name<V>` of which only the length is shown. */
  length(name: string, source: string): Field {
    return this.value(name, source, (reader) => leafOfLength(reader.opaque()));
  }

  /** `uint16 name`, by what it is called. */
  u16(name: string, source: string, named: (value: number) => Leaf): Field {
    return this.value(name, source, (reader) => named(reader.u16()));
  }

  struct(name: string, source: string, body: Body): Field {
    const start = this.#position;
    const fields = this.fields(body);
    return { kind: "struct", name, source, fields, span: { start, end: this.#position } };
  }

  /** A vector of structs. */
  list(name: string, source: string, body: Body): Field {
    const start = this.#position;
    const vector = new FieldReader(this.#reader.vector(), this.#start);
    if (this.failure !== undefined) {
      return { kind: "value", name, source, ...leaf("", CANNOT_BE_READ), span: { start, end: this.#position } };
    }
    const items: (readonly Field[])[] = [];
    while (vector.remaining > 0) items.push(vector.fields(body));
    return { kind: "list", name, source, items, span: { start, end: this.#position } };
  }

  /** What could be read, the field of the failure included. */
  fields(body: Body): Field[] {
    const fields: Field[] = [];
    for (const field of body(this)) {
      fields.push(field);
      if (this.failure !== undefined) break;
    }
    return fields;
  }
}

const CANNOT_BE_READ = "cannot be read";

export const leafOfLength = (bytes: Uint8Array): Leaf => leaf(bytes.length, counted(bytes.length, "byte"));
