import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  type Claimed,
  DirectoryError,
  defaultPlatform,
  memoryStorage,
  type Storage,
} from "../../../src/client/index.ts";
import { fromBase64Url, toBase64Url } from "../../../src/client/portable-base64url.ts";
import { type CryptoProvider, nobleCrypto } from "../../../src/mls/index.ts";
import { FakeDirectory, problem, type Seen } from "./support/fake-directory.ts";
import { NOW, packagesOf, person, stockedUser } from "./support/people.ts";

let directory: FakeDirectory;
beforeEach(() => {
  directory = new FakeDirectory(NOW * 1000);
});

/** What the call was refused with. */
async function refusal(call: Promise<unknown>): Promise<DirectoryError> {
  const error = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof DirectoryError) return error;
  throw new Error(`expected a DirectoryError, got ${String(error)}`);
}

const isClaim = ({ path }: Seen) => path.endsWith("/claims");
const keysOf = (seen: readonly Seen[]) => seen.filter(isClaim).map(({ headers }) => headers.get("Idempotency-Key"));

describe("base64url", () => {
  it("gives back every length of bytes, as the runtime's own does", () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length * 101) & 255);
      expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
      expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
    }
  });

  it.each(["A", "AB", "AAB", "AA==", "A+", "é", "AAAAA", "AA A"])("does not read %j", (text) => {
    expect(fromBase64Url(text)).toBeUndefined();
  });
});

