/** An implementation of MLS in a process of its own, which answers lines as test/peers/line-protocol says. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { err, ok, type Result } from "../../../src/mls/result.ts";
import type { PeerProgram } from "./peer-programs.ts";

export type PeerProcess = {
  /** What it answers to the request, or in its own words why not. */
  readonly ask: (
    request: "key-package" | "sign" | "import" | "add" | "join",
    suite: number,
    ...bytes: readonly Uint8Array[]
  ) => Promise<Result<readonly Uint8Array[], string>>;
  readonly stop: () => Promise<void>;
};

/** One request after the other: an answer has no number. */
export function startPeer({ command, args }: PeerProgram): PeerProcess {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (request, suite, ...bytes) => {
      child.stdin.write(`${[request, suite, ...bytes.map(toBase64)].join(" ")}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`${command} ${args.join(" ")} ended without an answer`);
      const [outcome, ...words] = value.split(" ");
      return outcome === "ok" ? ok(words.map(fromBase64)) : err(words.join(" "));
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const fromBase64 = (word: string): Uint8Array => Uint8Array.from(Buffer.from(word, "base64"));
