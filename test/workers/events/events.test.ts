/** What a deployment's backend hears of a user's stock, and when. */
import { Webhook } from "standardwebhooks";
import { describe, expect, it, vi } from "vitest";
import {
  EXPIRING_WITHIN_SECONDS,
  EXPIRY_EVENT_SPACING_SECONDS,
  LOW_WATERMARK_PACKAGES,
} from "../../../src/config/limits.ts";
import { FOREIGN_SECRET, NEW_SECRET, OLD_SECRET } from "../../support/webhook-secrets.ts";
import { alarmAt, claimTimes, pass, received, stocked, typesOf } from "../support/events.ts";
import { keyPackage, keyPackages, nowSeconds, poolOf } from "../support/pool-calls.ts";

const DAY_SECONDS = 24 * 3_600;

describe("the watermark", () => {
  it("is told when it is crossed, once, with what a backend needs to wake the device", async () => {
    const pool = await stocked(1);
    await claimTimes(pool, 1);
    expect(await alarmAt(pool)).toBe(
      ((await pool.inventory())[0]?.nextExpiry ?? 0) * 1000 - EXPIRING_WITHIN_SECONDS * 1000,
    );
    await claimTimes(pool, 1);
    await pass(pool, 10);
    await claimTimes(pool, 3);
    await pass(pool, 10);
    const events = await received(pool.user);
    expect(events.map(({ payload }) => payload)).toEqual([
      {
        type: "key_packages.low",
        timestamp: new Date(nowSeconds() * 1000 - 20_000).toISOString(),
        data: {
          user: pool.user,
          client: "phone",
          ciphersuite: 1,
          cause: "claim",
          available: LOW_WATERMARK_PACKAGES - 1,
          last_resort: false,
          next_expiry: expect.any(Number),
          target: 100,
          low_watermark: LOW_WATERMARK_PACKAGES,
          sequence: expect.any(Number),
        },
      },
    ]);
  });

  it("is told again after the client has filled up its stock", async () => {
    const pool = await stocked(0);
    await claimTimes(pool, 1);
    await pass(pool, 10);
    await pool.publish(keyPackages(1));
    await claimTimes(pool, 1);
    await pass(pool, 10);
    const events = await received(pool.user);
    expect(events.map(({ payload }) => payload.type)).toEqual(["key_packages.low", "key_packages.low"]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2);
  });
});

describe("an exhausted stock, and a last resort", () => {
  it("are told in the order in which they happened: the first use, and no other", async () => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(2), keyPackage({ lastResort: true })]);
    await claimTimes(pool, 5);
    await pass(pool, 10);
    await claimTimes(pool, 2);
    await pass(pool, 10);
    const events = await received(pool.user);
    expect(events.map(({ payload: { type, data } }) => [type, data.available, data.last_resort])).toEqual([
      ["key_packages.exhausted", 0, true],
      ["last_resort.used", 0, true],
    ]);
    const sequences = events.map(({ payload }) => payload.data.sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    // One that was exchanged is used for the first time again.
    await pool.publish([keyPackage({ lastResort: true })]);
    await claimTimes(pool, 2);
    await pass(pool, 10);
    expect((await typesOf(pool.user)).slice(2)).toEqual(["last_resort.used"]);
  });
});

