import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { directoryOf } from "../../../src/directory/shards.ts";
import { type EpochPlace, epochPlaces, raiseEverywhere } from "../../../src/http/upstream/restore-epoch-places.ts";
import { keeperOf } from "../../../src/pool/address.ts";

const places = () => epochPlaces(env, directoryOf(env));

it("is 0 until it is set, never goes back, and keeps the time at which it was set, in each place and in all", async () => {
  expect(await raiseEverywhere(places(), 0, 1)).toEqual({ epoch: 0, setAt: undefined });
  expect(await raiseEverywhere(places(), 100, 1)).toEqual({ epoch: 100, setAt: 1 });
  expect(await raiseEverywhere(places(), 50, 2)).toEqual({ epoch: 100, setAt: 1 });
  for (const place of places()) {
    expect(await place.raise(50, 2)).toEqual({ epoch: 100, setAt: 1 });
    expect(await place.raise(100, 3)).toEqual({ epoch: 100, setAt: 1 });
    expect(await place.read()).toEqual({ epoch: 100, setAt: 1 });
  }
});

it("outlives each place, and is written back to it", async () => {
  await raiseEverywhere(places(), 200, 5);
  await env.DB.prepare("DELETE FROM restore_epoch").run();
  expect(await raiseEverywhere(places(), 0, 6)).toEqual({ epoch: 200, setAt: 5 });
  const [database] = places() as [EpochPlace];
  expect(await database.read()).toEqual({ epoch: 200, setAt: 5 });
  await env.DB.prepare("UPDATE restore_epoch SET epoch = 300, set_at = 7").run();
  expect(await raiseEverywhere(places(), 0, 8)).toEqual({ epoch: 300, setAt: 7 });
  expect(await keeperOf(env).read()).toEqual({ epoch: 300, setAt: 7 });
});
