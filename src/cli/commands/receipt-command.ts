import * as z from "zod";
import { contradictions } from "../../client/receipts/compare.ts";
import type { Receipt } from "../../client/receipts/receipt.ts";
import { type ReceiptKeys, verifyReceipt } from "../../client/receipts/verify-receipt.ts";
import { dateOf } from "../../inspect/text.ts";
import { type Command, type CommandIo, EXIT_OK, EXIT_REFUSED, JSON_OPTION, UsageError } from "../command.ts";
import type { Given } from "../given.ts";
import { readAll } from "../input.ts";
import { addressOf, STATE_OPTION } from "../remote/connection.ts";
import { DirectoryClient } from "../remote/directory-client.ts";
import { table } from "../terminal.ts";

const OPTIONS = {
  keys: { value: "FILE", help: "the directory's keys as a JWK Set; fetched from the directory if left out" },
  url: { value: "URL", help: "the directory, else KPD_URL, else where the local one listens" },
  ...STATE_OPTION,
  issuer: { value: "NAME", help: "the directory that they must be of, as its policy names it" },
  ...JSON_OPTION,
} as const;

const JWKS = z.looseObject({ keys: z.array(z.looseObject({})) });

/** Of pairs there are half a million. */
const MAX_COMPARED = 1_000;

const verify: Command = {
  name: "receipt verify",
  summary: "Check that receipts are a directory's, and show what they state",
  operands: "[FILE…|-]",
  options: { ...OPTIONS, "max-age": { value: "SECONDS", help: "refuse those that are older" } },
  examples: ["receipt verify receipts.txt", "receipt verify --keys jwks.json --issuer https://directory.example -"],

  async run(given, io) {
    const judged = await judgeAll(given, io);
    if (given.flag("json")) for (const one of judged) io.out(`${JSON.stringify(jsonOf(one))}\n`);
    else io.out(table(io, ["RECEIPT", "AT", "USER", "CLIENT", "WHAT"], judged.map(row)));
    return judged.every(({ verified }) => verified.ok) ? EXIT_OK : EXIT_REFUSED;
  },
};

const compare: Command = {
  name: "receipt compare",
  summary: "Find receipts of one directory that cannot all be true",
  operands: "[FILE…|-]",
  options: OPTIONS,
  examples: ["receipt compare mine.txt theirs.txt", "receipt compare --json all.txt"],

  async run(given, io) {
    const judged = await judgeAll(given, io);
    // What is not the directory's word contradicts nothing, and must not look as if it had been compared.
    const genuine = judged.flatMap(({ place, verified }) => (verified.ok ? [{ place, receipt: verified.value }] : []));
    if (genuine.length > MAX_COMPARED) {
      throw new UsageError(`expected at most ${MAX_COMPARED} receipts, got ${genuine.length}`);
    }
    const found = contradictions(genuine.map(({ receipt }) => receipt)).map(({ code, between, detail }) => ({
      code,
      between: between.map((index) => genuine[index]?.place),
      detail,
    }));
    const refused = judged.filter(({ verified }) => !verified.ok);
    if (given.flag("json")) {
      io.out(`${JSON.stringify({ compared: genuine.length, contradictions: found, refused: refused.map(jsonOf) })}\n`);
    } else {
      for (const { code, between, detail } of found) io.out(`${code}: ${between.join(" and ")}: ${detail}\n`);
      for (const { place, verified } of refused) if (!verified.ok) io.err(`${place}: ${verified.error.message}\n`);
      io.out(`${genuine.length} receipts compared, ${found.length} contradictions\n`);
    }
    return found.length === 0 && refused.length === 0 ? EXIT_OK : EXIT_REFUSED;
  },
};

export const RECEIPT_COMMANDS: readonly Command[] = [verify, compare];

type Judged = { readonly place: string; readonly verified: ReturnType<typeof verifyReceipt> };

/** Every receipt that was given, one per line. */
async function judgeAll(given: Given, io: CommandIo): Promise<readonly Judged[]> {
  const keys = await keysFor(given, io);
  const issuer = given.text("issuer");
  const maxAgeSeconds = given.whole("max-age");
  const expected = {
    ...(issuer === undefined ? {} : { issuer }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    now: io.now(),
  };
  const sources = given.operands.length === 0 ? ["-"] : given.operands;
  const judged: Judged[] = [];
  for (const source of sources) {
    const lines = (await textOf(source, io)).split("\n");
    lines.forEach((line, index) => {
      const text = line.trim();
      if (text === "") return;
      const place = `${source}:${index + 1}`;
      judged.push({ place, verified: verifyReceipt(text, keys, expected) });
    });
  }
  if (judged.length === 0) throw new UsageError("expected at least one receipt, got none");
  return judged;
}

async function keysFor(given: Given, io: CommandIo): Promise<ReceiptKeys> {
  const file = given.text("keys");
  if (file === undefined) {
    const directory = new DirectoryClient(addressOf(given, io));
    return (await directory.call("GET", "/.well-known/jwks.json", JWKS)).body;
  }
  const text = await textOf(file, io);
  try {
    return JWKS.parse(JSON.parse(text));
  } catch {
    throw new UsageError(`${file} holds no JWK Set`);
  }
}

const textOf = async (file: string, io: CommandIo): Promise<string> =>
  new TextDecoder().decode(await readAll(file, io));

const jsonOf = ({ place, verified }: Judged) =>
  verified.ok ? { place, ok: true, ...verified.value } : { place, ok: false, ...verified.error };

function row({ place, verified }: Judged): string[] {
  if (!verified.ok) return [place, "-", "-", "-", `${verified.error.code}: ${verified.error.message}`];
  const { body } = verified.value;
  return [place, dateOf(body.iat), body.sub, body.client, statement(verified.value)];
}

function statement(receipt: Receipt): string {
  switch (receipt.kind) {
    case "claim": {
      const { aud, claimer_client, use, key_package_ref } = receipt.body;
      const claimer = aud === undefined ? "a claim capability" : `${aud}/${claimer_client ?? "-"}`;
      return `${use} package ${key_package_ref} given to ${claimer}`;
    }
    case "registration":
      return `registered with ${Object.keys(receipt.body.signature_keys_sha256).join(", ")}`;
    case "publication":
      return `${receipt.body.key_package_refs.length} packages in stock`;
    case "revocation":
      return `ended, ${receipt.body.purged} packages purged`;
  }
}
