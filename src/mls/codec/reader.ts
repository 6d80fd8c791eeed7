import type { DecodeError } from "../errors.ts";
import { counted } from "./counted.ts";

/**
 * Reads the TLS presentation language of RFC 9420 §2.1 from received bytes, without copying.
 *
 * The first failure is kept and ends the input: later reads return zeros and empty views, `remaining` is 0, and the
 * caller checks `failure` once, at the end. So decoders need no branches for errors, and no input can make one loop or
 * allocate more than its own size.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #outcome: { failure: DecodeError | undefined };
  #position: number;

  private constructor(bytes: Uint8Array, start: number, end: number, outcome: { failure: DecodeError | undefined }) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
    this.#outcome = outcome;
  }

  /** Over the whole of these bytes. */
  static over(bytes: Uint8Array): Reader {
    return new Reader(bytes, 0, bytes.length, { failure: undefined });
  }

  /** Offset from the start of the whole input, also inside a vector. */
  get position(): number {
    return this.#position;
  }

  /** Bytes left before the end of the input or, in a vector, of the vector; 0 after a failure. */
  get remaining(): number {
    return this.#outcome.failure === undefined ? this.#end - this.#position : 0;
  }

  /** The first failure, if there was one. */
  get failure(): DecodeError | undefined {
    return this.#outcome.failure;
  }

  /** Records a failure, unless there is one already. */
  fail(code: DecodeError["code"], message: string): void {
    this.#outcome.failure ??= { code, message, offset: this.#position };
  }

  u8(): number {
    return this.#uint(1);
  }

  u16(): number {
    return this.#uint(2);
  }

  u64(): bigint {
    const high = this.#uint(4);
    const low = this.#uint(4);
    return (BigInt(high) << 32n) | BigInt(low);
  }

  /** A view of the next `length` bytes. */
  take(length: number): Uint8Array {
    if (length > this.remaining) {
      this.fail("EndOfStream", `expected ${counted(length, "more byte")}, got ${this.remaining}`);
      return this.#bytes.subarray(0, 0);
    }
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  /** `opaque<V>`. */
  opaque(): Uint8Array {
    return this.take(this.#vectorLength());
  }

  /** The elements of any other `<V>`, bounded by the vector's own end. */
  vector(): Reader {
    const length = this.#vectorLength();
    const start = this.#position;
    this.take(length);
    return new Reader(this.#bytes, start, this.#position, this.#outcome);
  }

  /** `uint16 values<V>`. */
  u16s(): number[] {
    const vector = this.vector();
    const values: number[] = [];
    if (vector.remaining % 2 !== 0) vector.fail("EndOfStream", "a vector of uint16 has an odd length");
    while (vector.remaining > 0) values.push(vector.u16());
    return values;
  }

  /** A view of the bytes between two positions of this input. */
  slice(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  /** Nothing may follow: RFC 9420 structs are decoded exactly. */
  expectEnd(): void {
    if (this.remaining > 0) this.fail("TrailingData", `${counted(this.remaining, "byte")} of trailing data`);
  }

  #uint(length: 1 | 2 | 4): number {
    let value = 0;
    for (const byte of this.take(length)) value = value * 256 + byte;
    return value;
  }

  /** Variable-size vector length header, RFC 9420 §2.1.2: 1, 2 or 4 bytes, and the shortest that holds the length. */
  #vectorLength(): number {
    const first = this.u8();
    const prefix = first >> 6;
    if (prefix === 0) return first;
    if (prefix === 3) {
      this.fail("InvalidVectorLength", "invalid vector length prefix");
      return 0;
    }
    const headerBytes = prefix === 1 ? 2 : 4;
    let length = first & 0x3f;
    for (const byte of this.take(headerBytes - 1)) length = length * 256 + byte;
    if (length < (prefix === 1 ? 64 : 16_384)) {
      this.fail("InvalidVectorLength", `non-minimal length: ${length} written in ${headerBytes} bytes`);
      return 0;
    }
    return length;
  }
}
