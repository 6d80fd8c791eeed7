import { expect, it } from "vitest";
import { MAX_IDENTIFIER_BYTES, MAX_TOKEN_CACHE_BYTES, MAX_TOKEN_CHARACTERS } from "../../../src/config/limits.ts";
import type { Principal } from "../../../src/http/auth/principal.ts";
import { TokenCache, tokenDigest } from "../../../src/http/auth/token-cache.ts";

const alice: Principal = { user: "alice", client: "phone", scopes: new Set(), issuedAt: undefined };
const now = new Date(1_000_000_000_000);
const after = (ms: number) => new Date(now.getTime() + ms);

it("remembers a token for a minute and not longer", () => {
  const cache = new TokenCache();
  cache.put("t", alice, 2_000_000_000, now);
  expect(cache.get("t", after(59_999))).toBe(alice);
  expect(cache.get("t", after(60_000))).toBeUndefined();
  expect(cache.get("other", now)).toBeUndefined();
});

it("forgets a token when it expires", () => {
  const cache = new TokenCache();
  cache.put("t", alice, 1_000_000_010, now);
  expect(cache.get("t", after(9_999))).toBe(alice);
  expect(cache.get("t", after(10_000))).toBeUndefined();
});

it("knows a token by a digest that does not grow with it", async () => {
  const digests = [await tokenDigest("a"), await tokenDigest("a".repeat(MAX_TOKEN_CHARACTERS))];
  expect(digests.map((digest) => digest.length)).toEqual([43, 43]);
  expect(new Set(digests).size).toBe(2);
});

/** The longest that an identifier may be, in characters that an engine keeps at two bytes each. */
const longest = (index: number): string =>
  `${index}`.padStart(8, "0") + "\u0131".repeat((MAX_IDENTIFIER_BYTES - 8) / 2);

it.each([
  ["short names", (index: number) => `${index}`],
  ["the longest names", longest],
])("holds four megabytes at most, with %s: the oldest goes first", async (_what, nameOf) => {
  const cache = new TokenCache();
  const digests: string[] = [];
  for (let index = 0; index < 20_000; index++) {
    const digest = `${index}`.padStart(43, "-");
    digests.push(digest);
    cache.put(digest, { ...alice, user: nameOf(index), client: nameOf(index) }, 2e9, now);
  }
  const held = digests.filter((digest) => cache.get(digest, now));
  const bytes = held.reduce((sum, digest) => {
    const { user = "", client = "" } = cache.get(digest, now) ?? {};
    return sum + 2 * (digest.length + user.length + client.length) + 512;
  }, 0);
  expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  expect(MAX_TOKEN_CACHE_BYTES).toBe(4 * 1024 * 1024);
  // It is used, too, and what is left are the newest.
  expect(bytes).toBeGreaterThan(4 * 1024 * 1024 - 2_000);
  expect(held).toEqual(digests.slice(-held.length));
});

it("counts a token that is put again once", () => {
  const cache = new TokenCache();
  cache.put("first", alice, 2e9, now);
  for (let time = 0; time < 20_000; time++) cache.put("again", alice, 2e9, now);
  expect(cache.get("first", now)).toBe(alice);
});
