import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readIds, writeIdsOfNamespace } from "../../../tools/lib/pool-ids.ts";
import { walk } from "../../../tools/lib/walk.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kpd-walk-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const IDS = Array.from({ length: 40 }, (_, index) => `id-${index}`);
async function* ids() {
  yield* IDS;
}

const options = (visit: (id: string) => Promise<boolean>) => ({
  ids,
  visit,
  concurrency: 4,
  // No pause, which on a busy machine would let the others run ahead.
  perSecond: Number.POSITIVE_INFINITY,
  resume: join(folder, "resume.json"),
  told: () => {},
});

describe("a walk", () => {
  it("visits each once", async () => {
    const visited: string[] = [];
    const progress = await walk(
      options(async (id) => {
        visited.push(id);
        return true;
      }),
    );
    expect(visited.toSorted()).toEqual(IDS.toSorted());
    expect(progress).toEqual({ done: 40, again: 0 });
  });

  it("goes on where it was ended, and repeats what was under way alone", async () => {
    const first: string[] = [];
    const ended = walk(
      options(async (id) => {
        if (id === "id-20") throw new Error("out of power");
        first.push(id);
        return true;
      }),
    );
    await expect(ended).rejects.toThrow("out of power");
    const second: string[] = [];
    const progress = await walk(
      options(async (id) => {
        second.push(id);
        return true;
      }),
    );
    expect(new Set([...first, ...second])).toEqual(new Set(IDS));
    expect(first.filter((id) => second.includes(id)).length).toBeLessThanOrEqual(4);
    expect(progress).toEqual({ done: 40, again: 0 });
  });

  it("leaves to the next run what could not be done, and that alone", async () => {
    const bad = ["id-3", "id-30"];
    expect(await walk(options(async (id) => !bad.includes(id)))).toEqual({ done: 38, again: 2 });
    const second: string[] = [];
    const visit = async (id: string) => {
      second.push(id);
      return id !== "id-30";
    };
    expect(await walk(options(visit))).toEqual({ done: 39, again: 1 });
    expect(second).toEqual(bad);
  });

  it("ends when nothing can be done any more", async () => {
    async function* endless() {
      for (let index = 0; ; index++) yield `id-${index}`;
    }
    let visits = 0;
    const visit = async () => {
      visits += 1;
      return false;
    };
    await expect(walk({ ...options(visit), ids: endless })).rejects.toThrow("in a row");
    expect(visits).toBeLessThan(60);
  });

  it("keeps to its rate", async () => {
    vi.useFakeTimers();
    try {
      const startedMs = Date.now();
      const walking = walk({ ...options(async () => true), perSecond: 200 });
      await vi.runAllTimersAsync();
      await walking;
      expect(Date.now() - startedMs).toBeGreaterThan(150);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("the ids of all pools", () => {
  const hex = (index: number) => String(index).padStart(64, "0");

  it("are listed from Cloudflare's API page by page, without objects that have stored nothing", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.headers.authorization} ${request.url}`);
      const isFirst = !request.url?.includes("cursor=");
      const result = isFirst
        ? [
            { id: hex(1), hasStoredData: true },
            { id: hex(2), hasStoredData: false },
          ]
        : [{ id: hex(3), hasStoredData: true }];
      response.end(
        JSON.stringify({ success: true, result, result_info: isFirst ? { cursor: "a&b" } : { cursor: "" } }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const file = join(folder, "ids");
    await writeIdsOfNamespace(file, { api, account: "ab", namespace: "cd", token: "t" }, () => {});
    server.close();
    expect(readFileSync(file, "utf8")).toBe(`${hex(1)}\n${hex(3)}\n`);
    const path = "/accounts/ab/workers/durable_objects/namespaces/cd/objects?limit=1000";
    expect(asked).toEqual([`Bearer t ${path}`, `Bearer t ${path}&cursor=a%26b`]);
  });

  it("are refused with the number of a line that is none", async () => {
    const file = join(folder, "ids");
    writeFileSync(file, `${hex(1)}\n\nalice\n`);
    const read = async () => {
      for await (const _ of readIds(file));
    };
    await expect(read()).rejects.toThrow(`${file}:3`);
  });
});
