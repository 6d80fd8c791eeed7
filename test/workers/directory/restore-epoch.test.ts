import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { readRestoreEpoch, writeRestoreEpoch } from "../../../src/directory/restore-epoch.ts";
import { directoryOf } from "../../../src/directory/shards.ts";

it("is 0 until it is set, never goes back, and keeps the time at which it was set", async () => {
  const directory = directoryOf(env);
  expect(await readRestoreEpoch(directory)).toEqual({ epoch: 0, setAt: undefined });
  expect(await writeRestoreEpoch(directory, 100, 1)).toEqual({ epoch: 100, setAt: 1 });
  expect(await writeRestoreEpoch(directory, 50, 2)).toEqual({ epoch: 100, setAt: 1 });
  expect(await writeRestoreEpoch(directory, 100, 3)).toEqual({ epoch: 100, setAt: 1 });
  expect(await readRestoreEpoch(directory)).toEqual({ epoch: 100, setAt: 1 });
});
