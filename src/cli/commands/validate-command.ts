import * as limits from "../../config/limits.ts";
import type { Item } from "../../inspect/items.ts";
import { type Answer, judgeAsDirectory, judgeAsOpenMls } from "../../inspect/judge.ts";
import { readOtherMessage } from "../../inspect/other-messages.ts";
import { printable } from "../../inspect/text.ts";
import { type Command, type CommandIo, EXIT_OK, EXIT_REFUSED, JSON_OPTION, UsageError } from "../command.ts";
import type { Given } from "../given.ts";
import { readItems } from "../input.ts";
import { dialectOf, PROFILE_OPTION } from "../profile.ts";
import { paint } from "../terminal.ts";

/** Items that are judged together: what one request to the directory may carry. */
const CHUNK_ITEMS = limits.MAX_KEY_PACKAGES_PER_REQUEST;

export const validate: Command = {
  name: "validate",
  summary: "Say of each KeyPackage whether it is valid, and if not, why",
  operands: "[FILE…|-]",
  options: {
    policy: {
      value: "NAME",
      help: "directory (what a directory accepts; the default), or openmls: the default with a profile of OpenMLS, and a package that a directory would refuse all the same is then marked",
    },
    at: { value: "UNIX", help: "the time to judge at, in unix seconds; now if left out" },
    "max-lifetime": {
      value: "SECONDS",
      help: `longest lifetime, or none; ${limits.MAX_TOTAL_LIFETIME_SECONDS} if left out`,
    },
    ...PROFILE_OPTION,
    ...JSON_OPTION,
  },
  examples: [
    "validate packages.txt",
    "validate --json --policy openmls - < packages.bin",
    "validate --profile openmls-0.9 packages.txt",
  ],

  async run(given, io) {
    const judge = judgeOf(given, io);
    let index = 0;
    let refused = 0;
    for await (const items of chunks(readItems(given.operands, io))) {
      for (const answer of await judgeItems(items, judge)) {
        io.out(given.flag("json") ? `${JSON.stringify({ index, ...answer })}\n` : `${index}: ${toText(answer, io)}\n`);
        index += 1;
        if (!answer.ok) refused += 1;
      }
      io.progress(`${index} checked, ${refused} refused`);
    }
    if (index === 0) throw new UsageError("there is no package to validate");
    return refused > 0 ? EXIT_REFUSED : EXIT_OK;
  },
};

/** With what a directory would say where it is not what was asked. */
type Told = Answer & { readonly refused_by_directory?: { readonly code: string; readonly detail: string } };

type Judge = (items: readonly Uint8Array[]) => Promise<Told[]>;

function judgeOf(given: Given, io: CommandIo): Judge {
  const now = given.whole("at") ?? io.now();
  const dialect = dialectOf(given, io);
  const longest =
    given.text("max-lifetime") === "none"
      ? undefined
      : (given.whole("max-lifetime") ?? limits.MAX_TOTAL_LIFETIME_SECONDS);
  const asOpenMls = (items: readonly Uint8Array[]) =>
    Promise.all(items.map((item) => judgeAsOpenMls(item, now, dialect)));
  const asDirectory = (items: readonly Uint8Array[]) =>
    judgeAsDirectory(items, now, { maxTotalLifetimeSeconds: longest }, dialect);
  if (given.text("policy") !== undefined || !dialect.profile.name.startsWith("openmls-")) {
    return given.choice("policy", ["directory", "openmls"], "directory") === "openmls" ? asOpenMls : asDirectory;
  }
  // Who names OpenMLS's dialect asks about OpenMLS; but whoever is about to publish must not be surprised.
  return async (items) => {
    const [answers, refusals] = await Promise.all([asOpenMls(items), asDirectory(items)]);
    return answers.map((answer, at) => {
      const refusal = refusals[at];
      if (!answer.ok || refusal === undefined || refusal.ok) return answer;
      return { ...answer, refused_by_directory: { code: refusal.code, detail: refusal.detail } };
    });
  };
}

async function judgeItems(items: readonly Item[], judge: Judge): Promise<Told[]> {
  const answers = (await judge(items.flatMap((item) => (item.ok ? [item.bytes] : [])))).values();
  return items.map((item): Told => {
    if (!item.ok) return { ok: false, code: "malformed", detail: `${item.where}: ${item.problem}` };
    const answer = answers.next().value;
    if (answer === undefined) throw new Error("an item has no answer");
    return answer.ok || answer.code !== "malformed" ? answer : explained(item.bytes, answer);
  });
}

/** Of another message, that it is one says more than the byte at which it is no KeyPackage. */
function explained(bytes: Uint8Array, answer: Answer): Answer {
  const message = readOtherMessage(bytes);
  if (message === undefined) return answer;
  const got = message.failure === undefined ? "an MLSMessage" : "a damaged MLSMessage";
  return { ok: false, code: "malformed", detail: `expected a KeyPackage, got ${got} of ${message.wireFormat}` };
}

/** Where the input fails, what came before it is judged first. */
async function* chunks(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let chunk: Item[] = [];
  let failure: { readonly cause: unknown } | undefined;
  try {
    for await (const item of items) {
      chunk.push(item);
      if (chunk.length < CHUNK_ITEMS) continue;
      yield chunk;
      chunk = [];
    }
  } catch (cause) {
    failure = { cause };
  }
  if (chunk.length > 0) yield chunk;
  if (failure) throw failure.cause;
}

function toText(answer: Told, io: { readonly colour: boolean }): string {
  if (!answer.ok) return `${paint(io, "bad", answer.code)}: ${printable(answer.detail)}`;
  const refusal = answer.refused_by_directory;
  const refused = refusal ? [`a directory refuses it: ${refusal.code}: ${printable(refusal.detail)}`] : [];
  const notes = [...(answer.last_resort ? ["last resort"] : []), ...answer.warnings, ...refused];
  const suffix = notes.length > 0 ? ` (${notes.join(", ")})` : "";
  return `${paint(io, "good", "ok")}, ciphersuite ${answer.ciphersuite}, ref ${answer.ref}${suffix}`;
}
