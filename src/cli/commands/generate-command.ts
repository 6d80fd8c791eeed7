import { writeFileSync } from "node:fs";
import { type Suite, suiteOf } from "../../mls/index.ts";
import { type Command, type CommandIo, EXIT_OK, UsageError } from "../command.ts";
import { generatePackages, type Wanted } from "../generate-packages.ts";
import { checkedIdentifier, type Given } from "../given.ts";
import { type ClientKeys, changeKeyFile, NO_KEYS } from "../key-file.ts";
import { PROFILE_OPTION, profileOf } from "../profile.ts";

const MAX_COUNT = 10_000;
const FORMATS = ["base64url", "hex", "pem", "binary"] as const;
const PEM_LABEL = "MLS KEY PACKAGE";
const PEM_WIDTH = 64;

export const generate: Command = {
  name: "generate",
  summary: "Make KeyPackages, and the private keys that open them",
  options: {
    identity: {
      value: "TEXT",
      help: "identity of the BasicCredential; a directory expects the user, unless set otherwise",
    },
    keys: {
      value: "FILE",
      help: "file of the private keys, made with mode 0600 or added to; its signature keys are used again",
    },
    "print-private-keys": {
      help: "print the private keys, in the form of --keys, instead of keeping them; needs --out",
    },
    ciphersuite: { value: "N,…", help: "ciphersuites by number; 1 if left out" },
    ...PROFILE_OPTION,
    count: { value: "N", help: "how many of each ciphersuite; 1 if left out" },
    "last-resort": { help: "make one more of each ciphersuite that is marked as a last resort" },
    lifetime: { value: "SECONDS", help: "how long they live; 84 days if left out" },
    format: { value: "NAME", help: `${FORMATS.join(", ")}; base64url, one per line, if left out` },
    out: { value: "FILE", help: "where the packages go; standard output if left out" },
  },
  examples: [
    "generate --identity carol --keys carol-phone.json --count 100 --last-resort --out packages.txt",
    "generate --identity carol --keys carol-phone.json --ciphersuite 1,2 --format pem",
  ],

  async run(given, io) {
    const wanted = readWanted(given, io);
    const format = given.choice("format", FORMATS, "base64url");
    const out = given.text("out");
    const total = wanted.ciphersuites.length * (wanted.count + (wanted.lastResort ? 1 : 0));
    let packages: Uint8Array[] = [];
    const make = async (before: ClientKeys): Promise<ClientKeys> => {
      const made = await generatePackages(before, wanted, (done) => io.progress(`${done} of ${total} packages`));
      packages = made.bundles.map((bundle) => bundle.keyPackage().toMlsMessage());
      return made.keys;
    };
    if (given.flag("print-private-keys")) {
      if (given.text("keys") !== undefined) throw new UsageError("--print-private-keys and --keys exclude each other");
      if (out === undefined) throw new UsageError("--print-private-keys prints the keys: --out must take the packages");
      const keys = await make(NO_KEYS);
      writePackages(out, packages, format, io);
      io.out(`${JSON.stringify(keys, null, 2)}\n`);
      return EXIT_OK;
    }
    // The keys are on disk before any package can be published.
    await changeKeyFile(given.required("keys"), make);
    writePackages(out, packages, format, io);
    return EXIT_OK;
  },
};

function readWanted(given: Given, io: CommandIo): Wanted {
  const profile = profileOf(given, io);
  const ciphersuites = given.wholes("ciphersuite", 65_535) ?? [1];
  const count = given.whole("count", MAX_COUNT) ?? 1;
  const lastResort = given.flag("last-resort");
  const suites = ciphersuites.map((number): Suite => {
    const suite = suiteOf(profile, number);
    if (suite !== undefined) return suite;
    const known = profile.suites.map(({ ciphersuite }) => ciphersuite).join(", ");
    throw new UsageError(`--ciphersuite: expected ${known}, got ${number}`);
  });
  if (new Set(ciphersuites).size < ciphersuites.length) throw new UsageError("--ciphersuite: a number is there twice");
  if (count === 0 && !lastResort) throw new UsageError("--count 0 without --last-resort makes nothing");
  return {
    identity: checkedIdentifier("--identity", given.required("identity")),
    ciphersuites: suites,
    count,
    lastResort,
    lifetimeSeconds: given.whole("lifetime"),
    now: io.now(),
  };
}

function writePackages(
  out: string | undefined,
  packages: readonly Uint8Array[],
  format: (typeof FORMATS)[number],
  io: CommandIo,
): void {
  if (out === undefined && format !== "binary") {
    io.out(textOf(packages, format));
    return;
  }
  if (out === undefined) throw new UsageError("--format binary needs --out");
  try {
    writeFileSync(out, format === "binary" ? Buffer.concat(packages) : textOf(packages, format));
  } catch (cause) {
    throw new UsageError(`cannot write ${out}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function textOf(packages: readonly Uint8Array[], format: "base64url" | "hex" | "pem"): string {
  if (format !== "pem") return packages.map((bytes) => `${Buffer.from(bytes).toString(format)}\n`).join("");
  return packages
    .map((bytes) => {
      const lines = Buffer.from(bytes)
        .toString("base64")
        .replaceAll(new RegExp(`.{1,${PEM_WIDTH}}`, "g"), "$&\n");
      return `-----BEGIN ${PEM_LABEL}-----\n${lines}-----END ${PEM_LABEL}-----\n`;
    })
    .join("");
}
