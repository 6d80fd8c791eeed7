import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Database, sqliteStorage } from "../../../docs/examples/sdk/sqlite-storage.ts";
import { indexedDbStorage, memoryStorage, type Storage } from "../../../src/client/index.ts";
import { fileStorage } from "../../../src/client/node/file-storage.ts";
import { FakeDirectory } from "./support/fake-directory.ts";
import { fakeIndexedDb } from "./support/fake-indexed-db.ts";
import { device, heldRefs, makerFor } from "./support/mortal-device.ts";
import { NOW } from "./support/people.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kpd-storage-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A storage of each kind, and how it is found again after a restart. */
const KINDS: Record<string, () => Promise<{ storage: Storage; restart: () => Promise<Storage> }>> = {
  memory: async () => {
    const storage = memoryStorage();
    return { storage, restart: async () => storage };
  },
  file: async () => {
    const path = join(folder, "sub", "keys.json");
    const storage = await fileStorage(path);
    return {
      storage,
      restart: async () => {
        await storage.close();
        return fileStorage(path);
      },
    };
  },
  IndexedDB: async () => {
    const fake = fakeIndexedDb();
    const open = () => indexedDbStorage({ ...fake, persist: async () => true });
    return { storage: await open(), restart: open };
  },
  SQLite: async () => {
    const path = join(folder, "keys.db");
    const open = () => sqliteStorage(asExpo(new DatabaseSync(path)));
    return { storage: await open(), restart: open };
  },
};

/** Node's database with the calls of expo-sqlite's. */
const asExpo = (database: DatabaseSync): Database => ({
  execAsync: async (sql) => database.exec(sql),
  getAllAsync: async <Row>(sql: string, parameters: readonly string[]) =>
    database.prepare(sql).all(...parameters) as Row[],
  runAsync: async (sql, parameters) => database.prepare(sql).run(...parameters),
});

it("stores nothing of a write that fails in SQLite, and carries the next", async () => {
  const database = asExpo(new DatabaseSync(":memory:"));
  const storage = await sqliteStorage(database);
  await storage.write(new Map([["a", "1"]]));
  const bad = (() => "") as unknown as string;
  await expect(
    storage.write(
      new Map([
        ["a", "2"],
        ["b", bad],
      ]),
    ),
  ).rejects.toThrow("cannot be bound");
  expect(Object.fromEntries(await storage.list(""))).toEqual({ a: "1" });
  await storage.write(new Map([["a", "3"]]));
  expect(await storage.get("a")).toBe("3");
});

describe.each(Object.keys(KINDS))("storage in %s", (kind) => {
  const opened = async () => {
    const make = KINDS[kind];
    if (!make) throw new Error(kind);
    return make();
  };

  it("gives back what was written, by key and by the beginning of keys, also after a restart", async () => {
    const { storage, restart } = await opened();
    await storage.write(
      new Map([
        ["a/1", "one"],
        ["a/2", "two"],
        ["b/1", "three"],
      ]),
    );
    await storage.write(
      new Map([
        ["a/1", undefined],
        ["a/3", "é \u0000"],
        ["b/1", "four"],
      ]),
    );
    for (const one of [storage, await restart()]) {
      expect(await one.get("a/1")).toBeUndefined();
      expect(await one.get("b/1")).toBe("four");
      expect(Object.fromEntries(await one.list("a/"))).toEqual({ "a/2": "two", "a/3": "é \u0000" });
      expect((await one.list("")).size).toBe(3);
    }
  });

  it("carries writes that are made at the same time", async () => {
    const { storage, restart } = await opened();
    await Promise.all(Array.from({ length: 20 }, (_, index) => storage.write(new Map([[`k/${index}`, `${index}`]]))));
    expect((await (await restart()).list("k/")).size).toBe(20);
  });

  it("carries a Replenisher over a restart", async () => {
    const directory = new FakeDirectory(NOW * 1000);
    const maker = await makerFor("alice");
    const { storage, restart } = await opened();
    await device(directory, { maker, storage }).replenisher.replenish();
    const again = await restart();
    expect((await heldRefs(again)).size).toBe(7);
    expect(await device(directory, { maker, storage: again }).replenisher.replenish()).toMatchObject({
      made: 0,
      pruned: 0,
    });
  });
});

describe("storage in a file", () => {
  it("is for its owner alone", async () => {
    const path = join(folder, "keys.json");
    const storage = await fileStorage(path);
    await storage.write(new Map([["a", "1"]]));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await storage.close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it("keeps a second process out, and takes over from one that was killed", async () => {
    const path = join(folder, "keys.json");
    const storage = await fileStorage(path);
    await expect(fileStorage(path)).rejects.toMatchObject({ code: "storage_failed" });
    await storage.close();
    const { pid } = spawnSync("node", ["--version"]);
    writeFileSync(`${path}.lock`, String(pid));
    await (await fileStorage(path)).close();
  });

  it("does not take a file that it cannot read for an empty one", async () => {
    const path = join(folder, "keys.json");
    writeFileSync(path, '{"a": "1"');
    await expect(fileStorage(path)).rejects.toMatchObject({ code: "storage_failed" });
    expect(readFileSync(path, "utf8")).toBe('{"a": "1"');
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it("changes nothing by a write that fails", async () => {
    const path = join(folder, "sub", "keys.json");
    const storage = await fileStorage(path);
    await storage.write(new Map([["a", "1"]]));
    rmSync(join(folder, "sub"), { recursive: true });
    await expect(storage.write(new Map([["a", "2"]]))).rejects.toThrow();
    expect(await storage.get("a")).toBe("1");
  });
});

describe("storage in IndexedDB", () => {
  it("asks for durable writes and to be kept, and says whether it will be", async () => {
    const fake = fakeIndexedDb();
    const kept = await indexedDbStorage({ ...fake, persist: async () => true });
    await kept.write(new Map([["a", "1"]]));
    expect([kept.persisted, fake.durabilities]).toEqual([true, ["strict"]]);
    const refused = { ...fakeIndexedDb(), persist: async () => Promise.reject(new Error("no")) };
    expect((await indexedDbStorage(refused)).persisted).toBe(false);
  });

  it("rejects a write that the browser gave up, and has stored nothing of it", async () => {
    const fake = fakeIndexedDb();
    const storage = await indexedDbStorage({ ...fake, persist: async () => true });
    fake.state.aborts = true;
    await expect(
      storage.write(
        new Map([
          ["a", "1"],
          ["b", "2"],
        ]),
      ),
    ).rejects.toMatchObject({ code: "storage_failed" });
    expect((await storage.list("")).size).toBe(0);
  });

  it("makes way for a newer version of the page", async () => {
    const fake = fakeIndexedDb();
    await indexedDbStorage({ ...fake, persist: async () => true });
    fake.database.fire("versionchange");
    expect(fake.state.closed).toBe(1);
  });

  it("says that there is none", async () => {
    await expect(indexedDbStorage()).rejects.toMatchObject({ code: "storage_failed" });
  });
});
