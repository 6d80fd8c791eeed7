/** Two people with ts-mls and a directory as it is started on one's own machine. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryStorage, type Platform } from "../../../src/client/index.ts";
import { fileStorage } from "../../../src/client/node/index.ts";
import {
  DIRECTORY_SETTINGS,
  EXPECTED,
  people,
  type Scene,
  stockOf,
  TARGET,
  twoPeople,
} from "../../support/two-people.ts";
import { type Server, startServer } from "../support/started-directory.ts";

/** Of the examples, without imports, comments and empty lines; docs/sdk.md says the same. */
const MOST_LINES = { "messenger.ts": 60, "ts-mls-maker.ts": 60, "core-crypto-maker.ts": 60 };

let folder: string;
let server: Server;
let scene: Scene;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kpd-sdk-"));
  server = await startServer(folder, DIRECTORY_SETTINGS);
  scene = {
    url: server.address,
    token: (user, scope) => server.token(user, "phone", scope),
    newStorage: async () => memoryStorage(),
  };
});
afterAll(async () => {
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
});

it("first-steps.ts does what docs/sdk.md shows", async () => {
  const { stdout } = await promisify(execFile)("node", ["docs/examples/sdk/first-steps.ts", server.address], {
    env: { ...process.env, STATE_DIR: folder },
  });
  const shown = /first-steps\.ts\n([\s\S]*?)```/.exec(readFileSync("docs/sdk.md", "utf8"))?.[1] ?? "";
  const asShown = (text: string) =>
    text
      .replaceAll(/alice-\d+/g, "alice")
      .replace(/phone: \S{43}/, "phone: REF")
      .replace(/\d+ (packages|bytes)/g, "some $1");
  expect(asShown(stdout)).toBe(asShown(shown));
});

describe("two people with ts-mls", () => {
  it("fill, claim, join, talk, drain to the last resort, replenish, rotate, reinstall and revoke", async () => {
    const opened: Awaited<ReturnType<typeof fileStorage>>[] = [];
    const newStorage = async () => {
      const storage = await fileStorage(join(folder, `installation-${opened.length}.json`));
      opened.push(storage);
      return storage;
    };
    try {
      expect(await twoPeople({ ...scene, newStorage })).toEqual(EXPECTED);
    } finally {
      for (const storage of opened) await storage.close();
    }
  });

  it("keep their packages when replies are lost, and claim the same one again", async () => {
    const { person } = await people(scene);
    const lose = { publish: 0, claim: 0 };
    const lossy: Partial<Platform> = {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        const kind = url.endsWith("/claims") ? "claim" : url.endsWith("/key-packages") ? "publish" : undefined;
        if (kind === undefined || lose[kind]-- <= 0) return response;
        await response.arrayBuffer();
        throw new TypeError("reply lost");
      },
      sleep: async () => {},
    };
    const carol = await person("carol", { platform: lossy });
    lose.publish = 1;
    const { inventory } = await carol.replenisher.replenish();
    expect(stockOf(inventory)).toBe(`${TARGET} and a last resort`);

    const dave = await person("dave", { platform: lossy });
    lose.claim = 2;
    const claimed = await dave.directory.claim("carol");
    expect([claimed.packages.length, claimed.replayed]).toEqual([1, true]);
    expect(stockOf(await carol.directory.inventory())).toBe(`${TARGET - 1} and a last resort`);

    // Another installation with the same signature key, and without private keys.
    const restored = await person("carol", { keys: carol.keys });
    expect(await restored.replenisher.replenish()).toMatchObject({ pruned: TARGET, made: TARGET + 1 });
    expect(await restored.directory.replace([], { allowEmpty: true })).toMatchObject({ results: [] });
    expect(await restored.directory.remove("all")).toMatchObject({ removed: 0 });
  });
});

describe("what an application writes itself", () => {
  it("is as short as the documentation says", () => {
    const guide = readFileSync("docs/sdk.md", "utf8");
    for (const [name, most] of Object.entries(MOST_LINES)) {
      const lines = countLines(readFileSync(`docs/examples/sdk/${name}`, "utf8"));
      expect(lines).toBeLessThanOrEqual(most);
      expect(guide).toContain(`| [${name}](examples/sdk/${name}) | ${lines} |`);
    }
  });
});

/** Lines of code: no imports, no comments, no empty lines. */
function countLines(source: string): number {
  const withoutImports = source.replace(/^import [^;]*;$/gm, "").replace(/\/\*\*[\s\S]*?\*\//g, "");
  return withoutImports.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length;
}
