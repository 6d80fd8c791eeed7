/**
 * References, init keys and encryption keys are unique for the user (RFC 9420 §10, §16.8): a package that one client of
 * the user has had in its stock is known to all of them. Admission keeps out what a sibling has signed; the pool does not
 * depend on that, so here such packages come as far as the pool, as if the client had signed them itself.
 */

import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { CLOCK_CONFIRMATION_SECONDS, FINGERPRINT_MARGIN_SECONDS } from "../../../src/config/limits.ts";
import type { AdmittedKeyPackage } from "../../../src/contract/admitted-key-package.ts";
import { refsDigest } from "../../../src/shared/refs-digest.ts";
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

type TestPool = Awaited<ReturnType<typeof poolOf>>;

/** A pool with a phone and a tablet, and one package that the phone has published. */
async function siblings(change: Partial<AdmittedKeyPackage> = {}) {
  const pool = await poolOf();
  await pool.register("tablet");
  const published = keyPackage({ notBefore: nowSeconds(), ...change });
  await pool.publish([published], "phone");
  return { pool, published };
}

/** The same keys in a package of its own. */
const withKeys = (keys: Partial<Pick<AdmittedKeyPackage, "initKey" | "encryptionKey">>) =>
  keyPackage({ ...keys, notBefore: nowSeconds() });

const codes = async (pool: TestPool, packages: readonly AdmittedKeyPackage[], client: string) =>
  (await pool.publish(packages, client)).codes;

/** What ends in `ms` is known until the margin after it has passed and a second look has confirmed that. */
async function pastTheMargin(pool: TestPool, ms: number, publishAgain: () => Promise<readonly string[]>) {
  vi.setSystemTime(Date.now() + ms);
  await pool.ring();
  vi.setSystemTime(Date.now() + FINGERPRINT_MARGIN_SECONDS * 1000 - 1_000);
  await pool.ring();
  expect(await publishAgain()).toEqual(["init_key_reused"]);
  vi.setSystemTime(Date.now() + CLOCK_CONFIRMATION_SECONDS * 1000);
  await pool.ring();
  expect(await publishAgain()).toEqual(["stored"]);
}

const ENDINGS: readonly (readonly [string, (pool: TestPool, published: AdmittedKeyPackage) => Promise<unknown>])[] = [
  [
    "deleted",
    (pool, { ref }) => pool.stub().remove({ ...pool.base, client: "phone", which: { kind: "refs", refs: [ref] } }),
  ],
  ["replaced", (pool) => pool.publish(keyPackages(1), "phone", "replace")],
  [
    "pruned",
    (pool) => pool.stub().reconcile({ ...pool.base, client: "phone", digest: refsDigest([]), held: [], prune: true }),
  ],
  ["revoked with its client", (pool) => pool.stub().revoke({ ...pool.base, client: "phone" })],
  ["voided by a restore epoch", (pool) => pool.claim({}, { restoreEpoch: nowSeconds() + 1 })],
];

describe("a package that one client of a user has published", () => {
  it("is not brought back by a sibling once it is consumed", async () => {
    const { pool, published } = await siblings();
    expect((await pool.claim()).outcome).toBe("answered");
    await evictDurableObject(pool.stub());
    expect(await codes(pool, [published], "tablet")).toEqual(["already_claimed"]);
    const again = await pool.claim();
    expect(again.outcome === "answered" && again.clients.map(({ status }) => status)).toEqual([
      "exhausted",
      "exhausted",
    ]);
  });

  it.each(ENDINGS)("is not brought back by itself or by a sibling once it is %s", async (_, end) => {
    const { pool, published } = await siblings();
    await end(pool, published);
    await evictDurableObject(pool.stub());
    expect(await codes(pool, [published], "tablet")).toEqual(["already_removed"]);
    await pool.register("phone");
    expect(await codes(pool, [published], "phone")).toEqual(["already_removed"]);
  });

  it.each(ENDINGS)("leaves its keys used for all of them once it is %s", async (_, end) => {
    const { pool, published } = await siblings();
    await end(pool, published);
    const { initKey, encryptionKey } = published;
    expect(await codes(pool, [withKeys({ initKey }), withKeys({ encryptionKey })], "tablet")).toEqual([
      "init_key_reused",
      "encryption_key_reused",
    ]);
  });

  it("is refused to a sibling while it is live, and stays where it is", async () => {
    const { pool, published } = await siblings();
    expect(await codes(pool, [published], "tablet")).toEqual(["init_key_reused"]);
    const answer = await pool.publish([published], "tablet", "replace");
    expect(answer).toMatchObject({ applied: false, codes: ["init_key_reused"] });
    const claimed = await pool.claim();
    expect(claimed.outcome === "answered" && claimed.clients.map(({ status }) => status)).toEqual([
      "claimed",
      "exhausted",
    ]);
  });

  it("is known to its sibling as claimed also where the same upload brings others that are live", async () => {
    const { pool, published } = await siblings();
    const live = keyPackage();
    await pool.publish([live], "phone");
    await pool.claim();
    expect(await codes(pool, [live, published, keyPackage()], "tablet")).toEqual([
      "init_key_reused",
      "already_claimed",
      "stored",
    ]);
  });

  it("means nothing to another user", async () => {
    const { published } = await siblings();
    const other = await poolOf();
    expect(await codes(other, [published], "phone")).toEqual(["stored"]);
  });

  it("stays known after its client was revoked, registered again with another key, and revoked again", async () => {
    const { pool, published } = await siblings();
    await pool.claim();
    for (let index = 0; index < 2; index++) {
      await pool.stub().revoke({ ...pool.base, client: "phone" });
      await pool.ring();
      await pool.register("phone");
    }
    expect(await codes(pool, [published], "phone")).toEqual(["already_claimed"]);
    expect(await codes(pool, [published], "tablet")).toEqual(["already_claimed"]);
  });
});

