/** Budgets as claimers and owners meet them over HTTP, with the default numbers. */
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { batchVerifier } from "../../../src/mls/crypto/batch-verifier.ts";
import { poolFor } from "../../../src/pool/address.ts";
import { PUBLISH, token } from "../support/auth.ts";
import { newSigner, publicKey } from "../support/forge-for-now.ts";
import { type Answer, call, claimer, clientPath, freshName, registeredOwner, registration } from "../support/http.ts";
import { settled } from "../support/pool-calls.ts";

type Owner = Awaited<ReturnType<typeof registeredOwner>>;

const URL_TEXT = { alphabet: "base64url", omitPadding: true } as const;

test("past the pair's budget a claimer is told when to come back, and nothing is taken", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(12));
  const bob = await claimer();
  for (let index = 0; index < 10; index++) expect((await bob.claim(owner.user)).status).toBe(200);
  const limited = await bob.claim(owner.user);
  expect([limited.status, limited.json.code]).toEqual([429, "rate_limited"]);
  const retryAfter = Number(limited.headers.get("Retry-After"));
  expect(retryAfter).toBe(1_800);
  expect(limited.json.clients).toEqual([{ client: "phone", status: "rate_limited", retry_after_seconds: retryAfter }]);
  expect((await owner.inventory())[0].available).toBe(2);
  expect((await bob.claimMany({ users: [owner.user] })).json.users).toMatchObject([{ status: "rate_limited" }]);
});

test("a thousand claimers who drain one victim get its last resort once what may leave at once is spent", async () => {
  const owner = await registeredOwner();
  await owner.publish([...owner.forgeMany(40), owner.forge({ lastResort: true })]);
  const statuses: string[] = [];
  for (let index = 0; index < 35; index++) {
    statuses.push((await (await claimer()).claim(owner.user)).json.clients[0].status);
  }
  expect(statuses).toEqual([...Array(30).fill("claimed"), ...Array(5).fill("last_resort")]);
  expect((await owner.inventory())[0].available).toBe(10);
});

test("an owner whose uploads are refused again and again is stopped before any signature is checked", async () => {
  const owner = await registeredOwner();
  const bad = owner.forge({ breakSignature: true });
  const batch = Array.from({ length: 100 }, () => bad);
  expect((await owner.publish(batch)).status).toBe(200);
  expect((await owner.publish(batch)).status).toBe(200);
  const stopped = await owner.publish(batch);
  expect([stopped.status, stopped.json.code]).toEqual([429, "refusals_exhausted"]);
  expect(Number(stopped.headers.get("Retry-After"))).toBeGreaterThan(0);
});

test.each<[string, (owner: Owner) => () => Promise<Answer>]>([
  [
    "with an init key that another package has",
    (owner) => {
      const initKey = publicKey();
      return () => owner.publish(owner.forgeMany(100, { initKey }));
    },
  ],
  [
    "as a replacement with one bad among them",
    (owner) => () => owner.replace([...owner.forgeMany(99), owner.forge({ breakSignature: true })]),
  ],
  [
    "as a replacement with one that is claimed",
    (owner) => {
      const gone = owner.forge();
      return async () => {
        await owner.publish([gone]);
        await (await claimer()).claim(owner.user);
        return owner.replace([...owner.forgeMany(99), gone]);
      };
    },
  ],
  [
    "as a replacement that the pool refuses",
    (owner) => {
      const initKey = publicKey();
      return () => owner.replace([...owner.forgeMany(98), ...owner.forgeMany(2, { initKey })]);
    },
  ],
])(
  "good packages that are sent again and again %s, and never stored, are stopped before any signature is checked",
  async (_, sending) => {
    const owner = await registeredOwner();
    const send = sending(owner);
    const verify = vi.spyOn(batchVerifier, "verifyMany");
    const codes: string[] = [];
    for (let upload = 0; upload < 5; upload++) codes.push((await send()).json.code);
    expect(codes.slice(-2)).toEqual(["refusals_exhausted", "refusals_exhausted"]);
    // Two for each package.
    expect(verify.mock.calls.flatMap(([, items]) => items).length).toBeLessThanOrEqual(3 * 200);
    verify.mockRestore();
  },
);

test("last resorts that replace each other in one upload count as stored, each of them", async () => {
  const owner = await registeredOwner();
  const codes = [];
  for (let upload = 0; upload < 11; upload++) {
    codes.push((await owner.publish(owner.forgeMany(100, { lastResort: true }))).json.code);
  }
  expect(codes).toEqual([...Array(10).fill(undefined), "uploads_exhausted"]);
});

