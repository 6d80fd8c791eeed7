import { parseArgs } from "node:util";
import {
  type AdmissionRefusal,
  describeRefusal,
  refusalOfDecodeError,
  refusalOfVerifyError,
} from "../admission/admission-refusal.ts";
import { admit } from "../admission/admit.ts";
import type { AdmissionPolicy } from "../admission/policy.ts";
import * as limits from "../config/limits.ts";
import { CIPHERSUITES } from "../mls/ciphersuite.ts";
import { toHex } from "../mls/codec/byte-strings.ts";
import { ProtocolVersion } from "../mls/codec/code-points.ts";
import { nobleCrypto } from "../mls/crypto/noble.ts";
import { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import { type Command, type CommandIo, EXIT_OK, EXIT_REFUSED, parseSeconds, UsageError } from "./command.ts";
import { parseLine, readLines } from "./key-package-input.ts";

type Answer =
  | {
      readonly ok: true;
      readonly ciphersuite: number;
      readonly ref: string;
      readonly last_resort: boolean;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly code: string; readonly detail: string };

type Judge = (items: readonly Uint8Array[]) => Promise<Answer[]>;

/** Lines that are judged together: what one request to the directory may carry. */
const CHUNK_LINES = limits.MAX_KEY_PACKAGES_PER_REQUEST;

export const validate: Command = {
  usage: "validate [--json] [--policy openmls|directory] [--at UNIX] [--max-lifetime SECONDS|none] [FILE…|-]",

  async run(args, io) {
    const { values, positionals } = parse(args);
    const judge = judgeOf(values, io);
    const format = values.json === true || !io.terminal ? toJson : toText;
    let index = 0;
    let refused = false;
    for await (const lines of chunks(readLines(positionals, io))) {
      for (const answer of await judgeLines(lines, judge)) {
        io.out(`${format(index++, answer)}\n`);
        refused ||= !answer.ok;
      }
    }
    if (index === 0) throw new UsageError("there is no package to validate");
    return refused ? EXIT_REFUSED : EXIT_OK;
  },
};

type Options = { json?: boolean; policy?: string; at?: string; "max-lifetime"?: string };

function parse(args: readonly string[]): { values: Options; positionals: string[] } {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        policy: { type: "string" },
        at: { type: "string" },
        "max-lifetime": { type: "string" },
      },
    });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
}

function judgeOf(values: Options, io: CommandIo): Judge {
  const now = values.at === undefined ? io.now() : parseSeconds("--at", values.at);
  const maxTotalLifetimeSeconds = maxLifetime(values["max-lifetime"]);
  switch (values.policy ?? "directory") {
    case "openmls":
      return (items) => Promise.all(items.map((item) => judgeAsOpenMls(item, now)));
    case "directory":
      return (items) => judgeAsDirectory(items, now, maxTotalLifetimeSeconds);
    default:
      throw new UsageError(`--policy: expected openmls or directory, got "${values.policy}"`);
  }
}

function maxLifetime(text: string | undefined): number | undefined {
  if (text === undefined) return limits.MAX_TOTAL_LIFETIME_SECONDS;
  return text === "none" ? undefined : parseSeconds("--max-lifetime", text);
}

async function judgeAsOpenMls(item: Uint8Array, now: number): Promise<Answer> {
  const decoded = KeyPackageIn.fromBytes(item);
  if (!decoded.ok) return refusedBy(refusalOfDecodeError(decoded.error));
  const validated = await decoded.value.validate(nobleCrypto, ProtocolVersion.Mls10, { now });
  if (!validated.ok) return refusedBy(refusalOfVerifyError(validated.error));
  const keyPackage = validated.value;
  const ref = toHex((await keyPackage.hashRef(nobleCrypto)).asSlice());
  return { ok: true, ciphersuite: keyPackage.ciphersuite(), ref, last_resort: keyPackage.lastResort(), warnings: [] };
}

/** The directory's policy as far as it concerns the bytes alone: whose they are, only the directory knows. */
export async function judgeAsDirectory(
  items: readonly Uint8Array[],
  now: number,
  maxTotalLifetimeSeconds: number | undefined,
): Promise<Answer[]> {
  const policy: AdmissionPolicy = {
    ciphersuites: CIPHERSUITES,
    maxKeyPackageBytes: limits.MAX_KEY_PACKAGE_BYTES,
    maxTotalLifetimeSeconds,
    uploadClockSkewSeconds: limits.UPLOAD_CLOCK_SKEW_SECONDS,
  };
  const verdicts = await admit(items, { crypto: nobleCrypto, policy, publisher: {}, now });
  return verdicts.map((verdict) => {
    if (!verdict.ok) return verdict;
    const { ciphersuite, ref, lastResort } = verdict.keyPackage;
    return { ok: true, ciphersuite, ref: toHex(ref), last_resort: lastResort, warnings: verdict.warnings };
  });
}

function refusedBy(refusal: AdmissionRefusal): Answer {
  return { ok: false, code: refusal.code, detail: describeRefusal(refusal) };
}

const UNREADABLE: Answer = { ok: false, code: "malformed", detail: "the line is neither hex nor base64url" };

async function judgeLines(lines: readonly string[], judge: Judge): Promise<Answer[]> {
  const parsed = lines.map(parseLine);
  const answers = (await judge(parsed.filter((bytes) => bytes !== undefined))).values();
  return parsed.map((bytes) => (bytes === undefined ? UNREADABLE : (answers.next().value ?? UNREADABLE)));
}

async function* chunks(lines: AsyncIterable<string>): AsyncGenerator<string[]> {
  let chunk: string[] = [];
  for await (const line of lines) {
    chunk.push(line);
    if (chunk.length < CHUNK_LINES) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function toJson(index: number, answer: Answer): string {
  return JSON.stringify({ index, ...answer });
}

function toText(index: number, answer: Answer): string {
  if (!answer.ok) return `${index}: ${answer.code}: ${answer.detail}`;
  const notes = [...(answer.last_resort ? ["last resort"] : []), ...answer.warnings];
  const suffix = notes.length > 0 ? ` (${notes.join(", ")})` : "";
  return `${index}: ok, ciphersuite ${answer.ciphersuite}, ref ${answer.ref}${suffix}`;
}
