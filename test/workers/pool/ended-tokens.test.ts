/** A client that an operator or a sibling has ended does nothing any more with a token that was issued before. */

import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { CLOCK_CONFIRMATION_SECONDS } from "../../../src/config/limits.ts";
import type { RegisterAnswer } from "../../../src/contract/registration-messages.ts";
import {
  ED25519,
  keyPackage,
  keyPackages,
  nowSeconds,
  poolOf,
  signatureKey,
  signatureKeyOf,
} from "../support/pool-calls.ts";

const DAY_SECONDS = 24 * 3600;

async function pools() {
  const pool = await poolOf();
  const register = (client: string, issuedAt?: number, publicKey = signatureKeyOf(client)): Promise<RegisterAnswer> =>
    pool.stub().register({
      ...pool.base,
      client,
      signatureKeys: [{ scheme: ED25519, publicKey }],
      token: { client, issuedAt },
    });
  const end = (client: string) => pool.stub().endClient({ ...pool.base, client });
  const revoke = (client: string) => pool.stub().revoke({ ...pool.base, client });
  return { ...pool, register, end, revoke };
}

const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

describe("a client that was ended", () => {
  it("is gone with its packages, and returns only with a token that was issued later", async () => {
    const pool = await pools();
    const published = [...keyPackages(2), keyPackage({ lastResort: true })];
    await pool.publish(published);
    const endedAt = nowSeconds();
    expect(await pool.end("phone")).toMatchObject({ outcome: "revoked", purged: 3 });
    expect(await pool.claim()).toMatchObject({ status: "none", clients: [] });
    later(60);
    await evictDurableObject(pool.stub());
    const refused = { outcome: "token_predates_revocation", endedAt };
    // Within the same second nobody knows which came first; a part of a second is no later one.
    for (const issuedAt of [undefined, 0, endedAt - 1, endedAt, endedAt + 0.9]) {
      expect(await pool.register("phone", issuedAt)).toEqual(refused);
    }
    expect((await pool.register("phone", endedAt + 1)).outcome).toBe("created");
    expect((await pool.publish(published)).codes).toEqual(["already_removed", "already_removed", "already_removed"]);
  });

  it("is not extended by an older token either after it has returned, nor after it has revoked itself", async () => {
    const pool = await pools();
    const endedAt = nowSeconds();
    await pool.end("phone");
    later(60);
    await pool.register("phone", endedAt + 1);
    const refused = { outcome: "token_predates_revocation", endedAt };
    expect(await pool.register("phone", endedAt)).toEqual(refused);
    await pool.revoke("phone");
    expect(await pool.register("phone", endedAt)).toEqual(refused);
    expect((await pool.register("phone", endedAt + 1)).outcome).toBe("created");
  });

  it("is spoken for by newer tokens alone once it is registered again", async () => {
    const pool = await pools();
    await pool.register("tablet");
    const endedAt = nowSeconds();
    await pool.end("phone");
    later(60);
    await pool.register("phone", endedAt + 1);
    await pool.publish(keyPackages(1));
    const calls = (issuedAt: number | undefined) => {
      const call = { ...pool.base, client: "phone", token: { client: "phone", issuedAt } };
      const stub = pool.stub();
      const digest = new Uint8Array(32);
      return {
        getClient: () => stub.getClient(call),
        preflight: () => stub.preflight({ ...call, mode: "add", packages: [], unreadable: 0 }),
        publish: () => stub.publish({ ...call, mode: "add", keyPackages: [], refused: 0 }),
        reconcile: () => stub.reconcile({ ...call, digest, held: undefined, prune: false }),
        journal: () => stub.journal({ ...call, after: undefined, limit: 1 }),
        userJournal: () => stub.userJournal({ ...call, after: undefined, limit: 1 }),
        storedPackages: () => stub.storedPackages({ ...call, after: undefined }),
        view: () => stub.view(call),
        remove: () => stub.remove({ ...call, which: { kind: "all" } }),
        endSibling: () => stub.endClient({ ...call, client: "tablet" }),
        revoke: () => stub.revoke(call),
        erase: () => stub.erase(call),
      };
    };
    const refused = { outcome: "token_predates_revocation", endedAt };
    for (const issuedAt of [undefined, endedAt]) {
      for (const [name, ask] of Object.entries(calls(issuedAt))) expect([name, await ask()]).toEqual([name, refused]);
    }
    expect(await pool.inventory()).toMatchObject([{ available: 1 }]);
    expect(await pool.inventory("tablet")).toEqual([]);
    for (const [name, ask] of Object.entries(calls(endedAt + 1))) {
      expect([name, await ask()]).not.toMatchObject([name, refused]);
    }
  });

  it("may have revoked itself before, which does not help it", async () => {
    const pool = await pools();
    await pool.revoke("phone");
    expect(await pool.end("phone")).toMatchObject({ outcome: "revoked", purged: 0 });
    expect((await pool.register("phone", nowSeconds())).outcome).toBe("token_predates_revocation");
    // Once more changes nothing but the time.
    later(5);
    expect(await pool.end("phone")).toMatchObject({ outcome: "revoked", purged: 0 });
    expect((await pool.register("phone", nowSeconds() - 1)).outcome).toBe("token_predates_revocation");
  });

  it("leaves its siblings alone, and its key free for them", async () => {
    const pool = await pools();
    await pool.register("tablet");
    const [package_] = keyPackages(1);
    if (!package_) throw new Error("unreachable");
    await pool.publish([package_], "tablet");
    await pool.end("phone");
    expect((await pool.register("tablet")).outcome).toBe("unchanged");
    expect(await pool.inventory("tablet")).toMatchObject([{ available: 1 }]);
    expect((await pool.register("desk", undefined, signatureKey)).outcome).toBe("created");
  });

  it("is held against its tokens for thirty days, and for longer than its record is kept", async () => {
    const pool = await pools();
    const endedAt = nowSeconds();
    await pool.end("phone");
    later(30 * DAY_SECONDS - 1);
    await pool.ring();
    await pool.register("tablet");
    await pool.end("tablet");
    expect((await pool.register("phone", endedAt)).outcome).toBe("token_predates_revocation");
    // Its record goes when a second look has confirmed its end; the look before the end has shown nothing.
    for (let look = 0; look < 2; look++) {
      later(CLOCK_CONFIRMATION_SECONDS);
      await pool.ring();
    }
    expect((await pool.end("phone")).outcome).toBe("client_not_registered");
    expect((await pool.register("phone", endedAt)).outcome).toBe("token_predates_revocation");
    await pool.end("tablet");
    expect((await pool.register("phone", endedAt)).outcome).toBe("created");
  });

  it("must have been known", async () => {
    const pool = await pools();
    expect(await pool.end("desk")).toEqual({ outcome: "client_not_registered" });
    expect((await pool.register("desk")).outcome).toBe("created");
  });
});

it("a client that revoked itself registers again with the token that it has", async () => {
  const pool = await pools();
  await pool.revoke("phone");
  expect((await pool.register("phone", 0)).outcome).toBe("created");
  await pool.revoke("phone");
  expect((await pool.register("phone")).outcome).toBe("created");
});

it("a user that an operator has revoked registers no client with an older token, known or not", async () => {
  const pool = await pools();
  const endedAt = nowSeconds();
  expect(await pool.stub().revokeUser(pool.base)).toEqual({
    outcome: "revoked",
    at: endedAt,
    ended: [{ client: "phone", registeredAt: endedAt, purged: 0 }],
  });
  later(60);
  for (const client of ["phone", "tablet"]) {
    expect((await pool.register(client, endedAt)).outcome).toBe("token_predates_revocation");
    expect((await pool.register(client, endedAt + 1)).outcome).toBe("created");
  }
});
