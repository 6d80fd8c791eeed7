/** The keys that an issuer publishes: how often it is asked, how long what it said serves, and how a new key is found. */
import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, it, vi } from "vitest";
import type { Jwks } from "../../../src/config/auth-settings.ts";
import {
  JWKS_CACHE_MS,
  JWKS_FETCH_BURST,
  JWKS_FETCH_INTERVAL_MS,
  JWKS_FETCH_SPACING_MS,
  JWKS_FETCH_TIMEOUT_MS,
  JWKS_FLIGHT_LOOK_MS,
  JWKS_FLIGHT_MS,
  JWKS_REFRESH_MS,
  JWKS_STALE_MS,
  MAX_JWKS_BYTES,
} from "../../../src/config/limits.ts";
import { fetchJwks, type JwksFault } from "../../../src/http/auth/fetch-jwks.ts";
import { RemoteKeys } from "../../../src/http/auth/remote-keys.ts";
import { type KeyRecord, type SharedKeys, sharedKeys } from "../../../src/http/auth/shared-keys.ts";
import type { Result } from "../../../src/shared/ok-or-error.ts";
import { fakeTimersUntilSet } from "../support/clock.ts";

const START_MS = 2_000_000_000_000;
const HOUR_MS = 3_600_000;

const { publicKey } = await generateKeyPair("ES256", { extractable: true });
const publicJwk = await exportJWK(publicKey);
const jwksOf = (...keyIds: string[]): Jwks => ({ keys: keyIds.map((kid) => ({ ...publicJwk, kid })) });

/** The shared record of one data center. */
function dataCenter(): SharedKeys & { record: KeyRecord | undefined; reads: number } {
  return {
    record: undefined,
    reads: 0,
    async read() {
      this.reads++;
      return this.record;
    },
    async write(record) {
      this.record = record;
    },
  };
}

/** A data center that keeps nothing, as where the Cache API does not work. */
const nothingShared: SharedKeys = { read: async () => undefined, write: async () => undefined };

/** An issuer that counts how often it is asked. */
class TestIssuer {
  keys: Jwks = jwksOf("a");
  fault: JwksFault | undefined;
  /** While set, answers wait for it. */
  gate: Promise<void> | undefined;
  asked = 0;

  readonly fetchJwks = async (): Promise<Result<Jwks, JwksFault>> => {
    this.asked++;
    await this.gate;
    return this.fault === undefined ? { ok: true, value: this.keys } : { ok: false, error: this.fault };
  };
}

/** An isolate that trusts the issuer, and a clock that the test moves. */
class Isolate {
  nowMs = START_MS;
  readonly background: Promise<void>[] = [];
  readonly keys: RemoteKeys;

  constructor(issuer: TestIssuer, shared: SharedKeys = nothingShared, pause = () => Promise.resolve()) {
    this.keys = new RemoteKeys({ issuer: "https://issuer.test", fetchJwks: issuer.fetchJwks, shared, pause });
  }

  /** What a token that is signed with this key gets: `key`, or why there is none. */
  async ask(kid: string | undefined, isPlausible = true): Promise<string> {
    const lookup = {
      nowMs: this.nowMs,
      isPlausible,
      inBackground: (work: Promise<void>) => void this.background.push(work),
    };
    const found = await this.keys.keyFor({ alg: "ES256", ...(kid === undefined ? {} : { kid }) }, lookup);
    if (found.ok) return "key";
    const { fault, retryAfterSeconds } = found.error;
    return retryAfterSeconds === undefined ? fault : `${fault}, retry after ${retryAfterSeconds}`;
  }

  /** After its key did not verify the signature: whether there is another key now. */
  async askAgain(kid: string | undefined, isPlausible = true): Promise<boolean> {
    const lookup = {
      nowMs: this.nowMs,
      isPlausible,
      inBackground: (work: Promise<void>) => void this.background.push(work),
    };
    return (await this.keys.successorOf({ alg: "ES256", ...(kid === undefined ? {} : { kid }) }, lookup)) !== undefined;
  }

  async settled(): Promise<void> {
    await Promise.all(this.background);
  }
}

const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

