/** Budgets as claimers and owners meet them over HTTP, with the default numbers. */
import { expect, test } from "vitest";
import { claimer, registeredOwner } from "../support/http.ts";

test("past the pair's budget a claimer is told when to come back, and nothing is taken", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(12));
  const bob = await claimer();
  for (let index = 0; index < 10; index++) expect((await bob.claim(owner.user)).status).toBe(200);
  const limited = await bob.claim(owner.user);
  expect([limited.status, limited.json.code]).toEqual([429, "rate_limited"]);
  const retryAfter = Number(limited.headers.get("Retry-After"));
  expect(retryAfter).toBe(60);
  expect(limited.json.clients).toEqual([{ client: "phone", status: "rate_limited", retry_after_seconds: retryAfter }]);
  expect((await owner.inventory())[0].available).toBe(2);
  expect((await bob.claimMany({ users: [owner.user] })).json.users).toMatchObject([{ status: "rate_limited" }]);
});

test("a thousand claimers who drain one victim get its last resort once the hour's budget is spent", async () => {
  const owner = await registeredOwner();
  await owner.publish([...owner.forgeMany(70), owner.forge({ lastResort: true })]);
  const statuses: string[] = [];
  for (let index = 0; index < 65; index++) {
    statuses.push((await (await claimer()).claim(owner.user)).json.clients[0].status);
  }
  expect(statuses).toEqual([...Array(60).fill("claimed"), ...Array(5).fill("last_resort")]);
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
