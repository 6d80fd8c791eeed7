import { expect, it } from "vitest";
import { MAX_IDENTIFIER_BYTES, MAX_TOKEN_CACHE_BYTES, MAX_TOKEN_CHARACTERS } from "../../../src/config/limits.ts";
import type { Principal } from "../../../src/http/auth/principal.ts";
import { TokenCache } from "../../../src/http/auth/token-cache.ts";

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

it("does not take a token for one that differs in a character, wherever it is", () => {
  const cache = new TokenCache();
  const token = "a".repeat(MAX_TOKEN_CHARACTERS);
  cache.put(token, alice, 2e9, now);
  for (const at of [0, MAX_TOKEN_CHARACTERS / 2, MAX_TOKEN_CHARACTERS - 1]) {
    expect(cache.get(`${token.slice(0, at)}b${token.slice(at + 1)}`, now)).toBeUndefined();
  }
  expect(cache.get("a".repeat(MAX_TOKEN_CHARACTERS), now)).toBe(alice);
});

/** The longest that an identifier may be, in characters that an engine keeps at two bytes each. */
const longest = (index: number): string =>
  `${index}`.padStart(8, "0") + "\u0131".repeat((MAX_IDENTIFIER_BYTES - 8) / 2);

it.each([
  ["short names and tokens", (index: number) => `${index}`, 43],
  ["the longest names", longest, 43],
  ["the longest tokens", (index: number) => `${index}`, MAX_TOKEN_CHARACTERS],
])("holds four megabytes at most, with %s: the oldest goes first", async (_what, nameOf, characters) => {
  const cache = new TokenCache();
  const tokens: string[] = [];
  for (let index = 0; index < 20_000; index++) {
    const token = `${index}`.padStart(characters, "-");
    tokens.push(token);
    cache.put(token, { ...alice, user: nameOf(index), client: nameOf(index) }, 2e9, now);
  }
  const held = tokens.filter((token) => cache.get(token, now));
  const bytes = held.reduce((sum, token) => {
    const { user = "", client = "" } = cache.get(token, now) ?? {};
    return sum + token.length + 2 * (user.length + client.length) + 512;
  }, 0);
  expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  expect(MAX_TOKEN_CACHE_BYTES).toBe(4 * 1024 * 1024);
  // It is used, too, and what is left are the newest.
  expect(bytes).toBeGreaterThan(4 * 1024 * 1024 - 2 * (512 + characters) - 2_000);
  expect(held).toEqual(tokens.slice(-held.length));
});

it("counts a token that is put again once", () => {
  const cache = new TokenCache();
  cache.put("first", alice, 2e9, now);
  for (let time = 0; time < 20_000; time++) cache.put("again", alice, 2e9, now);
  expect(cache.get("first", now)).toBe(alice);
});