describe("how often an issuer is asked", () => {
  it("is once for 200 tokens with forged key ids that come at the same time", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    const answers = await times(200, (index) => isolate.ask(`forged-${index}`));
    expect(new Set(answers)).toEqual(new Set(["unknown_key"]));
    expect(issuer.asked).toBe(1);
  });

  it("is once for 200 of them that come one after the other, and once again for 200 beside known keys", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    for (let index = 0; index < 200; index++) expect(await isolate.ask(`forged-${index}`)).toBe("unknown_key");
    expect(issuer.asked).toBe(1);
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    for (let index = 0; index < 200; index++) await isolate.ask(`forged-${index}`);
    await times(200, (index) => isolate.ask(`forged-${index}`));
    expect(await isolate.ask("a")).toBe("key");
    expect(issuer.asked).toBe(2);
  });

  it("is once for 200 tokens while its endpoint fails, and the callers are told when to come again", async () => {
    const issuer = new TestIssuer();
    issuer.fault = "bad_status";
    const isolate = new Isolate(issuer);
    const answers = [...(await times(100, () => isolate.ask("a")))];
    for (let index = 0; index < 100; index++) answers.push(await isolate.ask(`forged-${index}`));
    expect(new Set(answers)).toEqual(new Set(["keys_unavailable, retry after 5"]));
    expect(issuer.asked).toBe(1);
  });

  it("is bounded in the long run: a few in a row, then one in half a minute, failing or not", async () => {
    for (const fault of [undefined, "unreachable"] as const) {
      const issuer = new TestIssuer();
      issuer.fault = fault;
      const isolate = new Isolate(issuer);
      for (const end = START_MS + HOUR_MS; isolate.nowMs < end; isolate.nowMs += 1000) await isolate.ask("forged");
      expect(issuer.asked).toBe(JWKS_FETCH_BURST - 1 + HOUR_MS / JWKS_FETCH_INTERVAL_MS);
    }
  });

  it("is never for a token that would be refused even with a good signature", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    await isolate.ask("a");
    for (let minute = 0; minute < 4; minute++) {
      isolate.nowMs += 60_000;
      expect(await isolate.ask("forged", false)).toBe("unknown_key");
    }
    expect(issuer.asked).toBe(1);
  });

  it("is counted for the data center: a hundred new isolates ask it once", async () => {
    const issuer = new TestIssuer();
    const shared = dataCenter();
    for (let index = 0; index < 100; index++) expect(await new Isolate(issuer, shared).ask("a")).toBe("key");
    expect(issuer.asked).toBe(1);
    issuer.fault = "unreachable";
    for (let index = 0; index < 100; index++) expect(await new Isolate(issuer, shared).ask("f")).toBe("unknown_key");
    expect(issuer.asked).toBe(1);
  });

  it("is once for isolates that start while it fails", async () => {
    const issuer = new TestIssuer();
    issuer.fault = "unreachable";
    const shared = dataCenter();
    for (let index = 0; index < 100; index++) {
      expect(await new Isolate(issuer, shared).ask("a")).toMatch(/^keys_unavailable/);
    }
    expect(issuer.asked).toBe(1);
  });

  it("is once for an isolate that starts while another one asks: it waits for the shared answer", async () => {
    const issuer = new TestIssuer();
    const shared = dataCenter();
    let open: () => void = () => undefined;
    issuer.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = new Isolate(issuer, shared);
    const asking = first.ask("a");
    await vi.waitFor(() => expect(issuer.asked).toBe(1));
    let looks = 0;
    const second = new Isolate(issuer, shared, async () => {
      looks++;
      if (looks === 3) open();
      if (looks >= 3) await first.settled();
    });
    expect(await Promise.all([asking, second.ask("a")])).toEqual(["key", "key"]);
    expect([issuer.asked, looks]).toEqual([1, 3]);
  });
});

