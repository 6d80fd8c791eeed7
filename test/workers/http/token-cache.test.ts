import { expect, it } from "vitest";
import { MAX_CACHED_TOKENS } from "../../../src/config/limits.ts";
import type { Issuer } from "../../../src/http/auth/issuer.ts";
import { cachedPrincipal, cachePrincipal } from "../../../src/http/auth/token-cache.ts";

const issuer = (change: Partial<Issuer> = {}): Issuer => ({
  keys: async () => new Uint8Array(),
  issuer: "i",
  audience: "a",
  clientClaim: "device_id",
  ...change,
});

const alice = { user: "alice", client: "phone", scopes: new Set<never>(), issuedAt: undefined };
const now = new Date(1_000_000_000_000);
const after = (ms: number) => new Date(now.getTime() + ms);

it("remembers a token for a minute and not longer", () => {
  const here = issuer();
  cachePrincipal("t", here, alice, 2_000_000_000, now);
  expect(cachedPrincipal("t", here, after(59_999))).toBe(alice);
  expect(cachedPrincipal("t", here, after(60_000))).toBeUndefined();
  expect(cachedPrincipal("other", here, now)).toBeUndefined();
});

it("forgets a token when it expires", () => {
  const here = issuer();
  cachePrincipal("t", here, alice, 1_000_000_010, now);
  expect(cachedPrincipal("t", here, after(9_999))).toBe(alice);
  expect(cachedPrincipal("t", here, after(10_000))).toBeUndefined();
});

it("knows nothing under other keys, another issuer, another audience or another claim", () => {
  const here = issuer();
  cachePrincipal("t", here, alice, 2_000_000_000, now);
  expect(cachedPrincipal("t", issuer(), now)).toBeUndefined();
  for (const change of [{ issuer: "x" }, { audience: "x" }, { clientClaim: "x" }]) {
    expect(cachedPrincipal("t", issuer({ keys: here.keys, ...change }), now)).toBeUndefined();
  }
});

it("is bounded: the oldest goes first", () => {
  const here = issuer();
  for (let index = 0; index <= MAX_CACHED_TOKENS; index++) cachePrincipal(`t${index}`, here, alice, 2e9, now);
  expect(cachedPrincipal("t0", here, now)).toBeUndefined();
  expect(cachedPrincipal("t1", here, now)).toBe(alice);
  expect(cachedPrincipal(`t${MAX_CACHED_TOKENS}`, here, now)).toBe(alice);
});