describe("a call", () => {
  it.each([".", ".."])("about %j is not sent: as a step of the address it would be about another", async (name) => {
    const wanted = { code: "invalid_argument", detail: `no user or client is called "${name}"` };
    const { sdk } = person(directory, "alice", {});
    expect(await refusal(sdk.claim(name))).toMatchObject(wanted);
    expect(await refusal(sdk.listClients(name))).toMatchObject(wanted);
    expect(await refusal(person(directory, name, {}).sdk.getClient())).toMatchObject(wanted);
    expect(await refusal(person(directory, "alice", { client: name }).sdk.getClient())).toMatchObject(wanted);
    expect(directory.seen.filter(({ path }) => path.includes("/users"))).toEqual([]);
  });

  it("asks for a fresh token once after 401, and then gives up", async () => {
    const tokens = ["bad", "good"];
    const asked: boolean[] = [];
    const token = async ({ refresh }: { refresh: boolean }) => {
      asked.push(refresh);
      return tokens.shift() ?? "bad";
    };
    const { sdk } = person(directory, "alice", { token });
    const { key } = await packagesOf("alice");
    expect((await sdk.register([key])).user).toBe("alice");
    expect(asked).toEqual([false, true]);
    expect(await refusal(sdk.getClient())).toMatchObject({
      code: "token_invalid",
      status: 401,
      requestId: "request-1",
    });
    expect(asked).toHaveLength(4);
  });

  it("says that there is no token, and sends nothing", async () => {
    const { sdk } = person(directory, "alice", { token: async () => Promise.reject(new Error("signed out")) });
    expect(await refusal(sdk.getClient())).toMatchObject({ code: "token_unavailable", status: 0 });
    expect(directory.seen).toEqual([]);
  });

  it("is sent again with full jitter after a lost reply, if it may take effect twice", async () => {
    const { sdk, make } = await stockedUser(directory, "alice", 0);
    const { sdk: again, slept } = person(directory, "alice");
    let lose = 2;
    directory.trouble = () => (lose-- > 0 ? "reply lost" : undefined);
    const answer = await again.publish([await make()]);
    expect(answer.results.map(({ code }) => code)).toEqual(["duplicate"]);
    expect(slept).toEqual([125, 250]);
    expect((await sdk.inventory())[0]?.available).toBe(1);
  });

  it.each(["remove", "revoke"] as const)("%s is sent once, whatever happens", async (name) => {
    await stockedUser(directory, "alice", 1);
    const { sdk, slept } = person(directory, "alice");
    directory.seen.length = 0;
    directory.trouble = () => "reply lost";
    const error = await refusal(name === "remove" ? sdk.remove("all") : sdk.revoke());
    expect(error).toMatchObject({ code: "network_error", status: 0 });
    expect([directory.seen.length, slept]).toEqual([1, []]);
  });

  it("waits as long as Retry-After says, and not at all where that is too long", async () => {
    await stockedUser(directory, "alice", 0);
    const { sdk, slept } = person(directory, "alice");
    const busy = (seconds: string) => problem(503, "pool_overloaded", {}, { "Retry-After": seconds });
    const replies = [busy("7")];
    directory.trouble = () => replies.shift();
    await sdk.getClient();
    expect(slept).toEqual([7_125]);
    replies.push(busy("11"));
    expect(await refusal(sdk.getClient())).toMatchObject({ code: "pool_overloaded", retryAfterSeconds: 11 });
    expect(slept).toHaveLength(1);
  });

  it("takes what is not the directory for what it is", async () => {
    const { sdk } = person(directory, "alice", { retries: { attempts: 1 } });
    const page = () => new Response("<html>", { status: 200, headers: { "Content-Type": "text/html" } });
    directory.trouble = page;
    expect(await refusal(sdk.policy())).toMatchObject({ code: "unexpected_response", status: 200 });
    directory.trouble = () => new Response("{}", { status: 404 });
    expect(await refusal(sdk.policy())).toMatchObject({ code: "unexpected_response", status: 404 });
  });

  it("ends with the signal of the caller: before it is sent, while it is under way, and between two tries", async () => {
    const { sdk } = person(directory, "alice");
    const controller = new AbortController();
    directory.trouble = () => {
      controller.abort(new Error("not wanted"));
      return "reply lost";
    };
    expect(await refusal(sdk.policy({ signal: controller.signal }))).toMatchObject({ code: "aborted" });
    expect(directory.seen).toHaveLength(1);
    expect(await refusal(sdk.policy({ signal: controller.signal }))).toMatchObject({ code: "aborted" });
    expect(directory.seen).toHaveLength(1);
  });

  it("is not sent when the caller's signal is aborted while the token is fetched", async () => {
    const controller = new AbortController();
    const token = async () => {
      controller.abort();
      return "good";
    };
    const { sdk } = person(directory, "bob", { token });
    expect(await refusal(sdk.claim("alice", { signal: controller.signal }))).toMatchObject({ code: "aborted" });
    expect(directory.seen).toEqual([]);
  });

  it("leaves no timer behind when the signal is aborted between two tries, or was before", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { sleep } = defaultPlatform;
    const controller = new AbortController();
    const waiting = refusal(sleep(1_000, controller.signal));
    controller.abort();
    const late = refusal(sleep(1_000, controller.signal));
    expect(vi.getTimerCount()).toBe(0);
    expect(await Promise.all([waiting, late])).toMatchObject([{ code: "aborted" }, { code: "aborted" }]);
  });

  it("counts as failed when nobody answers in time", async () => {
    const never = (_: string, init: RequestInit) =>
      new Promise<Response>((_resolve, reject) =>
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
      );
    const platform = {
      ...person(directory, "alice").sdk.platform,
      fetch: never,
      deadline: (_: number, onLate: () => void) => {
        queueMicrotask(() => queueMicrotask(onLate));
        return () => {};
      },
    };
    const { sdk } = person(directory, "alice", { platform, retries: { attempts: 2 } });
    const error = await refusal(sdk.policy());
    expect(error).toMatchObject({ code: "network_error", detail: "GET /v1/policy: no answer within 30000 ms" });
  });
});

