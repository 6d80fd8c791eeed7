import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, it, vi } from "vitest";
import type { AdmittedKeyPackage } from "../../../src/contract/admitted-key-package.ts";
import type { SignatureKey } from "../../../src/contract/registration-messages.ts";
import type { ReconcileCall } from "../../../src/contract/stock-messages.ts";
import { compareBytes } from "../../../src/shared/bytes.ts";
import {
  ED25519,
  hexRefs,
  keyPackage,
  keyPackages,
  nowSeconds,
  only,
  poolOf,
  refOf,
  signatureKey,
} from "../support/pool-calls.ts";

const digest = (refs: readonly Uint8Array[]): Uint8Array => {
  const hash = sha256.create();
  for (const ref of [...refs].sort(compareBytes)) hash.update(ref);
  return hash.digest();
};

describe("registering", () => {
  it("is idempotent, takes keys of further schemes, and never another key for a scheme", async () => {
    const pool = await poolOf();
    const call = { ...pool.base, client: "phone" };
    const ed25519 = { scheme: ED25519, publicKey: signatureKey };
    const p256 = { scheme: 0x0403, publicKey: new Uint8Array(65).fill(4) };
    expect(await pool.stub().register({ ...call, signatureKeys: [ed25519] })).toMatchObject({ outcome: "unchanged" });
    expect(await pool.stub().register({ ...call, signatureKeys: [p256] })).toMatchObject({
      outcome: "extended",
      registration: { signatureKeys: [p256, ed25519] },
    });
    const other = { scheme: ED25519, publicKey: new Uint8Array(32).fill(9) };
    expect(await pool.stub().register({ ...call, signatureKeys: [p256, other] })).toEqual({
      outcome: "signature_key_conflict",
      scheme: ED25519,
    });
  });

  it("rotates a signature key by revoking and registering anew, with tombstones still in force", async () => {
    const pool = await poolOf();
    const [claimed, live] = keyPackages(2);
    if (!claimed || !live) throw new Error("unreachable");
    await pool.publish([claimed, live]);
    await pool.claim();
    expect(await pool.stub().revoke({ ...pool.base, client: "phone" })).toMatchObject({
      outcome: "revoked",
      purged: 1,
    });
    const publicKey = new Uint8Array(32).fill(9);
    const answer = await pool
      .stub()
      .register({ ...pool.base, client: "phone", signatureKeys: [{ scheme: ED25519, publicKey }] });
    expect(answer.outcome).toBe("created");
    const again = [claimed, live].map((old) => ({ ...old, signatureKey: publicKey }));
    expect((await pool.publish(again)).codes).toEqual(["already_claimed", "already_removed"]);
  });

  it("refuses a key that another client of the user is registered with, until that one is revoked", async () => {
    const pool = await poolOf();
    const call = (client: string, signatureKeys: readonly SignatureKey[]) =>
      pool.stub().register({ ...pool.base, client, signatureKeys });
    const phones = { scheme: ED25519, publicKey: signatureKey };
    const p256 = { scheme: 0x0403, publicKey: new Uint8Array(65).fill(4) };
    const refused = { outcome: "signature_key_in_use", scheme: ED25519 };
    // As a new client, with a key of its own beside it, and as a further key of one that is registered.
    expect(await call("tablet", [phones])).toEqual(refused);
    expect(await call("tablet", [p256, phones])).toEqual(refused);
    expect(await call("tablet", [p256])).toMatchObject({ outcome: "created" });
    expect(await call("tablet", [p256, phones])).toEqual(refused);
    expect(await call("phone", [phones, p256])).toEqual({ ...refused, scheme: 0x0403 });
    // Nothing of what was refused has been kept, and what one has stays its own.
    const tablet = await pool.stub().getClient({ ...pool.base, client: "tablet" });
    expect(tablet).toMatchObject({ view: { registration: { signatureKeys: [p256] } } });
    expect(await call("phone", [phones])).toMatchObject({ outcome: "unchanged" });

    await pool.stub().revoke({ ...pool.base, client: "phone" });
    expect(await call("tablet", [phones])).toMatchObject({ outcome: "extended" });
    expect(await call("phone", [phones])).toEqual(refused);
  });

  it("lets clients of different users have the same key", async () => {
    await poolOf();
    expect((await (await poolOf()).register("phone")).outcome).toBe("unchanged");
  });

  it("has a limit to the clients of one user", async () => {
    const pool = await poolOf();
    const answers = await Promise.all(Array.from({ length: 64 }, (_, index) => pool.register(`client-${index}`)));
    expect(answers.map((answer) => answer.outcome).filter((outcome) => outcome === "too_many_clients")).toHaveLength(1);
  });
});