describe("how long an issuer's keys serve", () => {
  it("is a day while it cannot be reached, and no longer", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    expect(await isolate.ask("a")).toBe("key");
    issuer.fault = "timeout";
    for (let ageMs = 60_000; ageMs < JWKS_STALE_MS; ageMs += 60_000) {
      isolate.nowMs = START_MS + ageMs;
      expect(await isolate.ask("a")).toBe("key");
    }
    isolate.nowMs = START_MS + JWKS_STALE_MS - 1;
    expect(await isolate.ask("a")).toBe("key");
    isolate.nowMs = START_MS + JWKS_STALE_MS;
    expect(await isolate.ask("a")).toMatch(/^keys_unavailable/);
    issuer.fault = undefined;
    isolate.nowMs += JWKS_FETCH_INTERVAL_MS;
    expect(await isolate.ask("a")).toBe("key");
  });

  it("is a day for an isolate that starts during the outage, too", async () => {
    const issuer = new TestIssuer();
    const shared = dataCenter();
    await new Isolate(issuer, shared).ask("a");
    issuer.fault = "unreachable";
    const late = new Isolate(issuer, shared);
    late.nowMs = START_MS + JWKS_STALE_MS - 1;
    expect(await late.ask("a")).toBe("key");
    const later = new Isolate(issuer, shared);
    later.nowMs = START_MS + JWKS_STALE_MS;
    expect(await later.ask("a")).toMatch(/^keys_unavailable/);
  });

  it("is renewed beside a request before they are old: the request does not wait", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    await isolate.ask("a");
    isolate.nowMs += JWKS_REFRESH_MS - 1;
    await isolate.ask("a");
    expect(issuer.asked).toBe(1);
    isolate.nowMs += 1;
    // Never opened: whoever waited for the answer would wait for ever.
    issuer.gate = new Promise(() => undefined);
    expect(await isolate.ask("a")).toBe("key");
    await vi.waitFor(() => expect(issuer.asked).toBe(2));
  });

  it("ends with the next answer of the issuer: a withdrawn key is not used after ten minutes", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    await isolate.ask("a");
    issuer.keys = jwksOf("b");
    isolate.nowMs += JWKS_CACHE_MS;
    expect(await isolate.ask("a")).toBe("unknown_key");
  });

  it("does not begin again because a clock was wrong", async () => {
    const issuer = new TestIssuer();
    const shared = dataCenter();
    const ahead = new Isolate(issuer, shared);
    ahead.nowMs = START_MS + 1000 * HOUR_MS;
    await ahead.ask("a");
    issuer.keys = jwksOf("b");
    expect(await new Isolate(issuer, shared).ask("a")).toBe("unknown_key");
    expect(issuer.asked).toBe(2);
  });
});

describe("a key that is published before it signs", () => {
  it("is taken from its first token on, without a wait, and so is the old one until it is taken away", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    expect(await isolate.ask("a")).toBe("key");
    issuer.keys = jwksOf("a", "b");
    isolate.nowMs += JWKS_REFRESH_MS;
    // Fetched beside this request, long before anything is signed with it.
    expect(await isolate.ask("a")).toBe("key");
    await isolate.settled();
    expect(issuer.asked).toBe(2);
    expect([await isolate.ask("b"), await isolate.ask("a")]).toEqual(["key", "key"]);
    expect(issuer.asked).toBe(2);
    issuer.keys = jwksOf("b");
    isolate.nowMs += JWKS_CACHE_MS;
    expect(await isolate.ask("b")).toBe("key");
    expect(await isolate.ask("a")).toBe("unknown_key");
  });
});

describe("a key that replaces the former one at once", () => {
  it("is found by the first token that is signed with it", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    await isolate.ask("a");
    issuer.keys = jwksOf("b");
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    expect(await times(50, () => isolate.ask("b"))).toEqual(Array(50).fill("key"));
    expect(await isolate.ask("a")).toBe("unknown_key");
    expect(issuer.asked).toBe(2);
  });

  it("is found within five seconds if the keys have only just been fetched", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    await isolate.ask("a");
    issuer.keys = jwksOf("b");
    isolate.nowMs += JWKS_FETCH_SPACING_MS - 1;
    expect(await isolate.ask("b")).toBe("unknown_key");
    isolate.nowMs += 1;
    expect(await isolate.ask("b")).toBe("key");
  });

  it("is found within half a minute under a stream of forged key ids", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    for (let second = 0; second < 600; second++, isolate.nowMs += 1000) await isolate.ask("forged");
    issuer.keys = jwksOf("b");
    let seconds = 0;
    for (; (await isolate.ask("b")) !== "key"; seconds++, isolate.nowMs += 1000) await isolate.ask("forged");
    expect(seconds).toBeLessThanOrEqual(JWKS_FETCH_INTERVAL_MS / 1000);
  });

  it("is found by an isolate that starts with the shared copy of before", async () => {
    const issuer = new TestIssuer();
    const shared = dataCenter();
    await new Isolate(issuer, shared).ask("a");
    issuer.keys = jwksOf("b");
    const late = new Isolate(issuer, shared);
    late.nowMs += JWKS_FETCH_SPACING_MS;
    expect(await late.ask("b")).toBe("key");
    expect(issuer.asked).toBe(2);
  });

  it("is not known to be forged while the issuer cannot be asked: the caller is told to come again", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    await isolate.ask("a");
    issuer.fault = "unreachable";
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    expect(await isolate.ask("b")).toBe("keys_unavailable, retry after 5");
    expect(await isolate.ask("a")).toBe("key");
  });
});

