import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { poolFor } from "../../../src/pool/address.ts";
import { START_MS } from "../support/clock.ts";
import {
  anything,
  freshUser,
  hexRefs,
  keyPackage,
  keyPackages,
  nowSeconds,
  only,
  poolOf,
  refOf,
} from "../support/pool-calls.ts";

const capable = (extensions: number[]) => ({ extensions, proposals: [], credentials: [1] });

describe("claiming one-time packages", () => {
  it("gives 150 concurrent claims 100 different packages and then the last resort 50 times", async () => {
    const pool = await poolOf();
    const stock = keyPackages(100);
    const lastResort = keyPackage({ lastResort: true });
    await pool.publish([...stock, lastResort]);
    const answers = await Promise.all(Array.from({ length: 150 }, () => pool.claim()));
    const claimed = answers.filter((answer) => only(answer).status === "claimed").map(refOf);
    const lastResorts = answers.filter((answer) => only(answer).status === "last_resort").map(refOf);
    expect(new Set(claimed)).toEqual(new Set(hexRefs(stock)));
    expect(claimed).toHaveLength(100);
    expect(lastResorts).toEqual(Array(50).fill(lastResort.ref.toHex()));
  });

  it("answers exhausted once nothing is left and there is no last resort", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(100));
    const answers = await Promise.all(Array.from({ length: 150 }, () => pool.claim()));
    expect(answers.filter((answer) => only(answer).status === "claimed")).toHaveLength(100);
    expect(answers.filter((answer) => only(answer).status === "exhausted")).toHaveLength(50);
  });

  it("hands out exactly as many one-time packages as there are before any last resort", async () => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(7), keyPackage({ lastResort: true })]);
    const answers = await Promise.all(Array.from({ length: 7 }, () => pool.claim()));
    expect(answers.map((answer) => only(answer).status)).toEqual(Array(7).fill("claimed"));
  });

  it("gives the oldest first by the order of upload, whatever the references sort like", async () => {
    const pool = await poolOf();
    const first = keyPackage({ ref: new Uint8Array(32).fill(0xff) });
    const second = keyPackage({ ref: new Uint8Array(32).fill(0x01) });
    const third = keyPackage({ ref: new Uint8Array(32).fill(0x80), notAfter: nowSeconds() + 7200 });
    await pool.publish([first]);
    await pool.publish([second, third]);
    const given = [await pool.claim(), await pool.claim(), await pool.claim()].map(refOf);
    expect(given).toEqual(hexRefs([first, second, third]));
  });

  it("returns the very bytes that were published", async () => {
    const pool = await poolOf();
    const published = keyPackage();
    await pool.publish([published]);
    const claim = only(await pool.claim());
    expect("package" in claim && claim.package).toEqual({
      keyPackage: published.bytes,
      keyPackageRef: published.ref,
      ciphersuite: 1,
      notAfter: published.notAfter,
      registeredAt: nowSeconds(),
    });
  });

  it("does not forget what was claimed when the object is evicted", async () => {
    const pool = await poolOf();
    const [first, second] = keyPackages(2) as [ReturnType<typeof keyPackage>, ReturnType<typeof keyPackage>];
    await pool.publish([first, second]);
    expect(refOf(await pool.claim())).toBe(first.ref.toHex());
    await evictDurableObject(pool.stub());
    expect(refOf(await pool.claim())).toBe(second.ref.toHex());
  });

  it("takes one package from each client of the user, in a stable order, and a full client is not held up by an empty one", async () => {
    const pool = await poolOf();
    await pool.register("tablet");
    await pool.register("empty");
    const [phone, tablet] = [keyPackage(), keyPackage()];
    await pool.publish([tablet], "tablet");
    await pool.publish([phone], "phone");
    const answer = await pool.claim();
    expect(answer).toMatchObject({ outcome: "answered", status: "partial" });
    expect(answer.outcome === "answered" && answer.clients.map(({ client, status }) => [client, status])).toEqual([
      ["phone", "claimed"],
      ["tablet", "claimed"],
      ["empty", "exhausted"],
    ]);
  });

  it("hands out nothing that expires within the asked remaining lifetime, and nothing that has expired", async () => {
    const pool = await poolOf();
    await pool.publish([
      keyPackage({ notAfter: nowSeconds() + 600 }),
      keyPackage({ notAfter: nowSeconds() + 600, lastResort: true }),
    ]);
    expect(only(await pool.claim()).status).toBe("exhausted");
    vi.setSystemTime(Date.now() + 601_000);
    expect(only(await pool.claim({ minRemainingLifetimeSeconds: 0 })).status).toBe("exhausted");
    vi.setSystemTime(START_MS);
    expect(only(await pool.claim({ minRemainingLifetimeSeconds: 500 })).status).toBe("claimed");
    expect(only(await pool.claim({ minRemainingLifetimeSeconds: 500 })).status).toBe("last_resort");
  });

  it("counts a package whose not_after is now as expired", async () => {
    const pool = await poolOf();
    const notAfter = nowSeconds() + 1000;
    await pool.publish([keyPackage({ notAfter })]);
    vi.setSystemTime(notAfter * 1000);
    expect(only(await pool.claim({ minRemainingLifetimeSeconds: 0 })).status).toBe("exhausted");
    vi.setSystemTime((notAfter - 1) * 1000);
    expect(only(await pool.claim({ minRemainingLifetimeSeconds: 0 })).status).toBe("claimed");
  });
});