describe("revoking", () => {
  it("takes the client out of every claim at once", async () => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(3), keyPackage({ lastResort: true })]);
    await pool.stub().revoke({ ...pool.base, client: "phone" });
    expect(await pool.claim()).toMatchObject({ outcome: "answered", status: "none", clients: [], replayed: false });
    expect(await pool.stub().getClient({ ...pool.base, client: "phone" })).toEqual({
      outcome: "client_not_registered",
    });
    expect(await pool.stub().revoke({ ...pool.base, client: "phone" })).toMatchObject({
      outcome: "client_not_registered",
    });
  });
});

describe("removing", () => {
  it("removes by reference what is live, and tells how many", async () => {
    const pool = await poolOf();
    const [first, second, third] = keyPackages(3);
    if (!first || !second || !third) throw new Error("unreachable");
    await pool.publish([first, second, third]);
    await pool.claim();
    const answer = await pool.stub().remove({
      ...pool.base,
      client: "phone",
      which: { kind: "refs", refs: [first.ref, second.ref, second.ref, new Uint8Array(32)] },
    });
    expect(answer).toMatchObject({ outcome: "removed", removed: 1, inventory: [{ available: 1 }] });
    expect((await pool.publish([second])).codes).toEqual(["already_removed"]);
  });

  it("removes all, last resorts too", async () => {
    const pool = await poolOf();
    await pool.publish([...keyPackages(3), keyPackage({ lastResort: true })]);
    const answer = await pool.stub().remove({ ...pool.base, client: "phone", which: { kind: "all" } });
    expect(answer).toMatchObject({ removed: 4, inventory: [{ available: 0, lastResort: undefined }] });
  });

  it("never reaches another client's packages", async () => {
    const pool = await poolOf();
    await pool.register("tablet");
    const [mine] = keyPackages(1);
    if (!mine) throw new Error("unreachable");
    await pool.publish([mine], "tablet");
    const which = { kind: "refs", refs: [mine.ref] } as const;
    expect(await pool.stub().remove({ ...pool.base, client: "phone", which })).toMatchObject({ removed: 0 });
  });
});

describe("reconciling", () => {
  const reconcile = async (pool: Awaited<ReturnType<typeof poolOf>>, call: Partial<ReconcileCall>) =>
    pool.stub().reconcile({
      ...pool.base,
      client: "phone",
      digest: digest([]),
      held: undefined,
      prune: false,
      ...call,
    });

  it("agrees with a client that knows exactly what is live", async () => {
    const pool = await poolOf();
    const refs = keyPackages(3);
    expect(await reconcile(pool, {})).toMatchObject({ outcome: "same", serverRefs: [] });
    await pool.publish(refs);
    expect(await reconcile(pool, { digest: digest(refs.map(({ ref }) => ref)) })).toMatchObject({ outcome: "same" });
    await pool.claim();
    expect(await reconcile(pool, { digest: digest(refs.map(({ ref }) => ref)) })).toMatchObject({
      outcome: "different",
    });
  });

  it("shows a restored app which packages have lost their private keys, and drops them when asked", async () => {
    const pool = await poolOf();
    const [held, lost, gone] = keyPackages(3);
    if (!held || !lost || !gone) throw new Error("unreachable");
    await pool.publish([held, lost]);
    const held2 = [held.ref, gone.ref];
    const seen = await reconcile(pool, { digest: digest(held2), held: held2 });
    expect(seen).toMatchObject({ outcome: "different", pruned: 0 });
    expect(seen.outcome === "different" && seen.serverRefs.map((ref) => ref.toHex()).sort()).toEqual(
      hexRefs([held, lost]).sort(),
    );
    expect(seen.outcome === "different" && seen.missing).toEqual([{ ref: gone.ref, reason: "never_seen" }]);
    expect(await reconcile(pool, { digest: digest([held.ref]), held: [held.ref], prune: true })).toMatchObject({
      outcome: "same",
      pruned: 1,
      inventory: [{ available: 1 }],
    });
  });
});