describe("a claim", () => {
  it("hands on verified packages, and says who gave none", async () => {
    await stockedUser(directory, "alice", 1);
    const { sdk } = person(directory, "bob");
    const claimed = await sdk.claim("alice", { criteria: { ciphersuites: [1] } });
    expect(claimed.packages).toMatchObject([
      { client: "phone", ciphersuite: 1, lastResort: false, keyWasKnown: false },
    ]);
    expect((await sdk.claim("alice")).without).toEqual([
      { client: "phone", status: "exhausted", retryAfterSeconds: undefined },
    ]);
    expect(new Set(keysOf(directory.seen)).size).toBe(2);
  });

  it("is repeated after a crash under the same key, and gives the packages that the lost reply had", async () => {
    await stockedUser(directory, "alice", 2);
    const storage = memoryStorage();
    directory.trouble = (seen) => (isClaim(seen) ? "reply lost" : undefined);
    const before = person(directory, "bob", { storage, retries: { attempts: 1 } });
    expect((await refusal(before.sdk.claim("alice"))).code).toBe("network_error");
    directory.trouble = () => undefined;
    const claimed = await person(directory, "bob", { storage }).sdk.claim("alice");
    expect([claimed.packages.length, claimed.replayed]).toEqual([1, true]);
    expect(new Set(keysOf(directory.seen)).size).toBe(1);
    expect(directory.client("alice", "phone").live.size).toBe(1);
    expect((await storage.list("")).size).toBe(0);
  });

  it("is given again after a crash while it was being handed on", async () => {
    await stockedUser(directory, "alice", 2);
    const storage = memoryStorage();
    const refs: (string | undefined)[] = [];
    const handOn = async (claimed: Claimed) => {
      refs.push(claimed.packages[0]?.ref);
      if (refs.length === 1) throw new Error("crash");
    };
    await expect(person(directory, "bob", { storage }).sdk.claim("alice", { handOn })).rejects.toThrow("crash");
    await person(directory, "bob", { storage }).sdk.claim("alice", { handOn });
    expect([refs.length, new Set(refs).size]).toEqual([2, 1]);
  });

  it("is another one for another purpose, and at the same time", async () => {
    await stockedUser(directory, "alice", 3);
    const { sdk } = person(directory, "bob");
    const claims = await Promise.all([sdk.claim("alice"), sdk.claim("alice"), sdk.claim("alice", { purpose: "g2" })]);
    expect(new Set(claims.map(({ packages }) => packages[0]?.ref)).size).toBe(3);
  });

  it("that is begun while the same one is under way is one of its own", async () => {
    await stockedUser(directory, "alice", 2);
    const { sdk } = person(directory, "bob");
    let second: Promise<Claimed> | undefined;
    const { fetch } = sdk.platform;
    Object.assign(sdk.platform, {
      fetch: async (url: string, init: RequestInit) => {
        second ??= sdk.claim("alice");
        await new Promise((resolve) => setImmediate(resolve));
        return fetch(url, init);
      },
    });
    const first = await sdk.claim("alice");
    expect((await second)?.packages[0]?.ref).not.toBe(first.packages[0]?.ref);
  });

  it("is not sent when its key cannot be stored", async () => {
    await stockedUser(directory, "alice", 1);
    const full: Storage = { ...memoryStorage(), write: async () => Promise.reject(new Error("disk full")) };
    const { sdk } = person(directory, "bob", { storage: full });
    expect(await refusal(sdk.claim("alice"))).toMatchObject({ code: "storage_failed" });
    expect(keysOf(directory.seen)).toEqual([]);
  });

  it("takes a new key when the old one is too old for the directory to know it", async () => {
    await stockedUser(directory, "alice", 2);
    const storage = memoryStorage();
    directory.trouble = (seen) => (isClaim(seen) ? "request lost" : undefined);
    await refusal(person(directory, "bob", { storage, retries: { attempts: 1 } }).sdk.claim("alice"));
    directory.trouble = () => undefined;
    directory.now += 21 * 3_600_000;
    await person(directory, "bob", { storage }).sdk.claim("alice");
    expect(new Set(keysOf(directory.seen)).size).toBe(2);
  });

  it("forgets its key when the directory refuses it", async () => {
    const storage = memoryStorage();
    const { sdk } = person(directory, "bob", { storage });
    expect(await refusal(sdk.claim("nobody"))).toMatchObject({ code: "unknown_user", status: 404 });
    expect((await storage.list("")).size).toBe(0);
  });
});

