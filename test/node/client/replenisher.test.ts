import { beforeEach, describe, expect, it } from "vitest";
import { libraryMaker, memoryStorage, type Storage, selfCheck } from "../../../src/client/index.ts";
import {
  BasicCredential,
  deserializeKeyPackageBundle,
  ExtensionType,
  inspectKeyPackage,
  nobleCrypto,
  SignatureKeyPair,
  SignatureScheme,
} from "../../../src/mls/index.ts";
import { FakeDirectory, problem } from "./support/fake-directory.ts";
import { device, heldRefs, makerFor } from "./support/mortal-device.ts";
import { NOW, person } from "./support/people.ts";

const DAY_MS = 86_400_000;
let directory: FakeDirectory;
let maker: Awaited<ReturnType<typeof makerFor>>;
beforeEach(async () => {
  directory = new FakeDirectory(NOW * 1000);
  maker = await makerFor("alice");
});

const liveOf = (user = "alice") => [...directory.client(user, "phone").live];
const oneTime = () => liveOf().filter(([, { lastResort }]) => !lastResort).length;
const lastResorts = () => liveOf().flatMap(([ref, { lastResort }]) => (lastResort ? [ref] : []));
const publishes = () => directory.seen.filter(({ method, path }) => method === "POST" && path.endsWith("key-packages"));

