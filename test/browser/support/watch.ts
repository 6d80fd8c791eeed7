/** What pages complain of. A page that works prints nothing: every message is a failure, unless the test expects it. */
import type { BrowserContext } from "playwright-core";

export type Watch = {
  /** Takes the messages that match out of what is left. Throws if there are none: then the expectation is out of date. */
  readonly take: (expected: RegExp) => void;
  /** Console messages of every level and errors that no script caught, of all pages, since the start or the last call. */
  readonly rest: () => Promise<readonly string[]>;
};

/** Listens to all pages of the context, also those that are opened later. */
export function watch(context: BrowserContext): Watch {
  let said: string[] = [];
  context.on("console", (message) => {
    const { url, lineNumber } = message.location();
    said.push(`${message.type()}: ${message.text()} (${url}:${lineNumber})`);
  });
  context.on("weberror", (error) => said.push(`not caught: ${error.error().stack ?? error.error().message}`));
  return {
    take: (expected) => {
      const rest = said.filter((message) => !expected.test(message));
      if (rest.length === said.length) {
        throw new Error(`expected a message like ${expected}, got ${JSON.stringify(said)}`);
      }
      said = rest;
    },
    rest: async () => {
      // What a page printed before this has arrived when it answers.
      await Promise.all(context.pages().map((page) => page.evaluate("0")));
      const rest = said;
      said = [];
      return rest;
    },
  };
}
