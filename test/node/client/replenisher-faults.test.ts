/**
 * The Replenisher with one fault at each of its calls to the outside, in each way that a call can fail. Whatever
 * happened, no package is on offer whose private keys are gone, and the next run sends nothing that the directory has.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { type Maker, memoryStorage, type Storage } from "../../../src/client/index.ts";
import { webCrypto } from "../../../src/mls/index.ts";
import { FakeDirectory } from "./support/fake-directory.ts";
import { device, type Fault, heldRefs, makerFor } from "./support/mortal-device.ts";
import { NOW } from "./support/people.ts";

const HOWS: readonly Fault["how"][] = ["dies before", "dies after", "fails before", "fails after"];
const DAY_MS = 86_400_000;

let makers: { readonly alice: Maker; readonly rotated: Maker };
beforeAll(async () => {
  makers = { alice: await makerFor("alice", [1], webCrypto), rotated: await makerFor("alice", [1], webCrypto) };
});

type Scene = {
  readonly name: string;
  readonly prepare: (directory: FakeDirectory, storage: Storage) => Promise<void>;
  readonly maker: "alice" | "rotated";
  readonly offsetMs?: number;
};

/** A stocked phone of which three packages and the last resort were used. */
async function used(directory: FakeDirectory, storage: Storage): Promise<void> {
  const { replenisher } = device(directory, { maker: makers.alice, storage });
  await replenisher.replenish();
  for (let claim = 0; claim < 3; claim++) directory.take("alice", "phone");
  const [lastResort = ""] = [...directory.client("alice", "phone").live].flatMap(([ref, live]) =>
    live.lastResort ? [ref] : [],
  );
  await replenisher.onWelcome([lastResort], async () => true);
}

const SCENES: readonly Scene[] = [
  { name: "a first run", prepare: async () => {}, maker: "alice" },
  { name: "a first run, an hour ahead", prepare: async () => {}, maker: "alice", offsetMs: 3_600_000 },
  { name: "a first run, an hour behind", prepare: async () => {}, maker: "alice", offsetMs: -3_600_000 },
  { name: "a run after claims, with a used last resort", prepare: used, maker: "alice" },
  {
    name: "a run after an expiry",
    prepare: async (directory, storage) => {
      await used(directory, storage);
      directory.now += 38 * DAY_MS;
    },
    maker: "alice",
  },
  { name: "a rotation of the signature key", prepare: used, maker: "rotated" },
];

/** References on offer, and how many of them have no private keys in this storage. */
async function onOffer(directory: FakeDirectory, storage: Storage) {
  const all = [...(directory.clients.get("alice/phone")?.live ?? [])];
  const live = all.filter(([, { notAfter }]) => notAfter * 1000 > directory.now);
  const held = await heldRefs(storage);
  return {
    oneTime: live.filter(([, one]) => !one.lastResort).length,
    lastResorts: live.filter(([, one]) => one.lastResort).length,
    withoutKeys: live.filter(([ref]) => !held.has(ref)).length,
  };
}

/** The scene, as often as it is asked for. */
async function staged({ prepare }: Scene) {
  const directory = new FakeDirectory(NOW * 1000);
  directory.checksSignatures = false;
  Object.assign(directory.stock, { target: 4, low_watermark: 2 });
  Object.assign(directory.limits, { key_packages_per_request: 3 });
  const storage = memoryStorage();
  await prepare(directory, storage);
  const stored = await storage.list("");
  return async () => {
    const copy = memoryStorage();
    await copy.write(stored);
    return { directory: directory.clone(), storage: copy };
  };
}

describe.each(SCENES)("$name", (one) => {
  const { maker, offsetMs = 0 } = one;

  it.each(HOWS)("survives a call that %s, whichever it is", { timeout: 300_000 }, async (how) => {
    const scene = await staged(one);
    const clean = await scene();
    const whole = device(clean.directory, { storage: clean.storage, maker: makers[maker], offsetMs });
    await whole.replenisher.replenish();
    const names = whole.calls.made;
    expect(names.length).toBeGreaterThan(10);

    for (let at = 1; at <= names.length; at++) {
      const { directory, storage } = await scene();
      const broken = device(directory, { storage, maker: makers[maker], offsetMs, fault: { at, how } });
      await broken.replenisher.replenish().catch(() => undefined);
      expect(broken.calls.made.length, `the fault at ${names[at - 1]} was met`).toBeGreaterThanOrEqual(at);
      const where = `${how} at call ${at}, ${names[at - 1]}`;
      expect((await onOffer(directory, storage)).withoutKeys, where).toBe(0);

      const stored = [...(directory.clients.get("alice/phone")?.live.keys() ?? [])];
      const arrivals = new Map(directory.arrivals);
      const next = device(directory, { storage, maker: makers[maker], offsetMs });
      await next.replenisher.replenish();
      expect(await onOffer(directory, storage), where).toMatchObject({ oneTime: 4, lastResorts: 1, withoutKeys: 0 });
      const twice = stored.filter((ref) => directory.arrivals.get(ref) !== arrivals.get(ref));
      expect(twice, `sent twice: ${where}`).toEqual([]);
      expect((await next.replenisher.replenish()).made, where).toBe(0);
    }
  });
});
