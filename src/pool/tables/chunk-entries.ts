/**
 * What a chunk says of its packages, in their order: sequence number, reference, lifetime and length in bytes. An entry
 * keeps its place when its package has left, so that a chunk does not change its size.
 *
 * Layout of an entry, big-endian: u16 sequence number less the chunk's first, u8 1 if the package has left, else 0,
 * u8 length of the reference, the reference, f64 not_before, f64 not_after (unix seconds, whole numbers up to 2^53 - 1),
 * u32 length of the package.
 */

export type ChunkEntry = {
  readonly sequence: number;
  readonly hasLeft: boolean;
  /** KeyPackageRef, RFC 9420 §5.2. */
  readonly ref: Uint8Array;
  /** Unix seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Bytes of the package. */
  readonly length: number;
};

const FIXED_BYTES = 2 + 1 + 1 + 8 + 8 + 4;

/** Bytes of the entries, in a buffer of their own. */
export function encodeEntries(firstSequence: number, entries: readonly ChunkEntry[]): Uint8Array {
  const size = entries.reduce((total, { ref }) => total + FIXED_BYTES + ref.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { sequence, hasLeft, ref, notBefore, notAfter, length } of entries) {
    view.setUint16(at, sequence - firstSequence);
    view.setUint8(at + 2, hasLeft ? 1 : 0);
    view.setUint8(at + 3, ref.length);
    bytes.set(ref, at + 4);
    at += 4 + ref.length;
    view.setFloat64(at, notBefore);
    view.setFloat64(at + 8, notAfter);
    view.setUint32(at + 16, length);
    at += 20;
  }
  return bytes;
}

/** What is said of the packages that are still there. Times are unix seconds. */
export type EntriesSummary = {
  readonly live: number;
  readonly minNotBefore: number;
  readonly minNotAfter: number;
  readonly maxNotAfter: number;
};

/** Where a package is: its place among the entries, and in bytes among the packages. */
export type EntryPlace = { readonly position: number; readonly start: number; readonly entry: ChunkEntry };

/**
 * The entries of a chunk as they are stored. A claim looks at one of them, so they are read in place. Every method throws
 * RangeError for bytes that are cut off: a chunk is written by this file alone.
 */
export class ChunkEntries {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #firstSequence: number;

  /** Keeps `bytes` and no copy of them. */
  constructor(firstSequence: number, bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#firstSequence = firstSequence;
  }

  /** All of them, those whose package has left too. */
  all(): readonly ChunkEntry[] {
    const entries: ChunkEntry[] = [];
    for (let at = 0; at < this.bytes.length; at = this.#next(at)) entries.push(this.#entryAt(at));
    return entries;
  }

  /** The first whose package is there and whose lifetime is wanted. */
  find(isWanted: (notBefore: number, notAfter: number) => boolean): EntryPlace | undefined {
    for (let at = 0, position = 0, start = 0; at < this.bytes.length; at = this.#next(at), position++) {
      if (!this.#hasLeft(at) && isWanted(this.#notBefore(at), this.#notAfter(at))) {
        return { position, start, entry: this.#entryAt(at) };
      }
      start += this.#length(at);
    }
    return undefined;
  }

  /** Marks entries as left, in place, and calls `left` for each with where its package is among the packages. */
  markLeft(leaves: (position: number) => boolean, left: (start: number, end: number) => void): void {
    for (let at = 0, position = 0, start = 0; at < this.bytes.length; at = this.#next(at), position++) {
      const end = start + this.#length(at);
      if (!this.#hasLeft(at) && leaves(position)) {
        this.#view.setUint8(at + 2, 1);
        left(start, end);
      }
      start = end;
    }
  }

  summary(): EntriesSummary {
    let [live, minNotBefore, minNotAfter, maxNotAfter] = [0, Infinity, Infinity, -Infinity];
    for (let at = 0; at < this.bytes.length; at = this.#next(at)) {
      if (this.#hasLeft(at)) continue;
      live++;
      minNotBefore = Math.min(minNotBefore, this.#notBefore(at));
      minNotAfter = Math.min(minNotAfter, this.#notAfter(at));
      maxNotAfter = Math.max(maxNotAfter, this.#notAfter(at));
    }
    return { live, minNotBefore, minNotAfter, maxNotAfter };
  }

  #entryAt(at: number): ChunkEntry {
    return {
      sequence: this.#firstSequence + this.#view.getUint16(at),
      hasLeft: this.#hasLeft(at),
      ref: this.bytes.slice(at + 4, this.#times(at)),
      notBefore: this.#notBefore(at),
      notAfter: this.#notAfter(at),
      length: this.#length(at),
    };
  }

  #hasLeft(at: number): boolean {
    return this.#view.getUint8(at + 2) === 1;
  }

  #times(at: number): number {
    return at + 4 + this.#view.getUint8(at + 3);
  }

  #notBefore(at: number): number {
    return this.#view.getFloat64(this.#times(at));
  }

  #notAfter(at: number): number {
    return this.#view.getFloat64(this.#times(at) + 8);
  }

  #length(at: number): number {
    return this.#view.getUint32(this.#times(at) + 16);
  }

  #next(at: number): number {
    const next = this.#times(at) + 20;
    if (next > this.bytes.length) throw new RangeError("the entries of a chunk are cut off");
    return next;
  }
}
