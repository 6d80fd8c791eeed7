/** An operator empties budgets before their time, and raises them until a time. */
import { expect, test, vi } from "vitest";
import { ADMIN, token } from "../support/auth.ts";
import { START_MS } from "../support/clock.ts";
import { type Call, call, claimer, registeredOwner } from "../support/http.ts";

const olga = await token({ user: "olga", client: undefined, scope: ADMIN });
const as = (method: string, path: string, options: Call = {}) =>
  call(method, `/v1/admin${path}`, { token: olga, ...options });
const now = START_MS / 1000;

type Claimer = Awaited<ReturnType<typeof claimer>>;

/** How many of so many claims were given a one-time package. */
async function given(bob: Claimer, user: string, claims: number): Promise<number> {
  let count = 0;
  for (let claim = 0; claim < claims; claim++) {
    if ((await bob.claim(user)).json.clients?.[0]?.status === "claimed") count += 1;
  }
  return count;
}

test("the budget of one claimer is emptied, and those of others stay", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(40));
  const [bob, carol] = [await claimer(), await claimer()];
  expect([await given(bob, owner.user, 11), await given(carol, owner.user, 11)]).toEqual([10, 10]);
  const path = `/users/${owner.user}/budgets?claimer=${bob.user}`;
  expect((await as("DELETE", path)).json).toEqual({ user: owner.user, budgets: 2 });
  expect((await bob.claim(owner.user)).json.clients[0].status).toBe("claimed");
  expect((await carol.claim(owner.user)).json.code).toBe("rate_limited");
  expect((await as("DELETE", `/users/${owner.user}/budgets?client=watch`)).json.budgets).toBe(0);
  // The two of the claimers and what may leave the client, and those of what the user uploaded and registered.
  expect((await as("DELETE", `/users/${owner.user}/budgets`)).json.budgets).toBeGreaterThan(3);
  expect((await as("GET", `/users/${owner.user}`)).json).toMatchObject({ budgets: [], clients: [{ budgets: [] }] });
  expect((await as("DELETE", "/users/nobody/budgets")).json.code).toBe("unknown_user");
});

test("raised budgets hold until their time, and a factor of one ends them", async () => {
  const owner = await registeredOwner();
  await owner.publish(owner.forgeMany(100));
  const raise = (factor: number, until: number) =>
    as("PUT", `/users/${owner.user}/budgets`, { body: { factor, until } });
  expect((await raise(2, now + 60)).json).toEqual({ user: owner.user, factor: 2, until: now + 60 });
  expect((await as("GET", `/users/${owner.user}`)).json.budgets_raised).toEqual({ factor: 2, until: now + 60 });
  expect(await given(await claimer(), owner.user, 25)).toBe(20);
  await raise(1, now + 60);
  expect(await given(await claimer(), owner.user, 15)).toBeLessThanOrEqual(10);
  await raise(2, now + 60);
  vi.setSystemTime(START_MS + 60_000);
  expect(await given(await claimer(), owner.user, 15)).toBeLessThanOrEqual(10);
  expect((await as("GET", `/users/${owner.user}`)).json.budgets_raised).toBe(null);
});

test("a factor or a time out of bounds is refused", async () => {
  const owner = await registeredOwner();
  const bodies = [
    { factor: 0, until: now + 60 },
    { factor: 101, until: now + 60 },
    { factor: 2, until: now },
    { factor: 2, until: now + 31 * 24 * 3_600 },
  ];
  for (const body of bodies) {
    expect((await as("PUT", `/users/${owner.user}/budgets`, { body })).json.code).toBe("invalid_request");
  }
});
