import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { LAST_RESORT_ROTATION_SECONDS, MAX_QUEUES_PER_CLIENT } from "../../../src/config/limits.ts";
import {
  freshBytes,
  hexRefs,
  keyPackage,
  keyPackages,
  nowSeconds,
  only,
  poolOf,
  refOf,
} from "../support/pool-calls.ts";

/** Of the only client: how often the directory was to hear of it. */
const changesOf = (sql: SqlStorage): number =>
  sql.exec<{ changes: number }>("SELECT changes FROM clients").one().changes;

describe("adding", () => {
  it("stores a batch and answers one code for each package in its order", async () => {
    const pool = await poolOf();
    const twice = keyPackage();
    const reused = keyPackage({ initKey: twice.initKey });
    const foreign = keyPackage({ signatureKey: new Uint8Array(32).fill(8) });
    const otherScheme = keyPackage({ signatureScheme: 0x0403 });
    const answer = await pool.publish([twice, reused, foreign, twice, otherScheme, keyPackage()]);
    expect(answer.codes).toEqual([
      "stored",
      "init_key_reused",
      "signature_key_mismatch",
      "duplicate",
      "signature_key_mismatch",
      "stored",
    ]);
    expect(answer.inventory).toMatchObject([{ ciphersuite: 1, available: 2, lastResort: undefined }]);
  });

  it("takes nothing from a client that is not registered", async () => {
    const pool = await poolOf();
    const answer = await pool
      .stub()
      .publish({ ...pool.base, client: "stranger", mode: "add", keyPackages: keyPackages(1), refused: 0 });
    expect(answer).toEqual({ outcome: "client_not_registered" });
  });

  it("is a no-op for an empty list", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(3));
    const answer = await pool.publish([]);
    expect(answer.codes).toEqual([]);
    expect(answer.inventory[0]?.available).toBe(3);
  });

  it("answers already_claimed when an upload is repeated after the package was claimed", async () => {
    const pool = await poolOf();
    const published = keyPackage();
    await pool.publish([published]);
    await pool.claim();
    await evictDurableObject(pool.stub());
    expect((await pool.publish([published])).codes).toEqual(["already_claimed"]);
    expect(only(await pool.claim()).status).toBe("exhausted");
  });

  it("refuses a claimed package's keys in other bytes, so that a rewritten signature does not bring it back", async () => {
    const pool = await poolOf();
    const published = keyPackage();
    await pool.publish([published]);
    await pool.claim();
    const rewritten = { ...published, ref: freshBytes(32), bytes: freshBytes(300) };
    expect((await pool.publish([rewritten])).codes).toEqual(["init_key_reused"]);
    const otherInit = { ...rewritten, ref: freshBytes(32), initKey: freshBytes(32) };
    expect((await pool.publish([otherInit])).codes).toEqual(["encryption_key_reused"]);
  });

  it("agrees with itself when the same upload runs twice at once", async () => {
    const pool = await poolOf();
    const batch = keyPackages(20);
    const answers = await Promise.all([pool.publish(batch), pool.publish(batch)]);
    // Which of the two arrives first is not promised.
    const codes = answers.map((answer) => answer.codes).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
    expect(codes).toEqual([Array(20).fill("duplicate"), Array(20).fill("stored")]);
    expect((await pool.inventory())[0]?.available).toBe(20);
  });

  it("stops at the stock's cap for each ciphersuite, and a last resort does not count", async () => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(100), keyPackage({ lastResort: true })]);
    await pool.publish(keyPackages(99));
    const answer = await pool.publish([...keyPackages(2), keyPackage({ ciphersuite: 3 })]);
    expect(answer.codes).toEqual(["stored", "stock_full", "stored"]);
    expect(answer.inventory).toMatchObject([
      { ciphersuite: 1, available: 200, lastResort: { uses: 0 }, needsUpload: false },
      { ciphersuite: 3, available: 1, lastResort: undefined, needsUpload: true },
    ]);
  });

  it("bounds the different sets of capabilities that every claim has to look at", async () => {
    const pool = await poolOf();
    const varied = Array.from({ length: 18 }, (_, index) =>
      keyPackage({ capabilities: { extensions: [0xf000 + index], proposals: [], credentials: [1] } }),
    );
    const codes = (await pool.publish(varied)).codes;
    expect(codes.filter((code) => code === "stored")).toHaveLength(16);
    expect(codes.slice(16)).toEqual(["too_many_capability_sets", "too_many_capability_sets"]);
  });
});