test("what the pool knows already is told by its reference, and no signature of it is checked again", async () => {
  const owner = await registeredOwner();
  const batch = owner.forgeMany(20);
  await owner.publish(batch);
  await (await claimer()).claim(owner.user);
  const refs = [(await owner.publish(batch.slice(1, 2))).json.results[0].key_package_ref];
  await owner.as("DELETE", "/key-packages", { body: { refs } });
  const verify = vi.spyOn(batchVerifier, "verifyMany");
  const codes = (await owner.publish(batch)).json.results.map(({ code }: { code: string }) => code);
  expect(codes).toEqual(["already_claimed", "already_removed", ...Array(18).fill("duplicate")]);
  expect(verify.mock.calls.flatMap(([, items]) => items)).toEqual([]);
  const kept = await owner.as("PUT", "/key-packages", {
    body: { key_packages: batch.slice(2).map((bytes) => bytes.toBase64(URL_TEXT)) },
  });
  expect([kept.status, kept.json.inventory[0].available]).toEqual([200, 18]);
  expect(verify.mock.calls.flatMap(([, items]) => items)).toEqual([]);
  verify.mockRestore();
});

test("where there is no room no signature is checked", async () => {
  const owner = await registeredOwner();
  for (let batch = 0; batch < 2; batch++) await owner.publish(owner.forgeMany(100));
  const verify = vi.spyOn(batchVerifier, "verifyMany");
  const codes = (await owner.publish(owner.forgeMany(50))).json.results.map(({ code }: { code: string }) => code);
  expect(codes).toEqual(Array(50).fill("stock_full"));
  expect(verify.mock.calls.flatMap(([, items]) => items)).toEqual([]);
  verify.mockRestore();
});

test("a caller who asks for users who do not exist wakes no pool beyond its budget, and is told when to come back", async () => {
  const [owner, bob, carol] = [await registeredOwner(), await claimer(), await claimer()];
  await owner.publish(owner.forgeMany(3));
  await settled(poolFor(env, owner.user));
  const asked = vi.spyOn(env.POOL, "getByName");
  const nobody = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const first = await bob.claimMany({ users: nobody(100, "a") });
  expect(new Set(first.json.users.map(({ status }: { status: string }) => status))).toEqual(new Set(["unknown_user"]));
  expect(asked).toHaveBeenCalledTimes(100);
  const second = await bob.claimMany({ users: [...nobody(50, "b"), owner.user] });
  // The directory knows the owner, so bob may still reach him.
  expect(second.json.users.at(-1)).toMatchObject({ user: owner.user, status: "ok" });
  expect(second.json.users[0]).toEqual({
    user: "b-0",
    status: "rate_limited",
    clients: [],
    code: "unknown_users_exhausted",
  });
  expect(asked).toHaveBeenCalledTimes(101);
  const single = await bob.claim("c");
  expect([single.status, single.json.code]).toEqual([429, "unknown_users_exhausted"]);
  expect(Number(single.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect((await carol.claim("c")).status).toBe(404);
  asked.mockRestore();
});

test("registrations whose proofs do not hold are stopped before they are checked, and a good one is not counted", async () => {
  const user = freshName("owner");
  const bearer = await token({ user, client: "phone", scope: PUBLISH });
  const register = (body: object) => call("PUT", clientPath(user), { token: bearer, body });
  const [signer, other] = [newSigner(), newSigner()];
  const good = await registration({ user, client: "phone" }, signer);
  const { proofs } = await registration({ user, client: "phone" }, other);
  for (let index = 0; index < 3; index++) expect((await register(good)).status).toBe(index === 0 ? 201 : 200);
  const verify = vi.spyOn(batchVerifier, "verify");
  // Half of an hour's at once.
  for (let index = 0; index < 15; index++) {
    expect((await register({ ...good, proofs })).json.code).toBe("possession_unproven");
  }
  expect(verify.mock.calls.length).toBeGreaterThan(0);
  verify.mockClear();
  const stopped = await register({ ...good, proofs });
  expect([stopped.status, stopped.json.code]).toEqual([429, "registrations_exhausted"]);
  expect(Number(stopped.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(verify).not.toHaveBeenCalled();
  verify.mockRestore();
});
