import { describe, expect, it, vi } from "vitest";
import { CHECK_TIMEOUT_MS } from "../../../src/config/limits.ts";
import { arrivalAfter, waitMs } from "../../../src/pool/tables/budgets.ts";
import { keyPackage, keyPackages, only, poolOf } from "../support/pool.ts";

describe("the budget of a pair", () => {
  it("lets one claimer claim ten times and then once a minute", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(20));
    const claim = async () => only(await pool.claim({}, { claimer: "bob" }));
    for (let index = 0; index < 10; index++) expect((await claim()).status).toBe("claimed");
    const limited = await claim();
    expect(limited).toMatchObject({ status: "rate_limited" });
    expect("retryAfterSeconds" in limited && limited.retryAfterSeconds).toBe(60);
    vi.setSystemTime(Date.now() + 60_000);
    expect((await claim()).status).toBe("claimed");
    expect((await claim()).status).toBe("rate_limited");
    expect(only(await pool.claim({}, { claimer: "carol" })).status).toBe("claimed");
  });

  it("costs nothing where nothing was given", async () => {
    const pool = await poolOf();
    for (let index = 0; index < 20; index++) await pool.claim({}, { claimer: "bob" });
    await pool.publish(keyPackages(1));
    expect(only(await pool.claim({}, { claimer: "bob" })).status).toBe("claimed");
  });

  it("costs nothing for a repeated claim", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(20));
    for (let index = 0; index < 20; index++) {
      expect(only(await pool.claim({}, { claimer: "bob", key: "k" })).status).toBe("claimed");
    }
    expect((await pool.inventory())[0]?.available).toBe(19);
  });

  it("does not lock out a device that registered anew", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(20));
    for (let index = 0; index < 11; index++) await pool.claim({}, { claimer: "bob" });
    expect(only(await pool.claim({}, { claimer: "bob" })).status).toBe("rate_limited");
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    await pool.register("phone");
    await pool.publish(keyPackages(1));
    expect(only(await pool.claim({}, { claimer: "bob" })).status).toBe("claimed");
  });
});

describe("the budget of a target", () => {
  it("gives the last resort instead of draining the pool, however many claimers there are", async () => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(100), keyPackage({ lastResort: true })]);
    const answers = await Promise.all(Array.from({ length: 90 }, () => pool.claim()));
    const statuses = answers.map((answer) => only(answer).status);
    expect(statuses.filter((status) => status === "claimed")).toHaveLength(60);
    expect(statuses.filter((status) => status === "last_resort")).toHaveLength(30);
    expect((await pool.inventory())[0]?.available).toBe(40);
    vi.setSystemTime(Date.now() + 60_000);
    expect(only(await pool.claim()).status).toBe("claimed");
  });

  it("answers rate_limited where there is no last resort, and the owner is told of the missed claim", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(100));
    for (let index = 0; index < 60; index++) await pool.claim();
    const answer = await pool.claim();
    expect(answer).toMatchObject({ outcome: "answered", status: "rate_limited" });
    const journal = await pool.stub().journal({ ...pool.base, client: "phone", after: undefined, limit: 500 });
    expect(journal.outcome === "page" && journal.entries.at(-1)).toMatchObject({
      event: "missed",
      reason: "rate_limited",
    });
  });

  it("is each client's own: a drained phone does not close the tablet", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(70), "phone");
    for (let index = 0; index < 60; index++) await pool.claim();
    await pool.register("tablet");
    await pool.publish(keyPackages(5), "tablet");
    expect(await pool.claim()).toMatchObject({
      status: "partial",
      clients: [{ status: "rate_limited" }, { status: "claimed" }],
    });
  });
});

describe("the budget of refusals", () => {
  it("closes the door on a client whose packages are refused again and again, and opens it later", async () => {
    const pool = await poolOf();
    const preflight = async () => pool.stub().preflight({ ...pool.base, client: "phone", packages: 1 });
    const refuse = async () =>
      pool.stub().publish({ ...pool.base, client: "phone", mode: "add", keyPackages: [], refused: 100 });
    expect((await preflight()).outcome).toBe("ready");
    await refuse();
    await refuse();
    expect(await preflight()).toMatchObject({ outcome: "refusals_exhausted" });
    vi.setSystemTime(Date.now() + 60_000);
    expect((await preflight()).outcome).toBe("ready");
  });
});

describe("checks under way", () => {
  it("are two full uploads of a client at most, until one of them ends or is given up", async () => {
    const pool = await poolOf();
    await pool.register("tablet");
    const begin = async (client = "phone", packages = 100) =>
      (await pool.stub().preflight({ ...pool.base, client, packages })).outcome;
    const end = (refused: number, checked?: number) =>
      pool.stub().publish({
        ...pool.base,
        client: "phone",
        mode: "add",
        keyPackages: [],
        refused,
        ...(checked ? { checked } : {}),
      });
    expect([await begin(), await begin(), await begin(), await begin("phone", 0)]).toEqual([
      "ready",
      "ready",
      "busy",
      "ready",
    ]);
    expect(await begin("tablet")).toBe("ready");
    await end(1, 100);
    expect([await begin(), await begin()]).toEqual(["ready", "busy"]);
    vi.setSystemTime(Date.now() + CHECK_TIMEOUT_MS);
    expect([await begin(), await begin(), await begin()]).toEqual(["ready", "ready", "busy"]);
  });
});

describe("the budget of refusals, once more", () => {
  it("is not bought back by revoking and registering anew", async () => {
    const pool = await poolOf();
    const preflight = async () => pool.stub().preflight({ ...pool.base, client: "phone", packages: 1 });
    await pool.stub().publish({ ...pool.base, client: "phone", mode: "add", keyPackages: [], refused: 300 });
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    await pool.register("phone");
    expect(await preflight()).toMatchObject({ outcome: "refusals_exhausted" });
  });
});

describe("the arithmetic of a bucket", () => {
  it("fits a burst, then one event an interval, and never saves up more than the burst", () => {
    const rate = { burst: 3, intervalMs: 100 };
    let arrival = 0;
    const take = (now: number) => {
      const wait = waitMs(rate, arrival, now);
      if (wait === 0) arrival = arrivalAfter(rate, arrival, now);
      return wait;
    };
    expect([1000, 1000, 1000, 1000, 1050, 1100, 1100].map(take)).toEqual([0, 0, 0, 100, 50, 0, 100]);
    expect([9000, 9000, 9000, 9000].map(take)).toEqual([0, 0, 0, 100]);
  });
});
