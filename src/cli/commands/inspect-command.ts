import { computed, type Field, leaf, toJson, toLines } from "../../inspect/field.ts";
import { type Answer, type Dialect, judgeAsDirectory } from "../../inspect/judge.ts";
import { time } from "../../inspect/names.ts";
import { open } from "../../inspect/open.ts";
import { printable } from "../../inspect/text.ts";
import { toHex } from "../../mls/codec/byte-strings.ts";
import { counted } from "../../mls/codec/counted.ts";
import type { KeyPackageIn } from "../../mls/key-package/key-package-in.ts";
import { makeKeyPackageRef } from "../../mls/key-package/key-package-ref.ts";
import { algorithmNames } from "../../mls/profile-table.ts";
import { type Command, type CommandIo, EXIT_OK, EXIT_REFUSED, JSON_OPTION, UsageError } from "../command.ts";
import { readItems } from "../input.ts";
import { dialectOf, PROFILE_OPTION } from "../profile.ts";
import { paint } from "../terminal.ts";

export const inspect: Command = {
  name: "inspect",
  summary: "Show every field of KeyPackages, and what is public of other MLSMessages",
  operands: "[FILE…|-]",
  options: {
    at: { value: "UNIX", help: "the time to judge at, in unix seconds; now if left out" },
    ...PROFILE_OPTION,
    ...JSON_OPTION,
  },
  examples: ["inspect package.bin", "inspect --json welcome.pem", "inspect - < packages.txt"],

  async run(given, io) {
    const now = given.whole("at") ?? io.now();
    const dialect = dialectOf(given, io);
    let index = 0;
    let refused = false;
    for await (const item of readItems(given.operands, io)) {
      const shown = item.ok
        ? await show(item.bytes, now, dialect)
        : { ok: false as const, code: "malformed", detail: item.problem };
      refused ||= !shown.ok;
      if (given.flag("json")) io.out(`${JSON.stringify(toAnswer(index, shown))}\n`);
      else print(index, item.where, shown, io);
      index += 1;
    }
    if (index === 0) throw new UsageError("there is nothing to inspect");
    return refused ? EXIT_REFUSED : EXIT_OK;
  },
};

type Shown =
  | {
      readonly ok: true;
      readonly what: string;
      readonly note?: string;
      readonly bytes: number;
      readonly fields: readonly Field[];
    }
  | { readonly ok: false; readonly code: string; readonly detail: string };

async function show(bytes: Uint8Array, now: number, dialect: Dialect): Promise<Shown> {
  const opened = open(bytes, dialect.profile);
  const { what, fields } = opened;
  switch (opened.kind) {
    case "key_package": {
      const more = await computedFields(opened.received, bytes, now, dialect);
      return { ok: true, what, bytes: bytes.length, fields: [...fields, ...more] };
    }
    case "other":
      return { ok: true, what, note: opened.note, bytes: bytes.length, fields };
    case "malformed":
      return { ok: false, code: opened.code, detail: opened.problem };
  }
}

function toAnswer(index: number, shown: Shown): unknown {
  return shown.ok ? { index, ...shown, fields: toJson(shown.fields) } : { index, ...shown };
}

function print(index: number, where: string, shown: Shown, io: CommandIo): void {
  if (!shown.ok) {
    io.err(`${where}: ${shown.code}: ${printable(shown.detail)}\n`);
    return;
  }
  const title = paint(io, "strong", `${shown.what}, ${counted(shown.bytes, "byte")}`);
  const note = shown.note === undefined ? "" : paint(io, "note", ` (${shown.note})`);
  io.out(`${index > 0 ? "\n" : ""}${title}${note}\n`);
  for (const line of toLines(shown.fields)) io.out(`${line}\n`);
}

/** What follows from the package and is not in it. */
async function computedFields(
  received: KeyPackageIn,
  input: Uint8Array,
  now: number,
  dialect: Dialect,
): Promise<Field[]> {
  const { extensions } = received.unverified();
  const suite = received.suite();
  const ref = await makeKeyPackageRef(dialect.crypto, suite, received.tlsSerialize());
  const [verdict] = await judgeAsDirectory([input], now, {}, dialect);
  if (verdict === undefined) throw new Error("a package has no verdict");
  const hex = toHex(ref.asSlice());
  const algorithms = Object.values(algorithmNames(suite)).join(", ");
  return [
    computed("algorithms", leaf(algorithms, `${algorithms} (profile ${dialect.profile.name})`)),
    computed("key_package_ref", leaf(hex, `${hex} (${suite.hash})`)),
    // As the directory writes it.
    computed("key_package_ref_base64url", leaf(Buffer.from(ref.asSlice()).toString("base64url"))),
    computed("last_resort", leaf(extensions.lastResort(), extensions.lastResort() ? "yes" : "no")),
    { kind: "struct", name: "directory", fields: verdictFields(verdict, now) },
  ];
}

function verdictFields(verdict: Answer, now: number): Field[] {
  if (!verdict.ok) {
    const detail = leaf(verdict.detail, printable(verdict.detail));
    return [computed("verdict", leaf(verdict.code)), computed("detail", detail)];
  }
  const accepted = computed("verdict", leaf("ok", `accepts it at ${time(BigInt(now)).text}`));
  const { warnings } = verdict;
  return warnings.length === 0 ? [accepted] : [accepted, computed("warnings", leaf(warnings.join(", ")))];
}