describe("what was claimed and must not be used", () => {
  /** Has the directory hand out this instead of what alice published. */
  async function handedOut(swap: (text: string) => string | Promise<string>, options = {}, criteria = {}) {
    await stockedUser(directory, "alice", 1);
    const { live } = directory.client("alice", "phone");
    for (const [ref, one] of live) live.set(ref, { ...one, text: await swap(one.text) });
    const { packages, rejected } = await person(directory, "bob", options).sdk.claim("alice", { criteria });
    expect(packages).toEqual([]);
    return rejected.map(({ reason }) => reason);
  }

  const other = async (settings = {}) => toBase64Url(await (await packagesOf("alice")).make(settings));

  it.each([
    ["malformed", () => "AAAA"],
    ["malformed", () => "not base64url!"],
    ["invalid", (text: string) => `${text.slice(0, -8)}AAAAAAAA`],
    ["reference_mismatch", () => other()],
    ["expired", () => other({ now: NOW - 86_400 * 60 })],
    ["not_yet_valid", () => other({ now: NOW + 86_400 })],
  ] as const)("is reported as %s", async (reason, swap) => {
    expect(await handedOut(swap)).toEqual([reason]);
  });

  it("is reported when it is another user's", async () => {
    await stockedUser(directory, "mallory", 1);
    directory.clients.set("alice/phone", directory.client("mallory", "phone"));
    const { packages, rejected } = await person(directory, "bob").sdk.claim("alice");
    expect([packages, rejected.map(({ reason }) => reason)]).toEqual([[], ["identity_mismatch"]]);
  });

  it("is reported when its suite was not asked for", async () => {
    expect(await handedOut((text) => text, {}, { ciphersuites: [2] })).toEqual(["not_requested"]);
  });

  it("is reported when the client is known by another signature key", async () => {
    const signatureKey = async () => new Uint8Array(32);
    expect(await handedOut((text) => text, { expectations: { signatureKey } })).toEqual(["signature_key_mismatch"]);
  });

  it("is reported when the application does not know the identity", async () => {
    const identity = async () => false;
    expect(await handedOut((text) => text, { expectations: { identity } })).toEqual(["identity_mismatch"]);
  });
});

