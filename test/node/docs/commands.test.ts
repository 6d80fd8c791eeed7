/**
 * Every command that the docs show: it exists, takes the options that it is given, calls a route that there is, and is run
 * by a test, a rehearsal or a workflow. What is run by none of them is in a list here, with the reason.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { COMMANDS, findCommand } from "../../../src/cli/commands.ts";
import { Given } from "../../../src/cli/given.ts";
import { OPERATIONS } from "../../../src/http/resources/all-operations.ts";

const ROOT = join(import.meta.dirname, "../../..");
const read = (name: string) => readFileSync(join(ROOT, name), "utf8");
const filesIn = (folder: string, ends: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ends))
    .map((name) => `${folder}/${name}`);

const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ".github/PULL_REQUEST_TEMPLATE.md",
  "bench/README.md",
  "bench/results.md",
  "test/vectors/samples/README.md",
  ...filesIn("docs", ".md"),
];

/** A comment that names a command does not run it: those on lines of their own, and those behind code. */
const withoutComments = (text: string): string =>
  text.replace(/^\s*(?:\/\/|\/\*|\*|#).*$/gm, "").replace(/\s(?:\/\/|#) .*$/gm, "");

/** Where commands are run: the tests but this one, the rehearsals, the workflows, and what they call. */
const RUNNERS = [
  ...filesIn("test", ".ts").filter((file) => !file.endsWith("docs/commands.test.ts")),
  ...filesIn("tools/rehearse", ".ts"),
  ...filesIn(".github/workflows", ".yml"),
  ".ci/run",
  "tools/verify.ts",
  "wrangler.toml",
].map((name) => withoutComments(read(name)));

type Shown = { readonly page: string; readonly line: string };

/** Of blocks of sh every line, of blocks of a console those with a prompt; continued lines as one, comments cut off. */
function commandsOf(page: string): Shown[] {
  return [...read(page).matchAll(/^```(sh|console)([^\n]*)\n([\s\S]*?)^```$/gm)].flatMap(([, kind, , text = ""]) =>
    text
      .replace(/\\\n\s*/g, " ")
      .split("\n")
      .filter((line) => kind === "sh" || line.startsWith("$ "))
      .map((line) => line.replace(/^\$ /, "").replace(/\s+#.*$/, ""))
      .flatMap((line) => line.split(" && "))
      .filter((line) => line.trim() !== "")
      .map((line) => ({ page, line })),
  );
}

const shown = PAGES.flatMap(commandsOf);

/** The beginning of several commands, such as `kpd admin`. */
const isGroup = (line: string): boolean => COMMANDS.some(({ name }) => `kpd ${name}`.startsWith(`${line} `));

/** Commands of npm, npx and kpd within a sentence, but the name of a group and forms of which the command is left open. */
const inSentences = PAGES.flatMap((page) =>
  [
    ...read(page)
      .replace(/^```[\s\S]*?^```$/gm, "")
      .matchAll(/`((?:npm|npx|kpd) [^`]+)`/g),
  ].map(([, line = ""]) => ({
    page,
    line: line.replace(/\s+/g, " "),
  })),
).filter(({ line }) => line !== "npm run" && !/\bCOMMAND\b/.test(line) && !isGroup(line));

/** As a shell would, for what the docs have: quotation marks hold words together, brackets of a synopsis are none. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/[[\]]/g, "").matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replace(/^["']|["']$/g, ""),
  );

const scripts = (JSON.parse(read("package.json")) as { scripts: Readonly<Record<string, string>> }).scripts;

/** What the gate cannot run: the first words, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "npx wrangler login": "needs an account",
  "npx wrangler d1 time-travel": "needs an account",
  "npm run soak": "takes an hour; before a release",
  "npm run format": "changes the tree",
  "java -jar": "the generator of others; npm run generators -- --kotlin has Maven run it every night",
  "mvn -B": "npm run generators -- --kotlin runs it every night",
  "npm pack ./dist/package": "test/node/tools/package.test.ts packs and installs one of its own",
  "cd ../my-app": "a folder of the reader's",
  "npm install ../mls-key-directory": "in another project; npm run consumers does it",
  "docker ": "needs a container runtime; test/node/e2e/container.test.ts runs them with one, every night",
  "curl https://api.cloudflare.com": "needs an account",
  "cp .dev.vars.example": "a file of the tree, copied",
  "export ": "a variable",
};

const isExempt = (line: string): boolean =>
  Object.keys(NOT_RUN).some((start) => line.replace('"', "").startsWith(start));

/** What is wrong with a command; nothing if it is as it should be. */
function faultOf(line: string): string | undefined {
  const words = wordsOf(line).filter((word) => !/^[A-Z_]+=/.test(word));
  const [program = "", verb = "", name = ""] = words.filter((word) => word !== "--silent" && word !== "-s");
  if (program === "curl") return faultOfCurl(words);
  if (program === "kpd") return faultOfKpd(words.slice(1));
  if (program === "npx" || program === "node") return faultOfFiles(words);
  if (program !== "npm") return `nothing is known of ${program}`;
  if (verb === "ci") return undefined;
  const script = verb === "run" ? name : verb;
  if (!Object.hasOwn(scripts, script)) return `package.json has no script ${script}`;
  const given = words.includes("--") ? words.slice(words.indexOf("--") + 1) : [];
  if (script === "kpd") return faultOfKpd(given);
  const tool = /node (\S+\.ts)/.exec(scripts[script] ?? "")?.[1];
  return tool === undefined ? undefined : faultOfOptions(tool, given);
}

/** Of what npx or node is given: a script of the tree must be there. One that runs at our users is not looked for. */
function faultOfFiles(words: readonly string[]): string | undefined {
  const missing = words.find((word) => /^[\w./-]+\.(?:ts|js|mjs)$/.test(word) && !existsSync(join(ROOT, word)));
  return missing === undefined ? undefined : `there is no ${missing}`;
}

/** The tool, or what it imports of tools/lib, names each option as one that it reads. */
function faultOfOptions(tool: string, given: readonly string[]): string | undefined {
  const source = [read(tool), ...filesIn("tools/lib", ".ts").map(read)].join("\n");
  return given
    .flatMap((word) => /^--([\w-]+)/.exec(word)?.[1] ?? [])
    .filter((option) => !new RegExp(`["']?\\b${option}["']?: \\{ type|argv\\.includes\\("--${option}"\\)`).test(source))
    .map((option) => `${tool} takes no --${option}`)[0];
}

function faultOfKpd(args: readonly string[]): string | undefined {
  const found = findCommand([...args]);
  if (!found) return `kpd has no command ${args.join(" ")}`;
  try {
    Given.read(found.command, found.rest);
    return undefined;
  } catch (cause) {
    return String(cause);
  }
}

const ORIGIN = /^(?:\$DIRECTORY_URL|http:\/\/127\.0\.0\.1:8787)(\/[^?]*)/;

function faultOfCurl(words: readonly string[]): string | undefined {
  const path = words.flatMap((word) => ORIGIN.exec(word)?.[1] ?? [])[0];
  if (path === undefined) return "it calls no directory";
  // A name can be any text: curl leaves out what follows "#", and asks for somebody else.
  if (path.includes("$")) return "it puts a variable into an address as it is";
  const named = words[words.indexOf("-X") + 1];
  const method = words.includes("-X")
    ? named
    : words.some((word) => word === "-d" || word === "--data")
      ? "POST"
      : "GET";
  const parts = path.split("/");
  const isOf = (pattern: readonly string[]) =>
    pattern.length === parts.length && pattern.every((part, index) => part.startsWith("{") || part === parts[index]);
  const route = OPERATIONS.find((one) => one.method === method && isOf(one.path.split("/")));
  return route === undefined ? `there is no route ${method} ${path}` : undefined;
}

it("finds the commands", () => {
  expect(shown.length).toBeGreaterThan(60);
  expect(new Set(shown.map(({ page }) => page)).size).toBeGreaterThan(15);
});

it("each exists, with its options and its route", () => {
  const faults = shown
    .filter(({ line }) => !isExempt(line))
    .flatMap(({ page, line }) => {
      const fault = faultOf(line);
      return fault === undefined ? [] : [`${page}: ${line}: ${fault}`];
    });
  expect(faults).toEqual([]);
});

it("so does each that a sentence names", () => {
  expect(inSentences.length).toBeGreaterThan(80);
  const faults = inSentences.flatMap(({ page, line }) => {
    const fault = faultOf(line);
    return fault === undefined ? [] : [`${page}: ${line}: ${fault}`];
  });
  expect(faults).toEqual([]);
});

it("would find one that does not", () => {
  expect(faultOf("npm run delpoy -- --env staging")).toBe("package.json has no script delpoy");
  expect(faultOf("npm run smoke -- --token FILE")).toBe("tools/smoke.ts takes no --token");
  expect(faultOf("npm run -s verify -- --no-test")).toBe("tools/verify.ts takes no --no-test");
  expect(faultOf("kpd admin audit --address x")).toContain("--address");
  expect(faultOf('curl -X PUT "$DIRECTORY_URL/v1/admin/top"')).toBe("there is no route PUT /v1/admin/top");
  expect(faultOf('curl "$DIRECTORY_URL/v1/admin/users/$USER_NAME"')).toBe(
    "it puts a variable into an address as it is",
  );
  expect(faultOf("brew install kpd")).toBe("nothing is known of brew");
  expect(faultOf("npx node docs/examples/sdk/last-steps.ts")).toBe("there is no docs/examples/sdk/last-steps.ts");
});

it("each script is run by a test, a rehearsal or a workflow, or says why not", () => {
  const names = new Set(
    [...shown, ...inSentences]
      .filter(({ line }) => !isExempt(line))
      .flatMap(({ line }) => /\bnpm (?:run )?(?:--silent |-s )?(?!ci\b|run\b)([\w-]+)/.exec(line)?.[1] ?? []),
  );
  expect(names.size).toBeGreaterThan(10);
  const isRun = (name: string) => {
    const tool = /node (\S+\.ts)/.exec(scripts[name] ?? "")?.[1];
    const file = tool?.split("/").at(-1);
    return RUNNERS.some(
      (text) =>
        new RegExp(`npm (?:run )?(?:-s |--silent )?${name}\\b`).test(text) ||
        (tool !== undefined && (text.includes(tool) || text.includes(`lib/${file}`))) ||
        text.includes(`run("${name}"`) ||
        text.includes(`["run", "-s", "${name}"]`),
    );
  };
  expect([...names].filter((name) => !isRun(name))).toEqual([]);
});

it("each command of a runbook has a name by which its rehearsal runs it, or needs an account", () => {
  const runbooks = filesIn("docs/operate", ".md").filter((page) => !/README|metrics/.test(page));
  for (const page of runbooks) {
    const [, name = ""] = /([\w-]+)\.md$/.exec(page) ?? [];
    expect(existsSync(join(ROOT, `tools/rehearse/${name}.ts`)), page).toBe(true);
    for (const [block, label = ""] of read(page).matchAll(/^```sh ?([\w-]*)\n/gm)) {
      expect(label, `${page}: ${block}`).not.toBe("");
      if (label === "account") continue;
      expect(read(`tools/rehearse/${name}.ts`), `${page}: ${label}`).toContain(`ommand("${label}"`);
    }
  }
});

it("every route is in the docs", () => {
  const pages = PAGES.map(read).join("\n");
  // Below a client, of which a page has said the path, … stands for it.
  const isThere = (path: string) =>
    pages.includes(path) || pages.includes(path.replace(/^\/v1\/users\/\{user\}\/clients\/\{client\}\//, "…/"));
  const missing = OPERATIONS.filter(({ path }) => !isThere(path));
  expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
});
