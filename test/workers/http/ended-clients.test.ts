/** A lost device is ended by an operator or by another client of its user, and its older tokens are refused. */
import { describe, expect, it, test, vi } from "vitest";
import { OPERATIONS } from "../../../src/http/resources/all-operations.ts";
import { ADMIN, DATA, PUBLISH, REVOKE, token } from "../support/auth.ts";
import { base64url, newSigner } from "../support/forge-for-now.ts";
import { call, claimer, clientPath, registeredOwner, registration } from "../support/http.ts";
import { nowSeconds } from "../support/pool-calls.ts";

const OPERATOR = await token({ user: "olga", client: undefined, scope: ADMIN });

/** How a client is ended: by whom, and by which request. */
const ENDS: readonly (readonly [string, (user: string) => ReturnType<typeof call>])[] = [
  [
    "an operator",
    (user) => call("DELETE", `/v1/admin/users/${encodeURIComponent(user)}/clients/phone`, { token: OPERATOR }),
  ],
  [
    "a sibling",
    async (user) =>
      call("POST", `${clientPath(user)}/revocation`, { token: await token({ user, client: "tablet", scope: REVOKE }) }),
  ],
];

const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

/** Registers the phone with a token of that `iat`. */
const register = async (user: string, iat: number | undefined, scope = PUBLISH) =>
  call("PUT", clientPath(user), {
    token: await token({ user, scope, claims: iat === undefined ? {} : { iat } }),
    body: await registration({ user, client: "phone" }, newSigner()),
  });

/** The operations of a user's own clients, and the scope that each takes. */
const OWN = OPERATIONS.flatMap(({ id, method, path, access }) => {
  const scope = { publisher: PUBLISH, sibling: REVOKE, self: DATA }[access as string];
  return scope === undefined ? [] : [{ id, method, path, scope }];
});

/** Bodies of those that take one, with which they are let in. */
const BODIES: Readonly<Record<string, unknown>> = {
  publishKeyPackages: { key_packages: [] },
  replaceKeyPackages: { key_packages: [""] },
  removeKeyPackages: { all: true },
  reconcile: { digest: base64url(new Uint8Array(32)) },
};

test.each(OWN)(
  "a token from before its client was ended is refused by $id, also once the client is registered again",
  async ({ id, method, path, scope }) => {
    const owner = await registeredOwner();
    const endedAt = nowSeconds();
    await call("DELETE", `/v1/admin/users/${encodeURIComponent(owner.user)}/clients/phone`, { token: OPERATOR });
    later(60);
    expect((await register(owner.user, endedAt + 1)).status).toBe(201);
    const ask = async (iat: number) => {
      const target = path.replace("{user}", encodeURIComponent(owner.user)).replace("{client}", "phone");
      const bearer = await token({ user: owner.user, scope, claims: { iat } });
      const body = id === "registerClient" ? await registration(owner, newSigner()) : BODIES[id];
      return (await call(method, target, { token: bearer, ...(body === undefined ? {} : { body }) })).json;
    };
    expect((await ask(endedAt)).code).toBe("token_predates_revocation");
    expect((await ask(endedAt + 1)).code).not.toBe("token_predates_revocation");
  },
);

describe.each(ENDS)("a client that %s has ended", (_, end) => {
  it("is gone at once, and registers again only with a token that was issued later", async () => {
    const owner = await registeredOwner();
    await owner.publish(owner.forgeMany(2));
    const endedAt = nowSeconds();
    expect(await end(owner.user)).toMatchObject({
      status: 200,
      json: { user: owner.user, client: "phone", purged: 2 },
    });
    const bob = await claimer();
    expect((await bob.claim(owner.user)).json).toEqual({ user: owner.user, status: "none", clients: [] });
    expect((await bob.peek(owner.user)).json).toEqual({ user: owner.user, clients: [] });
    later(60);
    for (const iat of [undefined, endedAt - 3600, endedAt]) {
      const { status, json } = await register(owner.user, iat);
      expect([status, json]).toMatchObject([
        403,
        {
          code: "token_predates_revocation",
          detail: `expected a token with an iat later than ${endedAt}, when the client was ended, got an older one`,
        },
      ]);
    }
    expect((await register(owner.user, endedAt + 1)).status).toBe(201);
  });

  it("may be ended again, and must have been registered once", async () => {
    const owner = await registeredOwner();
    await end(owner.user);
    expect(await end(owner.user)).toMatchObject({ status: 200, json: { purged: 0 } });
    expect(await end("nobody-of-this-name")).toMatchObject({ status: 404, json: { code: "client_not_registered" } });
  });
});

test("every client of a user that an operator has revoked needs a new token", async () => {
  const owner = await registeredOwner();
  const endedAt = nowSeconds();
  await call("DELETE", `/v1/admin/users/${encodeURIComponent(owner.user)}`, { token: OPERATOR });
  later(60);
  expect((await register(owner.user, endedAt)).json.code).toBe("token_predates_revocation");
  expect((await register(owner.user, endedAt + 1)).status).toBe(201);
});

test("a client that revoked itself registers again with the same token", async () => {
  const owner = await registeredOwner();
  expect((await owner.as("DELETE", "")).status).toBe(200);
  expect((await owner.register()).status).toBe(201);
});

test("the scope to end siblings gives no other right", async () => {
  const owner = await registeredOwner();
  expect((await register(owner.user, nowSeconds(), REVOKE)).json.code).toBe("insufficient_scope");
  const bearer = await token({ user: owner.user, scope: REVOKE });
  expect((await call("DELETE", owner.path, { token: bearer })).json.code).toBe("insufficient_scope");
});