describe("a run", () => {
  it("registers, fills the stock to the target in requests that the policy allows, and has nothing to do the next time", async () => {
    const { replenisher, events } = device(directory, { maker });
    const report = await replenisher.replenish();
    expect([oneTime(), lastResorts().length, report.made, report.uploaded]).toEqual([6, 1, 7, 7]);
    expect(publishes().map(({ body }) => (body?.key_packages as unknown[] | undefined)?.length)).toEqual([4, 3]);
    expect(events.filter(({ kind }) => kind === "made").at(-1)).toEqual({ kind: "made", done: 7, total: 7 });
    expect(await replenisher.replenish()).toMatchObject({ made: 0, uploaded: 0, pruned: 0 });
  });

  it("fills up below the low watermark and not before", async () => {
    const { replenisher } = device(directory, { maker });
    await replenisher.replenish();
    for (const left of [5, 4, 3]) {
      directory.take("alice", "phone");
      await replenisher.replenish();
      expect(oneTime()).toBe(left);
    }
    directory.take("alice", "phone");
    expect((await replenisher.replenish()).made).toBe(4);
    expect(oneTime()).toBe(6);
  });

  it("replaces what is about to expire while it still serves", async () => {
    const { replenisher } = device(directory, { maker });
    await replenisher.replenish();
    directory.now += 24 * DAY_MS;
    await replenisher.replenish();
    expect([oneTime(), lastResorts().length]).toEqual([12, 1]);
    directory.now += DAY_MS;
    expect((await replenisher.replenish()).made).toBe(0);
  });

  it("does not renew at once what the policy allows to live for a short time only", async () => {
    const { replenisher } = device(directory, { maker, lifetimeSeconds: 2 * 86_400 });
    await replenisher.replenish();
    expect((await replenisher.replenish()).made).toBe(0);
  });

  it("breathes between slices, so that a page stays smooth", async () => {
    const { replenisher, sdk, calls } = device(directory, { maker, sliceSize: 2 });
    const makesBetween: number[] = [];
    let before = 0;
    Object.assign(sdk.platform, {
      breathe: async () => {
        const makes = calls.made.filter((name) => name === "make").length;
        makesBetween.push(makes - before);
        before = makes;
      },
    });
    await replenisher.replenish();
    expect(makesBetween).toEqual([2, 2, 2, 1]);
  });

  it("ends with the signal of the caller, and the next run sends what was made", async () => {
    const controller = new AbortController();
    const storage = memoryStorage();
    const first = device(directory, {
      maker,
      storage,
      sliceSize: 2,
      onEvent: ({ kind }) => kind === "made" && controller.abort(),
    });
    await expect(first.replenisher.replenish({ signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
    const made = await heldRefs(storage);
    expect(made.size).toBe(2);
    await device(directory, { maker, storage }).replenisher.replenish();
    expect(liveOf().filter(([ref]) => made.has(ref))).toHaveLength(2);
    expect(oneTime()).toBe(6);
  });

  it("offline changes nothing, and says so", async () => {
    const { replenisher, storage } = device(directory, { maker });
    directory.trouble = () => "request lost";
    await expect(replenisher.replenish()).rejects.toMatchObject({ code: "network_error" });
    expect((await storage.list("")).size).toBe(0);
  });

  it("keeps what was made when a budget of the directory is used up", async () => {
    const { replenisher, storage } = device(directory, { maker });
    directory.trouble = ({ method, path }) =>
      method === "POST" && path.endsWith("key-packages")
        ? problem(429, "uploads_exhausted", {}, { "Retry-After": "600" })
        : undefined;
    await expect(replenisher.replenish()).rejects.toMatchObject({ code: "uploads_exhausted", retryAfterSeconds: 600 });
    expect((await heldRefs(storage)).size).toBe(4);
    directory.trouble = () => undefined;
    expect((await replenisher.replenish()).made).toBe(3);
  });

  it("forgets what is refused, and stops making more of it", async () => {
    const { replenisher, storage, events } = device(directory, { maker });
    // The directory's clock jumps back by a day after it has told the time.
    directory.trouble = ({ path }) => {
      if (path.endsWith("/reconcile")) directory.now -= DAY_MS;
      return undefined;
    };
    Object.assign(replenisher.directory, { now: () => NOW });
    const report = await replenisher.replenish();
    expect(report).toMatchObject({ made: 4, uploaded: 0, refused: 4 });
    const codes = events.flatMap((event) => (event.kind === "refused" ? [event.code] : []));
    expect(codes).toEqual(Array(4).fill("lifetime_not_yet_valid"));
    expect((await heldRefs(storage)).size).toBe(0);
  });

  it("does not send again what was taken after the reply to its upload was lost, and keeps its keys", async () => {
    const { replenisher } = device(directory, { maker });
    directory.trouble = ({ path }) => (path.endsWith("key-packages") ? "reply lost" : undefined);
    await expect(replenisher.replenish()).rejects.toMatchObject({ code: "network_error" });
    directory.trouble = () => undefined;
    const { ref = "" } = directory.take("alice", "phone") ?? {};
    await replenisher.replenish();
    expect(directory.arrivals.get(ref)).toBe(1);
    expect(await replenisher.retention()).toContainEqual(expect.objectContaining({ ref, state: "gone" }));
  });

  it("keeps the keys of what was made before a restore: it may have been claimed", async () => {
    const { replenisher, storage } = device(directory, { maker });
    directory.trouble = ({ path, body }) => {
      if (!path.endsWith("key-packages")) return undefined;
      const { key_packages: sent } = body as { key_packages: string[] };
      const results = sent.map((_, index) => ({ index, ok: false, code: "before_restore_epoch" }));
      return Response.json({ results, inventory: [], restore_epoch: NOW });
    };
    expect(await replenisher.replenish()).toMatchObject({ made: 4, uploaded: 0, refused: 0, deleted: 0 });
    expect((await heldRefs(storage)).size).toBe(4);
    expect((await replenisher.retention()).map(({ state }) => state)).toEqual(Array(4).fill("gone"));
  });

  it("offers only suites that the directory accepts, and names the others", async () => {
    const both = await makerFor("alice", [1, 3]);
    const { replenisher, events } = device(directory, { maker: both });
    await replenisher.replenish();
    expect(new Set(liveOf().map(([, { ciphersuite }]) => ciphersuite))).toEqual(new Set([1]));
    expect(events).toContainEqual({ kind: "suite_not_accepted", ciphersuite: 3 });
  });

  it.each([-3_600_000, 3_600_000, 400 * DAY_MS])(
    "goes by the directory's clock when the device's is off by %i ms",
    async (offsetMs) => {
      const { replenisher, events } = device(directory, { maker, offsetMs });
      expect((await replenisher.replenish()).uploaded).toBe(7);
      const [[, live] = ["", undefined]] = liveOf();
      expect(live?.notAfter).toBe(NOW + 30 * 86_400);
      expect(events).toContainEqual({ kind: "clock_off", seconds: -offsetMs / 1000 });
    },
  );

  it("does not upload what storage does not give back", async () => {
    const inner = memoryStorage();
    const forgetful: Storage = {
      ...inner,
      write: (changes) => inner.write(new Map([...changes].filter(([key]) => !key.includes("/secret/")))),
    };
    const { replenisher } = device(directory, { maker, storage: forgetful });
    await expect(replenisher.replenish()).rejects.toMatchObject({ code: "storage_failed" });
    expect(publishes()).toEqual([]);
  });

  it("uploads after storage has said that the private keys are durable, although it gives them back before", async () => {
    const inner = memoryStorage();
    let writing = 0;
    const slow: Storage = {
      ...inner,
      write: async (changes) => {
        writing++;
        await inner.write(changes);
        await new Promise((resolve) => setImmediate(resolve));
        writing--;
      },
    };
    const { replenisher } = device(directory, { maker, storage: slow });
    const writingAtUpload: number[] = [];
    directory.trouble = ({ method, path }) => {
      if (method === "POST" && path.endsWith("key-packages")) writingAtUpload.push(writing);
      return undefined;
    };
    await replenisher.replenish();
    expect(writingAtUpload).toEqual([0, 0]);
  });

  it("takes a package whose maker counts its lifetime from another clock, by the lifetime that it has", async () => {
    const late = {
      ...maker,
      make: (wanted: Parameters<typeof maker.make>[0]) => maker.make({ ...wanted, notAfter: wanted.notAfter + 60 }),
    };
    const { replenisher } = device(directory, { maker: late });
    expect(await replenisher.replenish()).toMatchObject({ uploaded: 7, refused: 0 });
    const [held] = await replenisher.held.list();
    expect(held?.notAfter).toBe(NOW + 30 * 86_400 + 60);
  });

  it.each([
    ["of another suite", { ciphersuite: 2 }],
    ["that is not a last resort", { lastResort: false }],
    ["with another lifetime", { notAfter: NOW + 60 }],
  ])("does not upload a package %s than was ordered", async (_, change) => {
    const lying = {
      ...maker,
      make: (wanted: Parameters<typeof maker.make>[0]) => maker.make({ ...wanted, ...change }),
    };
    const { replenisher, storage } = device(directory, { maker: lying });
    await expect(replenisher.replenish()).rejects.toMatchObject({ code: "maker_failed" });
    expect((await heldRefs(storage)).size).toBe(0);
  });
});

describe("a last resort", () => {
  it("is replaced after a Welcome used it, and its private keys stay for Welcomes that are under way", async () => {
    const { replenisher, events } = device(directory, { maker });
    await replenisher.replenish();
    const [old = ""] = lastResorts();
    const outcome = await replenisher.onWelcome([old], async ({ lastResort }) => lastResort);
    expect(outcome).toMatchObject({ found: true, joined: true, deleted: false });
    await replenisher.replenish();
    expect([lastResorts().length, lastResorts()[0] === old]).toEqual([1, false]);
    expect(events).toContainEqual({ kind: "last_resort_due", ciphersuite: 1, reason: "used" });
    const retention = (await replenisher.retention()).find(({ ref }) => ref === old);
    expect(retention).toMatchObject({ state: "gone", used: true, mayDeleteAt: NOW + 14 * 86_400 });
    directory.now += 14 * DAY_MS - 1_000;
    await replenisher.replenish();
    expect((await replenisher.onWelcome([old], async () => "late")).found).toBe(true);
    directory.now += 1_000;
    await replenisher.replenish();
    expect((await replenisher.onWelcome([old], async () => "too late")).found).toBe(false);
  });

  it("is replaced at its age, although nobody used it", async () => {
    const { replenisher, events } = device(directory, { maker });
    await replenisher.replenish();
    const before = lastResorts();
    directory.now += 14 * DAY_MS;
    await replenisher.replenish();
    expect(lastResorts()).not.toEqual(before);
    expect(events).toContainEqual({ kind: "last_resort_due", ciphersuite: 1, reason: "age" });
  });
});

describe("a Welcome", () => {
  it("opens with the private keys of its package, which are deleted when the group is stored", async () => {
    const { replenisher, storage } = device(directory, { maker });
    await replenisher.replenish();
    const taken = directory.take("alice", "phone")?.ref ?? "";
    const others = Buffer.from("f".repeat(43), "base64url");
    await expect(
      replenisher.onWelcome([others, taken], async () => Promise.reject(new Error("crash while joining"))),
    ).rejects.toThrow("crash");
    const outcome = await replenisher.onWelcome([others, Buffer.from(taken, "base64url")], async (welcomed) => {
      const bundle = deserializeKeyPackageBundle(welcomed.privateKeys);
      return bundle.ok && bundle.value.keyPackage().toMlsMessage();
    });
    expect(outcome).toMatchObject({ found: true, ref: taken, deleted: true, lastResort: false });
    expect(outcome.found && outcome.joined).toBeInstanceOf(Uint8Array);
    expect((await heldRefs(storage)).has(taken)).toBe(false);
    expect((await replenisher.onWelcome([taken], async () => true)).found).toBe(false);
  });

  it("that comes while a run is under way does not leave its keys behind", async () => {
    const { replenisher, storage } = device(directory, { maker });
    await replenisher.replenish();
    const taken = directory.take("alice", "phone")?.ref ?? "";
    // The run has read what is held, and will write that this one is gone.
    const during = device(directory, { maker, storage });
    const { fetch } = during.sdk.platform;
    let welcomed = false;
    Object.assign(during.sdk.platform, {
      fetch: async (url: string, init: RequestInit) => {
        if (url.endsWith("/reconcile")) ({ found: welcomed } = await replenisher.onWelcome([taken], async () => true));
        return fetch(url, init);
      },
    });
    await during.replenisher.replenish();
    expect(welcomed).toBe(true);
    expect((await heldRefs(storage)).has(taken)).toBe(false);
    expect((await replenisher.retention()).some(({ ref }) => ref === taken)).toBe(false);
  });

  it("can still be opened until a grace after the expiry of its package, and not after", async () => {
    const { replenisher, events } = device(directory, { maker });
    await replenisher.replenish();
    const taken = directory.take("alice", "phone")?.ref ?? "";
    directory.now += 37 * DAY_MS - 1_000;
    await replenisher.replenish();
    expect((await replenisher.retention()).some(({ ref }) => ref === taken)).toBe(true);
    directory.now += 1_000;
    await replenisher.replenish();
    expect(events.some((event) => event.kind === "deleted" && event.reason === "expired")).toBe(true);
    expect((await replenisher.onWelcome([taken], async () => true)).found).toBe(false);
  });
});

describe("another installation", () => {
  it("with the same signature key prunes what it has no private keys for", async () => {
    await device(directory, { maker }).replenisher.replenish();
    const fresh = device(directory, { maker });
    expect(await fresh.replenisher.replenish()).toMatchObject({ pruned: 7, made: 7 });
    const held = await heldRefs(fresh.storage);
    expect(liveOf().every(([ref]) => held.has(ref))).toBe(true);
  });

  it("with a new signature key takes over only if it is told to", async () => {
    const first = device(directory, { maker });
    await first.replenisher.replenish();
    const newKey = await makerFor("alice");
    const refused = device(directory, { maker: newKey });
    await expect(refused.replenisher.replenish()).rejects.toMatchObject({
      code: "signature_key_conflict",
      status: 409,
    });
    expect(liveOf()).toHaveLength(7);
    const reinstalled = device(directory, { maker: newKey, takeOver: true });
    await reinstalled.replenisher.replenish();
    expect(reinstalled.events).toContainEqual({ kind: "taken_over" });
    const held = await heldRefs(reinstalled.storage);
    expect(liveOf().every(([ref]) => held.has(ref))).toBe(true);
    // The first one does not fight for its place.
    await expect(first.replenisher.replenish()).rejects.toMatchObject({ code: "signature_key_conflict" });
    expect(liveOf()).toHaveLength(7);
  });

  it("is not needed to rotate the signature key: old packages go, their private keys stay", async () => {
    const storage = memoryStorage();
    await device(directory, { maker, storage }).replenisher.replenish();
    const taken = directory.take("alice", "phone")?.ref ?? "";
    const rotated = device(directory, { maker: await makerFor("alice"), storage });
    await rotated.replenisher.replenish();
    expect(rotated.events).toContainEqual({ kind: "signature_key_rotated" });
    expect([oneTime(), lastResorts().length]).toEqual([6, 1]);
    expect((await rotated.replenisher.onWelcome([taken], async () => true)).found).toBe(true);
  });
});

describe("a revoked client", () => {
  it("offers nothing, can still be welcomed, and registers anew with its next run", async () => {
    const { replenisher } = device(directory, { maker });
    await replenisher.replenish();
    const taken = directory.take("alice", "phone")?.ref ?? "";
    await replenisher.revoke();
    expect(directory.clients.size).toBe(0);
    expect((await replenisher.onWelcome([taken], async () => true)).found).toBe(true);
    await replenisher.replenish();
    expect(oneTime()).toBe(6);
  });

  it("that an operator revoked does not come back by itself", async () => {
    const { replenisher } = device(directory, { maker });
    await replenisher.replenish();
    directory.clients.clear();
    await expect(replenisher.replenish()).rejects.toMatchObject({ code: "client_not_registered" });
    expect(directory.clients.size).toBe(0);
  });
});

describe("two at once", () => {
  it("fill the stock once, where they share a lock", async () => {
    const storage = memoryStorage();
    const tabs = [device(directory, { maker, storage }), device(directory, { maker, storage })];
    const reports = await Promise.all(tabs.map(({ replenisher }) => replenisher.replenish()));
    expect(reports.reduce((sum, { made }) => sum + made, 0)).toBe(7);
  });

  it("lose no private keys, where they do not", async () => {
    const storage = memoryStorage();
    const tabs = [0, 1, 2].map(() => device(directory, { maker, storage, unlocked: true }));
    await Promise.allSettled(tabs.map(({ replenisher }) => replenisher.replenish()));
    await tabs[0]?.replenisher.replenish();
    const held = await heldRefs(storage);
    expect(liveOf().length).toBeGreaterThanOrEqual(7);
    expect(liveOf().every(([ref]) => held.has(ref))).toBe(true);
  });
});

describe("a self-check", () => {
  it("finds a stocked client reachable, and takes nothing", async () => {
    const { replenisher } = device(directory, { maker });
    expect(await selfCheck(replenisher)).toEqual({
      reachable: false,
      suites: [],
      problems: [{ kind: "not_registered" }],
    });
    await replenisher.replenish();
    const before = liveOf();
    expect(await selfCheck(replenisher)).toEqual({
      reachable: true,
      suites: [{ ciphersuite: 1, good: 6, lastResort: true, nextExpiry: NOW + 30 * 86_400 }],
      problems: [],
    });
    expect(liveOf()).toEqual(before);
  });

  it("names what is wrong: nothing on offer, no private keys, a foreign key, packages of another installation", async () => {
    const { replenisher, storage } = device(directory, { maker });
    await replenisher.replenish();
    const [ref = ""] = lastResorts();
    const key = [...(await storage.list("")).keys()].find((one) => one.endsWith(`/secret/${ref}`)) ?? "";
    await storage.write(new Map([[key, undefined]]));
    const { problems } = await selfCheck(replenisher);
    expect(problems).toEqual([
      { kind: "bad_package", ref, detail: "its private keys are not stored" },
      { kind: "no_last_resort", ciphersuite: 1 },
    ]);

    const foreign = device(directory, { maker: await makerFor("alice") });
    const check = await selfCheck(foreign.replenisher);
    expect(check.reachable).toBe(false);
    expect(check.problems).toEqual([
      { kind: "signature_key_differs", scheme: "ed25519" },
      { kind: "unknown_packages", count: 7 },
      { kind: "nothing_on_offer", ciphersuite: 1 },
    ]);
  });

  it("does not miss a last resort where none is to be offered", async () => {
    const { replenisher } = device(directory, { maker, lastResort: false });
    await replenisher.replenish();
    expect(await selfCheck(replenisher)).toMatchObject({ reachable: true, problems: [] });
  });

  it("tells what others would see of a client that is about to run dry", async () => {
    const { replenisher } = device(directory, { maker });
    await replenisher.replenish();
    while (oneTime() > 0) directory.take("alice", "phone");
    const { reachable, problems } = await selfCheck(replenisher);
    expect([reachable, problems]).toEqual([true, [{ kind: "needs_upload", ciphersuite: 1 }]]);
  });
});

describe("the library's maker", () => {
  it.each([
    ["extension", ExtensionType.LastResort],
    ["component", ExtensionType.AppDataDictionary],
  ] as const)("marks a last resort by the %s that it is told to", async (lastResortEncoding, type) => {
    const signers = [await SignatureKeyPair.generate(nobleCrypto, SignatureScheme.ed25519)];
    const credential = new BasicCredential("alice").toCredential();
    const { make } = libraryMaker({ credential, signers, ciphersuites: [1], lastResortEncoding });
    const wanted = { ciphersuite: 1, notBefore: NOW, notAfter: NOW + 60 };
    for (const lastResort of [true, false]) {
      const made = inspectKeyPackage((await make({ ...wanted, lastResort })).keyPackage);
      expect(made).toMatchObject({ ok: true, value: { lastResort } });
      const types = made.ok && made.value.extensions.map(({ extensionType }) => extensionType);
      expect(types).toEqual(lastResort ? [type] : []);
    }
  });

  it("makes nothing of a suite that it has no signer for", async () => {
    const { make } = await makerFor("alice", [1, 2]);
    const wanted = { ciphersuite: 2, lastResort: false, notBefore: NOW, notAfter: NOW + 60 };
    await expect(make(wanted)).rejects.toMatchObject({ code: "maker_failed" });
  });
});

describe("what was made here", () => {
  it("is what a claimer accepts", async () => {
    await device(directory, { maker }).replenisher.replenish();
    const { packages, rejected } = await person(directory, "bob").sdk.claim("alice");
    expect([packages.length, rejected]).toEqual([1, []]);
  });
});