describe("a package that its client holds and the pool would not give", () => {
  /** Why each of these is missing, in their order. */
  const reasons = async (pool: Awaited<ReturnType<typeof poolOf>>, packages: readonly AdmittedKeyPackage[]) => {
    const held = packages.map(({ ref }) => ref);
    const answer = await pool
      .stub()
      .reconcile({ ...pool.base, client: "phone", digest: digest(held), held, prune: false });
    if (!("missing" in answer)) throw new Error(answer.outcome);
    const byRef = new Map(answer.missing.map(({ ref, reason }) => [ref.toHex(), reason]));
    return packages.map(({ ref }) => byRef.get(ref.toHex()));
  };

  it("was claimed, removed, replaced, has expired or was never seen; what is in stock is not missing", async () => {
    const pool = await poolOf();
    const oldest = keyPackage();
    const [live, removed, never] = keyPackages(3);
    const [resort, newResort] = keyPackages(2, { lastResort: true });
    const brief = keyPackage({ notAfter: nowSeconds() + 10 });
    if (!live || !removed || !never || !resort || !newResort) throw new Error("unreachable");
    await pool.publish([oldest, live, removed, brief, resort]);
    expect(refOf(await pool.claim())).toBe(oldest.ref.toHex());
    const which = { kind: "refs", refs: [removed.ref] } as const;
    await pool.stub().remove({ ...pool.base, client: "phone", which });
    await pool.publish([newResort]);
    vi.setSystemTime(Date.now() + 10_000);
    expect(await reasons(pool, [oldest, removed, resort, brief, never, live, newResort])).toEqual([
      "claimed",
      "removed",
      "removed",
      "expired",
      "never_seen",
      undefined,
      undefined,
    ]);
  });

  it("is not its own while it is in stock at another client of the user", async () => {
    const pool = await poolOf();
    await pool.register("tablet");
    const [tablets] = keyPackages(1);
    if (!tablets) throw new Error("unreachable");
    await pool.publish([tablets], "tablet");
    expect(await reasons(pool, [tablets])).toEqual(["never_seen"]);
    await pool.claim();
    expect(await reasons(pool, [tablets])).toEqual(["claimed"]);
  });
});

describe("the journal", () => {
  const journal = async (pool: Awaited<ReturnType<typeof poolOf>>, after?: number, limit = 100) => {
    const answer = await pool.stub().journal({ ...pool.base, client: "phone", after, limit });
    if (answer.outcome !== "page") throw new Error(answer.outcome);
    return answer;
  };

  it("tells the owner of claims, uses of the last resort, and claims that were missed", async () => {
    const pool = await poolOf();
    const [oneTime] = keyPackages(1);
    if (!oneTime) throw new Error("unreachable");
    await pool.claim({}, { claimer: "bob" });
    await pool.publish([oneTime]);
    await pool.claim({ ciphersuites: [5] }, { claimer: "bob" });
    await pool.claim({}, { claimer: "carol" });
    await pool.publish([keyPackage({ lastResort: true })]);
    await pool.claim({}, { claimer: "dave" });
    expect((await journal(pool)).entries).toMatchObject([
      { event: "missed", reason: "exhausted", claimer: { user: "bob", client: "laptop" } },
      { event: "missed", reason: "incompatible" },
      { event: "claimed", ciphersuite: 1, keyPackageRef: oneTime.ref, claimer: { user: "carol" } },
      { event: "last_resort", ciphersuite: 1, claimer: { user: "dave" } },
    ]);
  });

  it("comes by page", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(5));
    for (let index = 0; index < 5; index++) await pool.claim();
    const first = await journal(pool, undefined, 3);
    expect(first.entries).toHaveLength(3);
    const second = await journal(pool, first.nextAfter, 3);
    expect(second.entries).toHaveLength(2);
    expect(second.nextAfter).toBeUndefined();
  });

  it("is not filled by one who asks in vain again and again", async () => {
    const pool = await poolOf();
    for (let index = 0; index < 140; index++) await pool.claim({}, { claimer: "bob" });
    expect((await journal(pool, undefined, 500)).entries).toHaveLength(120);
  });

  it("forgets after thirty days, and its sequence numbers go on", async () => {
    const pool = await poolOf();
    await pool.publish(keyPackages(2));
    await pool.claim();
    const before = await journal(pool);
    vi.setSystemTime(Date.now() + 30 * 24 * 3600_000 + 5000);
    expect((await journal(pool)).entries).toEqual([]);
    await pool.ring();
    await pool.publish(keyPackages(1, { notAfter: Math.floor(Date.now() / 1000) + 9000 }));
    expect(only(await pool.claim()).status).toBe("claimed");
    const after = (await journal(pool)).entries;
    expect(after).toHaveLength(1);
    expect(after[0]?.sequence).toBeGreaterThan(before.entries[0]?.sequence ?? 0);
  });
});