describe("packages that are about to expire", () => {
  const lead = EXPIRING_WITHIN_SECONDS;

  it("are told a week before, while the device can still do something, and wake nobody before that", async () => {
    const pool = await stocked(10);
    const expiry = (await pool.inventory())[0]?.nextExpiry ?? 0;
    expect(await pass(pool, expiry - nowSeconds() - lead - 1)).toBe(0);
    expect(await typesOf(pool.user)).toEqual([]);
    expect(await pass(pool, 1)).toBe(1);
    const [event] = await received(pool.user);
    expect(event?.payload).toMatchObject({
      type: "key_packages.expiring",
      data: {
        cause: "expiry",
        available: 60,
        next_expiry: expiry,
        left: 0,
        expires_by: nowSeconds() + lead + DAY_SECONDS,
      },
    });
    // The next is the end itself, which the directory must hear of, too.
    expect(await pass(pool, lead - 1)).toBe(0);
    await pass(pool, 2 * DAY_SECONDS);
    expect(await typesOf(pool.user)).toEqual(["key_packages.expiring", "key_packages.exhausted"]);
    expect((await received(pool.user))[1]?.payload.data.cause).toBe("expiry");
  });

  it("are not told of where enough is left that lives longer", async () => {
    const pool = await poolOf();
    const soon = nowSeconds() + 10 * DAY_SECONDS;
    const late = nowSeconds() + 60 * DAY_SECONDS;
    await pool.publish([...keyPackages(50, { notAfter: soon }), ...keyPackages(50, { notAfter: late })]);
    await pool.publish([keyPackage({ lastResort: true, notAfter: late })]);
    await pass(pool, 20 * DAY_SECONDS);
    expect(await typesOf(pool.user)).toEqual([]);
    expect((await pool.inventory())[0]?.available).toBe(50);
  });

  it("are told of if the last resort is among them", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(60, { notAfter: nowSeconds() + 60 * DAY_SECONDS }));
    await pool.publish([keyPackage({ lastResort: true, notAfter: nowSeconds() + 10 * DAY_SECONDS })]);
    await pass(pool, 4 * DAY_SECONDS);
    expect((await received(pool.user)).map(({ payload: { type, data } }) => [type, data.left])).toEqual([
      ["key_packages.expiring", 60],
    ]);
  });

  it("that end one by one are told of once a day at most", async () => {
    const pool = await poolOf();
    const first = nowSeconds() + 10 * DAY_SECONDS;
    await pool.publish(Array.from({ length: 48 }, (_, hours) => keyPackage({ notAfter: first + hours * 3_600 })));
    await pass(pool, 5 * DAY_SECONDS);
    const events = await received(pool.user);
    expect(events.map(({ payload }) => payload.type)).toEqual(["key_packages.expiring", "key_packages.expiring"]);
    const [one, two] = events.map(({ payload }) => Date.parse(payload.timestamp) / 1000);
    expect((two ?? 0) - (one ?? 0)).toBeGreaterThanOrEqual(EXPIRY_EVENT_SPACING_SECONDS);
  });

  it("that the client has replaced in time wake nobody", async () => {
    const pool = await stocked(0);
    await pass(pool, 20 * DAY_SECONDS);
    await pool.publish(keyPackages(60), "phone", "replace");
    await pass(pool, 5 * DAY_SECONDS);
    expect(await typesOf(pool.user)).toEqual([]);
  });
});

describe("a restore", () => {
  it("is told to those whose packages it has voided, and only once", async () => {
    const pool = await stocked(10);
    vi.setSystemTime(Date.now() + 3_600_000);
    const restoreEpoch = nowSeconds();
    await pool.claim({}, { restoreEpoch });
    await pool.claim({}, { restoreEpoch });
    await pass(pool, 10);
    expect((await received(pool.user)).map(({ payload: { type, data } }) => [type, data.cause])).toEqual([
      ["key_packages.exhausted", "restore"],
    ]);
  });
});

describe("nothing is told", () => {
  it("of what an owner does with its own packages, or of a client that is gone", async () => {
    const pool = await stocked(1);
    await pool.stub().remove({ ...pool.base, client: "phone", which: { kind: "all" } });
    await pass(pool, 10);
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    await pass(pool, 40 * DAY_SECONDS);
    expect(await received(pool.user)).toEqual([]);
  });
});

describe("the signature", () => {
  it("is one by each secret, and an independent library verifies it with either and no other", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(1));
    await claimTimes(pool, 1);
    await pass(pool, 10);
    const [event] = await received(pool.user);
    if (!event) throw new Error("nothing was received");
    for (const secret of [OLD_SECRET, NEW_SECRET]) {
      expect(new Webhook(secret).verify(event.body, event.headers)).toEqual(event.payload);
    }
    const tampered = event.body.replace('"available":0', '"available":9');
    expect(tampered).not.toBe(event.body);
    expect(() => new Webhook(FOREIGN_SECRET).verify(event.body, event.headers)).toThrow("signature");
    expect(() => new Webhook(NEW_SECRET).verify(tampered, event.headers)).toThrow("signature");
    expect(event.headers["content-type"]).toBe("application/json");
  });
});