describe("a key that replaces the former one under the same id, or without one", () => {
  it.each(["a", undefined])("is found by the first token that is signed with it (kid %s)", async (kid) => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    expect(await isolate.ask(kid)).toBe("key");
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    expect(await times(50, () => isolate.askAgain(kid))).toEqual(Array(50).fill(true));
    expect(issuer.asked).toBe(2);
  });

  it("is found by the first token if it is of another kind, too", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    const { publicKey: other } = await generateKeyPair("EdDSA", { extractable: true });
    issuer.keys = { keys: [{ ...(await exportJWK(other)), kid: "a" }] };
    expect(await isolate.ask("a")).toBe("unknown_key");
    issuer.keys = jwksOf("a");
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    expect(await isolate.ask("a")).toBe("key");
    expect(issuer.asked).toBe(2);
  });

  it("is not asked about by tokens that would be refused anyway, nor more often than anything else", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    await isolate.ask("a");
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    expect(await times(200, () => isolate.askAgain("a", false))).toEqual(Array(200).fill(false));
    expect(issuer.asked).toBe(1);
    for (let index = 0; index < 200; index++) await isolate.askAgain("a");
    expect(issuer.asked).toBe(2);
  });

  it("is taken from another isolate that has found it", async () => {
    const issuer = new TestIssuer();
    const shared = dataCenter();
    const [isolate, other] = [new Isolate(issuer, shared), new Isolate(issuer, shared)];
    await isolate.ask("a");
    await other.ask("a");
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    other.nowMs = isolate.nowMs + 1;
    expect([await isolate.askAgain("a"), await other.askAgain("a"), issuer.asked]).toEqual([true, true, 2]);
  });
});

describe("a request that went away in the middle of a fetch", () => {
  it("holds up the others for a bounded time only", async () => {
    const issuer = new TestIssuer();
    issuer.gate = new Promise(() => undefined);
    let pauses = 0;
    const isolate = new Isolate(issuer, nothingShared, async () => void pauses++);
    void isolate.ask("a");
    expect(await isolate.ask("a")).toBe("keys_unavailable, retry after 5");
    expect(pauses).toBe(JWKS_FLIGHT_MS / JWKS_FLIGHT_LOOK_MS);
    issuer.gate = undefined;
    isolate.nowMs += JWKS_FLIGHT_MS;
    expect(await isolate.ask("a")).toBe("key");
  });
});

describe("the record that isolates share in the Cache API", () => {
  const record: KeyRecord = {
    fetches: { lastMs: 5, drainedMs: 7 },
    failed: true,
    copy: { jwks: jwksOf("a"), fetchedAtMs: 3 },
  };

  it("is read as it was written, by the address of the keys", async () => {
    const url = new URL(`https://issuer.test/${crypto.randomUUID()}?a=b#c`);
    expect(await sharedKeys(url).read()).toBeUndefined();
    await sharedKeys(url).write(record);
    expect(await sharedKeys(url).read()).toEqual(record);
    expect(await sharedKeys(new URL("https://issuer.test/other")).read()).toBeUndefined();
    await sharedKeys(url).write({ ...record, copy: undefined });
    expect(await sharedKeys(url).read()).toEqual({ ...record, copy: undefined });
  });

  it("counts as absent if it cannot be read", async () => {
    for (const text of ["{", "null", "{}", '{"fetches":{"lastMs":1}}']) {
      const match = vi.spyOn(Cache.prototype, "match").mockResolvedValue(new Response(text));
      expect(await sharedKeys(new URL("https://issuer.test/keys")).read()).toBeUndefined();
      expect(match).toHaveBeenCalledOnce();
      match.mockRestore();
    }
  });
});