describe("a set of capabilities", () => {
  it("does not count a set of which nothing is left", async () => {
    const pool = await poolOf();
    const withSet = (index: number) =>
      keyPackage({ capabilities: { extensions: [0xf000 + index], proposals: [], credentials: [1] } });
    const codes = async (...sets: number[]) => (await pool.publish(sets.map(withSet))).codes;
    const many = Array.from({ length: MAX_QUEUES_PER_CLIENT }, (_, index) => index);
    expect(new Set(await codes(...many))).toEqual(new Set(["stored"]));
    expect(await codes(100)).toEqual(["too_many_capability_sets"]);
    for (let claim = 0; claim < 2; claim++) expect(only(await pool.claim()).status).toBe("claimed");
    expect(await codes(100, 101, 102)).toEqual(["stored", "stored", "too_many_capability_sets"]);
    await pool.stub().remove({ ...pool.base, client: "phone", which: { kind: "all" } });
    expect(new Set(await codes(...many.map((index) => 200 + index)))).toEqual(new Set(["stored"]));
  });

  it("is not counted once all that it had has expired, though that is not deleted yet", async () => {
    const pool = await poolOf();
    const sets = (from: number, count = MAX_QUEUES_PER_CLIENT) =>
      Array.from({ length: count }, (_, index) =>
        keyPackage({
          capabilities: { extensions: [0xf000 + from + index], proposals: [], credentials: [1] },
          notAfter: nowSeconds() + 60,
        }),
      );
    expect(new Set((await pool.publish(sets(0))).codes)).toEqual(new Set(["stored"]));
    vi.setSystemTime(Date.now() + 61_000);
    const [last, ...others] = (await pool.publish(sets(100, MAX_QUEUES_PER_CLIENT + 1))).codes.toReversed();
    expect([last, new Set(others)]).toEqual(["too_many_capability_sets", new Set(["stored"])]);
    vi.setSystemTime(Date.now() + 61_000);
    // One who makes new sets by the minute is not helped without end: these wait until the first are deleted.
    expect(new Set((await pool.publish(sets(200))).codes)).toEqual(new Set(["too_many_capability_sets"]));
  });
});

describe("the last resort", () => {
  it("is one for each client and ciphersuite: a newer one takes the place of the older", async () => {
    const pool = await poolOf();
    const [old, other, young] = [1, 2, 1].map((ciphersuite) => keyPackage({ ciphersuite, lastResort: true }));
    if (!old || !other || !young) throw new Error("unreachable");
    await pool.publish([old, other]);
    await pool.publish([young]);
    expect(refOf(await pool.claim())).toBe(young.ref.toHex());
    expect(refOf(await pool.claim({ ciphersuites: [2] }))).toBe(other.ref.toHex());
    expect((await pool.publish([old])).codes).toEqual(["already_removed"]);
  });

  it("tells of several in one batch which one stands", async () => {
    const pool = await poolOf();
    const batch = keyPackages(3, { lastResort: true });
    expect((await pool.publish(batch)).codes).toEqual(["last_resort_superseded", "last_resort_superseded", "stored"]);
    expect(refOf(await pool.claim())).toBe(batch[2]?.ref.toHex());
  });

  it("tells of one that was live before and is superseded by the same batch", async () => {
    const pool = await poolOf();
    const [old, young] = keyPackages(2, { lastResort: true });
    if (!old || !young) throw new Error("unreachable");
    await pool.publish([old]);
    expect(await pool.publish([old, young], pool.client, "replace")).toMatchObject({ applied: false });
    expect((await pool.publish([old, old, young])).codes).toEqual([
      "last_resort_superseded",
      "last_resort_superseded",
      "stored",
    ]);
    expect(refOf(await pool.claim())).toBe(young.ref.toHex());
  });

  it("is handed out again and again", async () => {
    const pool = await poolOf();
    const lastResort = keyPackage({ lastResort: true });
    await pool.publish([lastResort]);
    const refs = [await pool.claim(), await pool.claim(), await pool.claim()].map(refOf);
    expect(refs).toEqual(Array(3).fill(lastResort.ref.toHex()));
    expect((await pool.publish([lastResort])).codes).toEqual(["duplicate"]);
  });
});

