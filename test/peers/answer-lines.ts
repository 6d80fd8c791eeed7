/**
 * How `npm run peers` talks with an implementation of MLS that runs in Node. Each line of the input is a request: a word,
 * the number of a suite, and bytes in base64. Each gets one line: `ok` and bytes in base64, or `error` and why. The same
 * for Rust is in line-protocol, and the other end in tools/lib/peers.
 */
import { createInterface } from "node:readline";

/** A package with its private keys, as RFC 9180 and its post-quantum draft serialize them. */
export type Foreign = {
  readonly keyPackage: Uint8Array;
  readonly initKey: Uint8Array;
  readonly encryptionKey: Uint8Array;
  readonly signatureKey: Uint8Array;
};

/** MLSMessages. The Welcome has the ratchet tree inside; the message is one of the application. */
export type Added = { readonly welcome: Uint8Array; readonly message: Uint8Array };

/** A member-to-be and a member of groups. The private keys of its packages stay inside. */
export type Peer = {
  /** A package as an MLSMessage, made as the implementation makes it without options. */
  readonly keyPackage: (suite: number, identity: Uint8Array) => Promise<Uint8Array>;
  /** By the key that signs this peer's packages of the suite. */
  readonly sign: (suite: number, content: Uint8Array) => Promise<Uint8Array>;
  /** Takes over a package that was made elsewhere. */
  readonly import: (suite: number, foreign: Foreign) => Promise<void>;
  /** A new group of one with this identity and the owner of this package, and a message that says the text. */
  readonly add: (suite: number, identity: Uint8Array, keyPackage: Uint8Array, text: Uint8Array) => Promise<Added>;
  /** Joins a group by the Welcome to this package, and gives what the application message says. */
  readonly join: (
    suite: number,
    keyPackage: Uint8Array,
    welcome: Uint8Array,
    message: Uint8Array,
  ) => Promise<Uint8Array>;
};

/** Answers until the input ends. */
export async function answerLines(peer: Peer): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${await answerTo(peer, line)}\n`);
  }
}

async function answerTo(peer: Peer, line: string): Promise<string> {
  try {
    const parts = await dispatch(peer, line);
    return ["ok", ...parts.map((part) => Buffer.from(part).toString("base64"))].join(" ");
  } catch (error) {
    return `error ${inWords(error).replaceAll("\n", " ")}`;
  }
}

/** core-crypto says what is wrong in a member of the error. */
function inWords(error: unknown): string {
  const inner = error instanceof Error && "inner" in error ? `: ${JSON.stringify(error.inner)}` : "";
  return `${error}${inner}`;
}

async function dispatch(peer: Peer, line: string): Promise<readonly Uint8Array[]> {
  const [request, number, ...words] = line.split(" ");
  const suite = Number(number);
  const bytes = words.map((word) => Uint8Array.from(Buffer.from(word, "base64")));
  const [first = empty, second = empty, third = empty, fourth = empty] = bytes;
  switch (request) {
    case "key-package":
      return [await peer.keyPackage(suite, first)];
    case "sign":
      return [await peer.sign(suite, first)];
    case "import":
      await peer.import(suite, { keyPackage: first, initKey: second, encryptionKey: third, signatureKey: fourth });
      return [];
    case "add": {
      const { welcome, message } = await peer.add(suite, first, second, third);
      return [welcome, message];
    }
    case "join":
      return [await peer.join(suite, first, second, third)];
    default:
      throw new Error(`no request ${request}`);
  }
}

const empty = new Uint8Array();