describe("a key", () => {
  it.each([
    ["live", async () => {}],
    ["claimed", (pool: TestPool) => pool.claim()],
  ])("serves one package of the user, in either place, while that package is %s", async (_, before) => {
    const { pool, published } = await siblings();
    await before(pool);
    const { initKey, encryptionKey } = published;
    const reusing = [
      withKeys({ initKey }),
      withKeys({ encryptionKey }),
      withKeys({ initKey: encryptionKey }),
      withKeys({ encryptionKey: initKey }),
    ];
    const expected = ["init_key_reused", "encryption_key_reused", "init_key_reused", "encryption_key_reused"];
    for (const client of ["phone", "tablet"]) expect(await codes(pool, reusing, client)).toEqual(expected);
  });

  it("serves one package of an upload, in either place", async () => {
    const pool = await poolOf();
    const first = keyPackage();
    const { initKey, encryptionKey } = first;
    expect(
      await codes(
        pool,
        [
          first,
          withKeys({ initKey }),
          withKeys({ encryptionKey }),
          withKeys({ initKey: encryptionKey }),
          withKeys({ encryptionKey: initKey }),
        ],
        "phone",
      ),
    ).toEqual(["stored", "init_key_reused", "encryption_key_reused", "init_key_reused", "encryption_key_reused"]);
  });

  it("is not used up by a package that was refused", async () => {
    const pool = await poolOf();
    const refused = keyPackage({ signatureKey: new Uint8Array(32).fill(9) });
    const { initKey, encryptionKey } = refused;
    expect(await codes(pool, [refused, withKeys({ initKey, encryptionKey })], "phone")).toEqual([
      "signature_key_mismatch",
      "stored",
    ]);
  });

  it("is not used up by a replacement that was refused", async () => {
    const pool = await poolOf();
    const good = keyPackage();
    const bad = keyPackage({ signatureKey: new Uint8Array(32).fill(9) });
    expect(await pool.publish([good, bad], "phone", "replace")).toMatchObject({ applied: false });
    expect(await codes(pool, [good], "phone")).toEqual(["stored"]);
  });

  it("is told from every other by more than its first bytes", async () => {
    const pool = await poolOf();
    const alike = Array.from({ length: 20 }, (_, index) => {
      const key = new Uint8Array(32).fill(5);
      key[31] = index;
      return keyPackage({ initKey: key });
    });
    expect(await codes(pool, alike, "phone")).toEqual(alike.map(() => "stored"));
  });
});

describe("what is known of a package", () => {
  it("is forgotten with its time, and not while any package of its upload could still be used", async () => {
    const pool = await poolOf();
    const short = keyPackage({ notAfter: nowSeconds() + 7200 });
    const long = keyPackage({ notAfter: nowSeconds() + 14_400 });
    await pool.publish([short, long]);
    await pool.claim();
    const { initKey } = short;
    vi.setSystemTime(Date.now() + 7_200_000);
    await pool.ring();
    expect(await codes(pool, [short, withKeys({ initKey })], "phone")).toEqual(["already_removed", "init_key_reused"]);
    await pastTheMargin(pool, 7_200_000, () => codes(pool, [withKeys({ initKey })], "phone"));
  });

  it("outlives the registration of its client, until the package could no longer be used", async () => {
    const { pool, published } = await siblings({ notAfter: nowSeconds() + 7200 });
    const { initKey } = published;
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    await pastTheMargin(pool, 7_200_000, () => codes(pool, [withKeys({ initKey })], "tablet"));
  });

  it("tells a last resort that another of its own upload has replaced from one that was claimed", async () => {
    const pool = await poolOf();
    await pool.register("tablet");
    const [old, young] = keyPackages(2, { lastResort: true }) as [AdmittedKeyPackage, AdmittedKeyPackage];
    expect(await codes(pool, [old, young], "phone")).toEqual(["last_resort_superseded", "stored"]);
    await evictDurableObject(pool.stub());
    for (const client of ["phone", "tablet"]) expect(await codes(pool, [old], client)).toEqual(["already_removed"]);
    expect(await codes(pool, [{ ...old, ref: freshBytes(32) }], "tablet")).toEqual(["init_key_reused"]);
  });

  it("does not mistake what was claimed for what was removed when the rest of the upload is removed", async () => {
    const pool = await poolOf();
    const batch = keyPackages(4);
    await pool.publish(batch);
    expect(refOf(await pool.claim())).toBe(hexRefs(batch)[0]);
    await pool.stub().remove({ ...pool.base, client: "phone", which: { kind: "all" } });
    expect(await codes(pool, batch, "phone")).toEqual([
      "already_claimed",
      "already_removed",
      "already_removed",
      "already_removed",
    ]);
    expect(only(await pool.claim()).status).toBe("exhausted");
  });
});
