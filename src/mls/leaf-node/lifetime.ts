import type { Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";
import type { LifetimeError } from "../errors.ts";
import { err, ok, type Result } from "../result.ts";

/** 84 days, the default of OpenMLS. */
export const DEFAULT_LIFETIME_SECONDS = 7_257_600n;

/** How far the start of a new lifetime is in the past, for receivers whose clocks are behind. */
export const LIFETIME_MARGIN_SECONDS = 3_600n;

/** The longest range that OpenMLS calls acceptable: the default and its margin. */
export const MAX_LIFETIME_RANGE_SECONDS = DEFAULT_LIFETIME_SECONDS + LIFETIME_MARGIN_SECONDS;

const MAX_U64 = 0xffff_ffff_ffff_ffffn;

/**
 * ```
 * struct { uint64 not_before; uint64 not_after; } Lifetime;   // RFC 9420 §7.2
 * ```
 * Unix seconds as BigInt: real packages use the whole range of a uint64. `now` is a number of unix seconds everywhere
 * in this library; JavaScript compares the two exactly.
 */
export class Lifetime {
  readonly notBefore: bigint;
  readonly notAfter: bigint;

  private constructor(notBefore: bigint, notAfter: bigint) {
    this.notBefore = notBefore;
    this.notAfter = notAfter;
  }

  /** Valid from an hour before `now` until `seconds` after it; clamped to a uint64. */
  static new(seconds: bigint, now: number): Lifetime {
    const start = BigInt(Math.floor(now));
    return new Lifetime(clampU64(start - LIFETIME_MARGIN_SECONDS), clampU64(start + seconds));
  }

  /** OpenMLS's default: 84 days, and the margin before. */
  static default(now: number): Lifetime {
    return Lifetime.new(DEFAULT_LIFETIME_SECONDS, now);
  }

  /** Exactly this range, unix seconds; throws RangeError for what is not a uint64. */
  static init(notBefore: bigint, notAfter: bigint): Lifetime {
    for (const time of [notBefore, notAfter]) {
      if (time < 0n || time > MAX_U64) throw new RangeError(`expected a uint64, got ${time}`);
    }
    return new Lifetime(notBefore, notAfter);
  }

  /** Reads one; the reader says whether it failed. */
  static decode(reader: Reader): Lifetime {
    const notBefore = reader.u64();
    return new Lifetime(notBefore, reader.u64());
  }

  /** Writes the struct. */
  encode(writer: Writer): void {
    writer.u64(this.notBefore).u64(this.notAfter);
  }

  /** As in OpenMLS: `notBefore` is inclusive, `notAfter` exclusive, and expiry is reported first. */
  validate(now: number): Result<void, LifetimeError> {
    // Asked this way round, a time that is not a number is in no lifetime.
    if (!(this.notAfter > now)) {
      const message = `Lifetime is in the past: not_after=${this.notAfter}, now=${now}.`;
      return err({ code: "Expired", message, notAfter: this.notAfter, now });
    }
    if (!(this.notBefore <= now)) {
      const message = `Lifetime is in the future: not_before=${this.notBefore}, now=${now}.`;
      return err({ code: "NotValidYet", message, notBefore: this.notBefore, now });
    }
    return ok(undefined);
  }

  /** Whether `validate` finds no error. */
  isValid(now: number): boolean {
    return this.validate(now).ok;
  }

  /**
   * Whether the whole range is at most `maxSeconds`: RFC 9420 §7.2 requires every application to have such a maximum.
   * A reversed range is not acceptable, unlike in OpenMLS, whose subtraction saturates.
   */
  hasAcceptableRange(maxSeconds: bigint = MAX_LIFETIME_RANGE_SECONDS): boolean {
    return this.notAfter >= this.notBefore && this.notAfter - this.notBefore <= maxSeconds;
  }
}

function clampU64(value: bigint): bigint {
  if (value < 0n) return 0n;
  return value > MAX_U64 ? MAX_U64 : value;
}