describe("what a claim asks for", () => {
  it("prefers the first ciphersuite that has a one-time package over any last resort", async () => {
    const pool = await poolOf();
    const lastResort = keyPackage({ ciphersuite: 2, lastResort: true });
    const oneTime = keyPackage({ ciphersuite: 1 });
    await pool.publish([lastResort, oneTime]);
    expect(refOf(await pool.claim({ ciphersuites: [2, 1] }))).toBe(oneTime.ref.toHex());
    expect(refOf(await pool.claim({ ciphersuites: [2, 1] }))).toBe(lastResort.ref.toHex());
  });

  it("passes over older packages that lack a required capability", async () => {
    const pool = await poolOf();
    const plain = keyPackage();
    const able = keyPackage({ capabilities: capable([0xf001]) });
    await pool.publish([plain, able]);
    const requiredCapabilities = { extensions: [0xf001], proposals: [], credentials: [1] };
    expect(refOf(await pool.claim({ requiredCapabilities }))).toBe(able.ref.toHex());
    expect(only(await pool.claim({ requiredCapabilities })).status).toBe("exhausted");
    expect(refOf(await pool.claim())).toBe(plain.ref.toHex());
  });

  it("never demands that default types are listed, but demands credential types", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(2));
    const required = { extensions: [1, 5], proposals: [1, 7], credentials: [1] };
    expect(only(await pool.claim({ requiredCapabilities: required })).status).toBe("claimed");
    expect(only(await pool.claim({ requiredCapabilities: { ...required, credentials: [2] } })).status).toBe(
      "incompatible",
    );
  });

  it("tells a client that could never serve from one that has run out", async () => {
    const pool = await poolOf();
    await pool.publish([keyPackage({ ciphersuite: 1 })]);
    expect(only(await pool.claim({ ciphersuites: [3] })).status).toBe("incompatible");
    await pool.claim();
    expect(only(await pool.claim({ ciphersuites: [1] })).status).toBe("exhausted");
  });

  it("gives no last resort to a claimer who does not want one", async () => {
    const pool = await poolOf();
    await pool.publish([keyPackage({ lastResort: true })]);
    expect(only(await pool.claim({ allowLastResort: false })).status).toBe("exhausted");
    expect(only(await pool.claim()).status).toBe("last_resort");
  });

  it("excludes the claimer's own client, and only that", async () => {
    const pool = await poolOf();
    await pool.register("laptop");
    await pool.publish(keyPackages(2), "phone");
    await pool.publish(keyPackages(2), "laptop");
    const own = await pool.claim({}, { claimer: pool.user });
    expect(own.outcome === "answered" && own.clients.map(({ status }) => status)).toEqual(["claimed", "excluded"]);
    expect(own).toMatchObject({ status: "ok" });
    const other = await pool.claim({}, { claimer: "somebody-else" });
    expect(other.outcome === "answered" && other.clients.map(({ status }) => status)).toEqual(["claimed", "claimed"]);
  });

  it("excludes the clients that the claimer names", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(1));
    expect(only(await pool.claim({ excludeClients: ["phone"] })).status).toBe("excluded");
    expect((await pool.inventory())[0]?.available).toBe(1);
  });

  it("leaves no trace of a question about a user who does not exist", async () => {
    const user = freshUser();
    const answer = await poolFor(env, user).claim({
      user,
      restoreEpoch: 0,
      claimer: { user: "x", client: "y" },
      criteria: anything,
      idempotency: undefined,
    });
    expect(answer).toEqual({ outcome: "unknown_user" });
    const tables = await runInDurableObject(poolFor(env, user), (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'").toArray(),
    );
    expect(tables).toEqual([]);
  });
});

describe("repeating a claim", () => {
  it("gives the same packages under the same key, and consumes nothing more", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(5));
    const first = await pool.claim({}, { claimer: "bob", key: "k1" });
    const again = await pool.claim({}, { claimer: "bob", key: "k1" });
    expect(again).toEqual({ ...first, replayed: true });
    expect((await pool.inventory())[0]?.available).toBe(4);
  });

  it("gives the same packages after the object was evicted and to concurrent repetitions", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(5));
    const answers = await Promise.all(Array.from({ length: 5 }, () => pool.claim({}, { claimer: "bob", key: "k" })));
    await evictDurableObject(pool.stub());
    answers.push(await pool.claim({}, { claimer: "bob", key: "k" }));
    expect(new Set(answers.map(refOf)).size).toBe(1);
    expect((await pool.inventory())[0]?.available).toBe(4);
  });

  it("refuses the key for another request, and knows it only for its own claimer", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(5));
    const first = await pool.claim({}, { claimer: "bob", key: "k", body: 1 });
    expect(await pool.claim({}, { claimer: "bob", key: "k", body: 2 })).toEqual({ outcome: "idempotency_key_reused" });
    expect(refOf(await pool.claim({}, { claimer: "carol", key: "k", body: 2 }))).not.toBe(refOf(first));
  });

  it("repeats a last resort that was replaced in the meantime", async () => {
    const pool = await poolOf();
    const old = keyPackage({ lastResort: true });
    await pool.publish([old]);
    const first = await pool.claim({}, { claimer: "bob", key: "k" });
    await pool.publish([keyPackage({ lastResort: true })]);
    expect(await pool.claim({}, { claimer: "bob", key: "k" })).toEqual({ ...first, replayed: true });
  });

  it("lets one who came away with nothing ask again under the same key", async () => {
    const pool = await poolOf();
    expect(only(await pool.claim({}, { claimer: "bob", key: "k" })).status).toBe("exhausted");
    await pool.publish(keyPackages(1));
    expect(only(await pool.claim({}, { claimer: "bob", key: "k" })).status).toBe("claimed");
  });

  it("forgets the key after a day", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(2));
    const first = await pool.claim({}, { claimer: "bob", key: "k" });
    vi.setSystemTime(Date.now() + 24 * 3600_000 + 1000);
    expect(refOf(await pool.claim({}, { claimer: "bob", key: "k" }))).not.toBe(refOf(first));
  });
});
