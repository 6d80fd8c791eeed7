/** The client as a bundle for pages, in a realm that has little more than the language. */
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { FakeDirectory } from "./support/fake-directory.ts";
import { NOW } from "./support/people.ts";

/** An app that registers, fills its stock and claims: in the realm, so that nothing of Node is in reach. */
const APP = `
  const { KeyPackageDirectory, Replenisher, libraryMaker, memoryStorage, selfCheck } = client;
  const { BasicCredential, SignatureKeyPair, nobleCrypto } = mls;
  async function app(now) {
    const person = (user) => new KeyPackageDirectory({
      url: "https://directory.test", audience: "mls-key-directory", user, client: "phone", token: async () => "good", storage: memoryStorage(),
      platform: { now: () => now, breathe: async () => {}, sleep: async () => {} },
    });
    const signer = await SignatureKeyPair.generate(nobleCrypto, 0x0807);
    const maker = libraryMaker({
      credential: new BasicCredential("alice").toCredential(), signers: [signer], ciphersuites: [1],
    });
    const replenisher = new Replenisher({ directory: person("alice"), maker });
    await replenisher.replenish();
    const { packages } = await person("bob").claim("alice");
    const { found } = await replenisher.onWelcome([packages[0].ref], async () => true);
    return JSON.stringify({ reachable: (await selfCheck(replenisher)).reachable, claimed: packages.length, found });
  }
`;

/** What every platform has. Not: process, Buffer, require, structuredClone, atob, URL, TextDecoder, navigator, window. */
const realm = (directory: FakeDirectory) => ({
  // Answers as plain objects: a Response of this realm would bring its own platform along.
  fetch: async (url: string, init: RequestInit) => {
    const response = await directory.fetch(url, init);
    const text = await response.text();
    return { ok: response.ok, status: response.status, headers: response.headers, text: async () => text };
  },
  crypto: { getRandomValues: (bytes: Uint8Array) => crypto.getRandomValues(bytes) },
  TextEncoder: class {
    encode(text: string) {
      return new TextEncoder().encode(text);
    }
  },
  AbortController,
  setTimeout,
  clearTimeout,
});

describe("the client in a bare realm", () => {
  it("registers, fills the stock, claims, opens and checks itself", async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `export * as client from "./src/client/index.ts"; export * as mls from "./src/mls/index.ts";`,
        resolveDir: process.cwd(),
        loader: "ts",
      },
      bundle: true,
      format: "iife",
      globalName: "bundle",
      platform: "browser",
      target: "es2022",
      write: false,
    });
    const directory = new FakeDirectory(NOW * 1000);
    const context = createContext(realm(directory));
    runInContext(outputFiles[0]?.text ?? "", context);
    runInContext("const { client, mls } = bundle;", context);
    runInContext(`delete Uint8Array.prototype.toBase64; delete Uint8Array.fromBase64; ${APP}`, context);
    const done = await (runInContext(`app(${NOW * 1000})`, context) as Promise<string>);
    expect(JSON.parse(done)).toEqual({ reachable: true, claimed: 1, found: true });
  });
});
