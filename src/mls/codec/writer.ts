/** The longest vector that RFC 9420 §2.1.2 can express, in bytes. */
const MAX_VECTOR_BYTES = 0x3fff_ffff;

/** Writes the TLS presentation language of RFC 9420 §2.1. Values out of range are faults of the caller: RangeError. */
export class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  u8(value: number): this {
    return this.#uint(value, 1);
  }

  u16(value: number): this {
    return this.#uint(value, 2);
  }

  u64(value: bigint): this {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`expected a uint64, got ${value}`);
    return this.#uint(Number(value >> 32n), 4).#uint(Number(value & 0xffff_ffffn), 4);
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** `opaque<V>` with the shortest length header, RFC 9420 §2.1.2. */
  opaque(bytes: Uint8Array): this {
    return this.#vectorLength(bytes.length).raw(bytes);
  }

  /** Any other `<V>`: `write` writes the elements. */
  vector(write: (elements: Writer) => void): this {
    const elements = new Writer();
    write(elements);
    return this.opaque(elements.finish());
  }

  /** `uint16 values<V>`. */
  u16s(values: readonly number[]): this {
    this.#vectorLength(values.length * 2);
    for (const value of values) this.u16(value);
    return this;
  }

  /** All bytes written so far, in a new buffer. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #vectorLength(length: number): this {
    if (length < 0x40) return this.u8(length);
    if (length < 0x4000) return this.u16(0x4000 + length);
    if (length > MAX_VECTOR_BYTES) throw new RangeError(`expected at most ${MAX_VECTOR_BYTES} bytes, got ${length}`);
    return this.#uint(0x8000_0000 + length, 4);
  }

  #uint(value: number, length: 1 | 2 | 4): this {
    if (!Number.isInteger(value) || value < 0 || value >= 256 ** length) {
      throw new RangeError(`expected a uint${length * 8}, got ${value}`);
    }
    this.#reserve(length);
    for (let shift = length - 1; shift >= 0; shift--) {
      this.#bytes[this.#length++] = Math.floor(value / 256 ** shift) % 256;
    }
    return this;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