describe("one fetch of keys", () => {
  async function fetched(answer: () => Response | Promise<Response>): Promise<unknown> {
    const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
    try {
      const result = await fetchJwks(new URL("https://issuer.test/keys"));
      return result.ok ? result.value : result.error;
    } finally {
      spy.mockRestore();
    }
  }

  it("gives the set, keys of unknown kinds included", async () => {
    const set = { keys: [{ kty: "new" }, { ...publicJwk, kid: "a" }], more: 1 };
    expect(await fetched(() => Response.json(set))).toEqual({ keys: set.keys });
  });

  it.each<[JwksFault, () => Response | Promise<Response>]>([
    ["bad_status", () => new Response("{}", { status: 500 })],
    ["bad_status", () => new Response(null, { status: 302, headers: { Location: "https://evil.test" } })],
    ["not_a_jwks", () => new Response("<html>")],
    ["not_a_jwks", () => Response.json({ keys: [7] })],
    ["not_a_jwks", () => Response.json([])],
    ["not_a_jwks", () => Response.json({})],
    ["too_large", () => new Response(new Uint8Array(MAX_JWKS_BYTES + 1))],
    ["unreachable", () => Promise.reject(new Error("Network connection lost."))],
  ])("is a value when it fails: %s", async (fault, answer) => {
    expect(await fetched(answer)).toBe(fault);
  });

  it.each([
    ["an answer that does not come", () => new Promise<Response>(() => undefined)],
    ["a body that does not end", () => new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }))],
  ])("is given up in time: %s", async (_what, answer) => {
    const waiting = fakeTimersUntilSet(JWKS_FETCH_TIMEOUT_MS);
    const result = fetched(answer);
    await waiting;
    await vi.advanceTimersByTimeAsync(JWKS_FETCH_TIMEOUT_MS);
    expect(await result).toBe("timeout");
  });

  it("ends what it has not read of an answer", async () => {
    let signal: AbortSignal | null | undefined;
    const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (_url, init) => {
      signal = init?.signal;
      return new Response("a long page", { status: 404 });
    });
    await fetchJwks(new URL("https://issuer.test/keys"));
    spy.mockRestore();
    expect(signal?.aborted).toBe(true);
  });
});

describe("an operator's refresh", () => {
  it("takes a withdrawn key out at once, however young the keys in use are", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer);
    issuer.keys = jwksOf("a", "b");
    expect(await isolate.ask("a")).toBe("key");
    issuer.keys = jwksOf("b");
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    expect(await isolate.keys.refresh(isolate.nowMs)).toBe("fetched");
    expect(isolate.keys.state(isolate.nowMs)).toEqual({
      from: "address",
      fetchedAtMs: isolate.nowMs,
      failed: false,
      keyIds: ["b"],
    });
    expect([await isolate.ask("a"), await isolate.ask("b")]).toEqual(["unknown_key", "key"]);
  });

  it("does not take what another isolate fetched a moment ago for an answer", async () => {
    const issuer = new TestIssuer();
    const center = dataCenter();
    const [isolate, other] = [new Isolate(issuer, center), new Isolate(issuer, center)];
    await isolate.ask("a");
    await other.ask("a");
    other.nowMs += JWKS_FETCH_SPACING_MS;
    expect([await other.keys.refresh(other.nowMs), issuer.asked]).toEqual(["fetched", 2]);
  });

  it("changes nothing if the issuer does not answer, or may not be asked yet", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer, dataCenter());
    await isolate.ask("a");
    isolate.nowMs += 1;
    expect([await isolate.keys.refresh(isolate.nowMs), issuer.asked]).toEqual(["too_soon", 1]);
    issuer.fault = "timeout";
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    expect([await isolate.keys.refresh(isolate.nowMs), issuer.asked]).toEqual(["failed", 2]);
    expect(await isolate.ask("a")).toBe("key");
    expect(isolate.keys.state(isolate.nowMs)).toMatchObject({ fetchedAtMs: START_MS, failed: true, keyIds: ["a"] });
  });

  it("ends older keys in another isolate, which waits for newer ones and is closed until it has them", async () => {
    const issuer = new TestIssuer();
    const isolate = new Isolate(issuer, dataCenter());
    await isolate.ask("a");
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    expect(isolate.keys.expire(START_MS, isolate.nowMs)).toBe(true);
    expect(isolate.keys.state(isolate.nowMs)).toMatchObject({ fetchedAtMs: START_MS, keyIds: ["a"] });
    expect(isolate.keys.expire(isolate.nowMs, isolate.nowMs)).toBe(true);
    expect(isolate.keys.expire(isolate.nowMs, isolate.nowMs)).toBe(false);
    expect(isolate.keys.state(isolate.nowMs)).toMatchObject({ fetchedAtMs: undefined, keyIds: [] });
    issuer.fault = "unreachable";
    expect(await isolate.ask("a")).toBe("keys_unavailable, retry after 5");
    issuer.fault = undefined;
    isolate.nowMs += JWKS_FETCH_SPACING_MS;
    expect(await isolate.ask("a")).toBe("key");
  });

  it("with a mark of a clock that is ahead ends nothing", async () => {
    const isolate = new Isolate(new TestIssuer());
    await isolate.ask("a");
    expect(isolate.keys.expire(START_MS + HOUR_MS, START_MS)).toBe(false);
    expect(await isolate.ask("a")).toBe("key");
  });
});