describe("replacing", () => {
  it("swaps the whole stock at once and leaves tombstones", async () => {
    const pool = await poolOf();
    const old = [...keyPackages(3), keyPackage({ lastResort: true })];
    const young = keyPackages(2);
    await pool.publish(old);
    expect(await pool.publish(young, pool.client, "replace")).toMatchObject({
      applied: true,
      codes: ["stored", "stored"],
    });
    expect(await pool.inventory()).toMatchObject([{ available: 2, lastResort: undefined }]);
    expect((await pool.publish(old)).codes).toEqual(Array(4).fill("already_removed"));
    expect([await pool.claim(), await pool.claim()].map(refOf)).toEqual(hexRefs(young));
  });

  it("changes nothing if one package is refused", async () => {
    const pool = await poolOf();
    const old = keyPackages(3);
    await pool.publish(old);
    const answer = await pool.publish(
      [keyPackage(), keyPackage({ signatureKey: new Uint8Array(32) })],
      pool.client,
      "replace",
    );
    expect(answer).toMatchObject({ applied: false, codes: ["stored", "signature_key_mismatch"] });
    expect(answer.inventory[0]?.available).toBe(3);
    expect([await pool.claim(), await pool.claim(), await pool.claim()].map(refOf)).toEqual(hexRefs(old));
  });

  it("keeps what is live already in its place", async () => {
    const pool = await poolOf();
    const [first, second] = keyPackages(2);
    if (!first || !second) throw new Error("unreachable");
    await pool.publish([first, second]);
    const young = keyPackage();
    expect((await pool.publish([young, second], pool.client, "replace")).codes).toEqual(["stored", "duplicate"]);
    expect([await pool.claim(), await pool.claim()].map(refOf)).toEqual(hexRefs([second, young]));
  });

  it("writes nothing where it changes nothing", async () => {
    const pool = await poolOf();
    const stock = keyPackages(3);
    await pool.publish([], "phone", "replace");
    await pool.publish(stock);
    const changes = () => runInDurableObject(pool.stub(), (_, { storage }) => changesOf(storage.sql));
    const before = await changes();
    await pool.publish(stock, "phone", "replace");
    expect(await changes()).toBe(before);
    await pool.publish([], "phone", "replace");
    expect(await changes()).toBe(before + 1);
    await pool.publish([], "phone", "replace");
    expect(await changes()).toBe(before + 1);
  });

  it("leaves other clients of the user alone", async () => {
    const pool = await poolOf();
    await pool.register("tablet");
    await pool.publish(keyPackages(2), "tablet");
    await pool.publish(keyPackages(2), "phone");
    await pool.publish([], "phone", "replace");
    expect((await pool.inventory("tablet"))[0]?.available).toBe(2);
    expect((await pool.inventory("phone"))[0]?.available).toBe(0);
  });
});

describe("the inventory", () => {
  it("sends zeros, the next expiry, and asks for packages below the watermark", async () => {
    const pool = await poolOf();
    const soon = nowSeconds() + 5000;
    await pool.publish([...keyPackages(49), keyPackage({ notAfter: soon })]);
    const suite = { ciphersuite: 1, available: 50, nextExpiry: soon, target: 100, lowWatermark: 50 };
    expect(await pool.inventory()).toEqual([{ ...suite, lastResort: undefined, needsUpload: true }]);
    await pool.publish([keyPackage({ lastResort: true })]);
    const unused = { storedAt: nowSeconds(), firstUsedAt: undefined, uses: 0, needsRotation: false };
    expect(await pool.inventory()).toEqual([{ ...suite, lastResort: unused, needsUpload: false }]);
    await pool.claim();
    expect(await pool.inventory()).toMatchObject([{ available: 49, needsUpload: true }]);
    for (let left = 49; left > 0; left--) await pool.claim({ minRemainingLifetimeSeconds: 0 });
    expect(await pool.inventory()).toMatchObject([{ available: 0, needsUpload: true }]);
  });

  it("tells how often the last resort was used and since when, and that one that is used or old is to be replaced", async () => {
    const pool = await poolOf();
    await pool.publish([keyPackage({ lastResort: true, notAfter: nowSeconds() + 80 * 86_400 })]);
    const storedAt = nowSeconds();
    const view = async () => (await pool.inventory())[0]?.lastResort;
    vi.setSystemTime(Date.now() + (LAST_RESORT_ROTATION_SECONDS - 1) * 1000);
    expect(await view()).toMatchObject({ storedAt, uses: 0, needsRotation: false });
    vi.setSystemTime(Date.now() + 1000);
    expect(await view()).toMatchObject({ storedAt, uses: 0, needsRotation: true });
    await pool.publish([keyPackage({ lastResort: true, notAfter: nowSeconds() + 80 * 86_400 })]);
    expect(await view()).toMatchObject({ storedAt: nowSeconds(), uses: 0, needsRotation: false });
    const firstUsedAt = nowSeconds() + 5;
    vi.setSystemTime(Date.now() + 5000);
    await pool.claim();
    vi.setSystemTime(Date.now() + 5000);
    await pool.claim();
    expect(await view()).toMatchObject({ firstUsedAt, uses: 2, needsRotation: true });
    expect(await pool.inventory()).toMatchObject([{ available: 0, needsUpload: true }]);
  });

  it("does not count what has expired, before and after it is swept", async () => {
    const pool = await poolOf();
    await pool.publish([keyPackage({ notAfter: nowSeconds() + 5000 }), keyPackage()]);
    vi.setSystemTime(Date.now() + 5001_000);
    expect((await pool.inventory())[0]?.available).toBe(1);
    await pool.ring();
    expect((await pool.inventory())[0]?.available).toBe(1);
  });
});
