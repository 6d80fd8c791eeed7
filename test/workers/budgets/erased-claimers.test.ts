/** The name of an erased claimer is in the budgets of those it claimed from, too. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { poolFor, poolName } from "../../../src/pool/address.ts";
import { ADMIN, token } from "../support/auth.ts";
import { call, claimer, registeredOwner } from "../support/http.ts";

const olga = await token({ user: "olga", client: undefined, scope: ADMIN });

const budgetsOf = (user: string) =>
  runInDurableObject(poolFor(env, user) as DurableObjectStub, (_, state) =>
    Object.keys(JSON.parse(state.storage.sql.exec<{ budgets: string }>("SELECT budgets FROM clients").one().budgets)),
  );

test("it is taken out of them, whatever was claimed, and the budgets of others stay", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(3));
  const [mallory, bob] = [await claimer(), await claimer()];
  await mallory.claim(owner.user);
  await mallory.claim(owner.user, { ciphersuites: [2] });
  await bob.claim(owner.user);
  const names = [`pair:${mallory.user}`, `miss:${mallory.user}`];
  expect(await budgetsOf(owner.user)).toEqual(expect.arrayContaining(names));
  const pool = env.POOL.idFromName(poolName(owner.user)).toString();
  const forgotten = await call("POST", `/v1/admin/pools/${pool}/forget`, {
    token: olga,
    body: { users: [mallory.user] },
  });
  expect(forgotten.json).toMatchObject({ claims: 2, clients: 1 });
  const left = await budgetsOf(owner.user);
  expect(left).toEqual(expect.arrayContaining(["target", `pair:${bob.user}`]));
  expect(left.filter((name) => names.includes(name))).toEqual([]);
});