describe("a claim of many users", () => {
  const names = ["u0", "u1", "u2", "u3", "u4"];

  it("is split as the policy asks for, and answers in the order of the caller", async () => {
    for (const name of names) await stockedUser(directory, name, 1);
    const { sdk } = person(directory, "bob");
    const { users, retryLater } = await sdk.claimMany([...names, "u0", "nobody"]);
    expect(users.map(({ user, status }) => `${user} ${status}`)).toEqual([
      ...names.map((name) => `${name} ok`),
      "nobody unknown_user",
    ]);
    expect(retryLater).toEqual([]);
    expect(directory.seen.filter(isClaim)).toHaveLength(2);
  });

  it("is repeated chunk by chunk under the same keys after a crash", async () => {
    for (const name of names) await stockedUser(directory, name, 2);
    const storage = memoryStorage();
    let claims = 0;
    directory.trouble = (seen) => (isClaim(seen) && ++claims === 2 ? "reply lost" : undefined);
    const before = person(directory, "bob", { storage, retries: { attempts: 1 } });
    await refusal(before.sdk.claimMany(names));
    const { users } = await person(directory, "bob", { storage }).sdk.claimMany(names);
    expect(users.map(({ packages }) => packages.length)).toEqual([1, 1, 1, 1, 1]);
    expect(names.map((name) => directory.client(name, "phone").live.size)).toEqual([1, 1, 1, 1, 1]);
    expect((await storage.list("")).size).toBe(0);
  });

  it("asks again for those whose pool failed, and names the others to be asked later", async () => {
    for (const name of names) await stockedUser(directory, name, 2);
    const failing = (users: unknown[], code: string, status = "failed") =>
      new Response(
        JSON.stringify({
          users: users.map((user) => ({
            user,
            status,
            code,
            clients: status === "failed" ? [] : [{ client: "phone", status: "rate_limited", retry_after_seconds: 40 }],
          })),
        }),
      );
    const replies = [(seen: Seen) => failing(seen.body?.users as unknown[], "pool_unavailable")];
    directory.trouble = (seen) => (isClaim(seen) ? replies.shift()?.(seen) : undefined);
    const { sdk, slept } = person(directory, "bob");
    expect((await sdk.claimMany(["u0", "u1"])).users).toHaveLength(2);
    expect([slept, new Set(keysOf(directory.seen)).size]).toEqual([[125], 1]);

    directory.trouble = (seen) => (isClaim(seen) ? failing(["u0", "u1"], "", "rate_limited") : undefined);
    expect((await sdk.claimMany(["u0", "u1"])).retryLater).toEqual([
      { user: "u0", reason: "rate_limited", retryAfterSeconds: 40 },
      { user: "u1", reason: "rate_limited", retryAfterSeconds: 40 },
    ]);
    directory.trouble = (seen) => (isClaim(seen) ? failing(["u0", "u1"], "answer_too_large") : undefined);
    expect((await sdk.claimMany(["u0", "u1"])).retryLater.map(({ reason }) => reason)).toEqual(["failed", "failed"]);
  });

  it("asks and stores nothing for no users", async () => {
    const unusable: Storage = { ...memoryStorage(), write: async () => Promise.reject(new Error("disk full")) };
    const { sdk } = person(directory, "bob", { storage: unusable });
    expect(await sdk.claimMany([])).toEqual({ users: [], retryLater: [] });
    expect(directory.seen).toEqual([]);
  });

  it("verifies the signatures of all users of a call together", async () => {
    for (const name of names) await stockedUser(directory, name, 1);
    const verified: number[] = [];
    const crypto: CryptoProvider = {
      ...nobleCrypto,
      verifyMany: (scheme, items, policy) => {
        verified.push(items.length);
        return nobleCrypto.verifyMany(scheme, items, policy);
      },
    };
    directory.limits.users_per_claim = 5;
    const { users } = await person(directory, "bob", { crypto }).sdk.claimMany(names);
    expect(users.map(({ packages }) => packages.length)).toEqual([1, 1, 1, 1, 1]);
    expect(verified).toEqual([2 * names.length]);
  });

  it("rejects the one package of many that is bad, and no other", async () => {
    for (const name of names) await stockedUser(directory, name, 1);
    const { live } = directory.client("u3", "phone");
    for (const [ref, one] of live) live.set(ref, { ...one, text: `${one.text.slice(0, -8)}AAAAAAAA` });
    const { users } = await person(directory, "bob").sdk.claimMany(names);
    expect(users.map(({ packages }) => packages.length)).toEqual([1, 1, 1, 0, 1]);
    expect(users.map(({ rejected }) => rejected.map(({ reason }) => reason))).toEqual([[], [], [], ["invalid"], []]);
  });

  it("forgets the key of the call that the directory refuses, and no other", async () => {
    for (const name of names) await stockedUser(directory, name, 1);
    const storage = memoryStorage();
    let claims = 0;
    directory.trouble = (seen) => (isClaim(seen) && ++claims === 2 ? problem(422, "invalid_request") : undefined);
    await refusal(person(directory, "bob", { storage }).sdk.claimMany(names));
    expect((await storage.list("")).size).toBe(1);
    const { users } = await person(directory, "bob", { storage }).sdk.claimMany(names);
    expect(users.map(({ packages }) => packages.length)).toEqual([1, 1, 1, 1, 1]);
    expect(new Set(keysOf(directory.seen)).size).toBe(3);
  });

  it("asks in a call of their own for those that did not fit into the answer", async () => {
    for (const name of names) await stockedUser(directory, name, 1);
    directory.limits.users_per_claim = 5;
    let first = true;
    directory.trouble = (seen) => {
      if (!isClaim(seen) || !first) return undefined;
      first = false;
      const users = names.map((user, index) =>
        index === 0
          ? { user, status: "none", clients: [] }
          : { user, status: "failed", clients: [], code: "answer_too_large" },
      );
      return new Response(JSON.stringify({ users }));
    };
    const { users, retryLater } = await person(directory, "bob").sdk.claimMany(names);
    expect(users.map(({ user, status }) => `${user} ${status}`)).toEqual([
      "u0 none",
      "u1 ok",
      "u2 ok",
      "u3 ok",
      "u4 ok",
    ]);
    expect(retryLater).toEqual([]);
  });
});
